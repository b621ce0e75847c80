/** Where "nearby" is: the person's home, else where they said once that they are. */
import { signal } from "@preact/signals";
import { findHere, whyNotHere } from "../here.ts";
import type { Point } from "../map/lazy_map.tsx";
import { me } from "../session.ts";
import { t } from "../words.ts";

/** Where this browser said that it is, after a tap. Kept until the page is left, and sent only with a search. */
const here = signal<Point | null>(null);

/** The middle of what is nearby, and what to call it. */
export interface Place extends Point {
  name: string;
}

/** The home first; `null` when neither is known. */
export function nearbyPlace(): Place | null {
  const home = me.value?.home;
  if (home) return { lat: home.lat, lng: home.lng, name: home.roadAddress };
  return here.value && { ...here.value, name: t("현재 위치", "Where you are") };
}

/** Asks the browser for the position, this once. Answers what went wrong, in words, or nothing. */
export async function locate(): Promise<string | undefined> {
  const found = await findHere();
  if (typeof found === "string") return whyNotHere(found);
  here.value = { lat: rounded(found.lat), lng: rounded(found.lng) };
  return undefined;
}

/** To some ten metres: nothing here is found better by more. */
function rounded(degrees: number): number {
  return Math.round(degrees * 1e4) / 1e4;
}
