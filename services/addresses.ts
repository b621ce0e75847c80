/** Addresses as people type them, and where they are. */
import { z } from "zod";
import { Address } from "../contract/catalogue.ts";
import type { Cache, Deps, FoundAddress, Log } from "./ports.ts";
import { currentRegionCode, regionByAddress, regionOf } from "./regions.ts";
import { searchTextOf } from "./search_text.ts";
import { sha256 } from "./secrets.ts";

/** Long enough for somebody who corrects what they typed; providers allow no storing. */
const KEPT_S = 60;

const Kept = z.array(Address);

/** The places of an address or a place's name, best first, each once. Throws `unavailable` when the geocoder is down. */
export async function findAddresses(
  { geocoder, cache, log }: Pick<Deps, "geocoder" | "cache" | "log">,
  q: string,
): Promise<Address[]> {
  const text = searchTextOf(q);
  // What people look for is where they live: it stands in no store in the clear.
  const key = `addresses:${(await sha256(text)).toHex()}`;
  const kept = await readKept({ cache, log }, key);
  if (kept) return kept;
  const found = await geocoder.find(text);
  const addresses = eachOnce(found).map(toAddress);
  await cache.set(key, JSON.stringify(addresses), KEPT_S).catch((error) => log.debug("addresses not kept", { error }));
  return addresses;
}

async function readKept({ cache, log }: { cache: Cache; log: Log }, key: string): Promise<Address[] | null> {
  const text = await cache.get(key).catch((error) => {
    log.debug("kept addresses not read", { error });
    return null;
  });
  // What another version of the service kept may look otherwise: then it is asked for again.
  return text === null ? null : Kept.safeParse(JSON.parse(text)).data ?? null;
}

/** A place's name may be that of every shop in one building. */
function eachOnce(found: FoundAddress[]): FoundAddress[] {
  const first = new Map(found.toReversed().map((place) => [place.roadAddress, place]));
  return found.filter((place) => first.get(place.roadAddress) === place);
}

function toAddress({ divisionCode, ...place }: FoundAddress): Address {
  return { ...place, regionCode: regionOfFound({ divisionCode, ...place }) };
}

/** A code of today is the last word. A former region may have been cut up since: which part it is the address tells. */
function regionOfFound({ divisionCode: code, jibunAddress, ...place }: FoundAddress): string {
  const isCurrent = code !== null && currentRegionCode(code) === code;
  return isCurrent ? code : regionByAddress(jibunAddress) ?? regionOf(place);
}
