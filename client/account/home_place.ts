/** The home: a place, and how it is kept. */
import type { Region } from "../../contract/catalogue.ts";
import type { Me } from "../../contract/identity.ts";
import type { Point } from "../map/lazy_map.tsx";
import { call, learn } from "../session.ts";

/** A place that may become the home; without an address, one that the device or a tap on the map gave. */
export interface PlaceDraft extends Point {
  from: "home" | "search" | "device" | "map";
  roadAddress?: string;
}

/** A name that names no region, so that the point decides in which one it lies. */
const UNNAMED = "지도에서 고른 곳";

/** Makes the place the home; one without an address is called by the region that the service finds it in. Throws a Refusal. */
export async function settle({ lat, lng, roadAddress }: PlaceDraft): Promise<void> {
  const { home } = await changeHome({ lat, lng, roadAddress: roadAddress ?? UNNAMED });
  if (roadAddress || !home) return;
  const regions = await call<Region[]>("GET", "/api/regions");
  const region = regions.find(({ code }) => code === home.regionCode);
  if (region) await changeHome({ lat, lng, roadAddress: `${region.sido} ${region.name}` });
}

/** Has the service forget it. Throws a Refusal. */
export async function forgetHome(): Promise<void> {
  await changeHome(null);
}

async function changeHome(home: Point & { roadAddress: string } | null): Promise<Me> {
  const user = await call<Me>("PATCH", "/api/me", { body: { home } });
  learn(user);
  return user;
}
