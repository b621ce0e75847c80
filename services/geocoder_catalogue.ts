/** The geocoder of a service without a provider's key: it knows where the catalogue's markets and the regions are. */
import type { Region } from "../contract/catalogue.ts";
import { searchMarkets } from "./market_search.ts";
import { ADDRESSES_MAX, type Deps, type FoundAddress, type Geocoder } from "./ports.ts";
import { listRegions, regionByAddress } from "./regions.ts";
import { searchTextOf } from "./search_text.ts";

/**
 * Finds regions by their name, and markets by address or name. Of an address that is neither it knows the region alone, and
 * answers the region's middle.
 */
export function catalogueGeocoder({ sql }: Pick<Deps, "sql">): Geocoder {
  return {
    async find(q) {
      const { items: markets } = await searchMarkets({ sql }, { q, limit: ADDRESSES_MAX });
      const found = [
        ...regionsNamed(q).map(middleOf),
        ...markets.map(({ roadAddress, lat, lng, regionCode }) => placeOf({ roadAddress, lat, lng }, regionCode)),
      ];
      return (found.length > 0 ? found : regionsAround(q).map(middleOf)).slice(0, ADDRESSES_MAX);
    },
  };
}

function regionsNamed(q: string): Region[] {
  const words = searchTextOf(q).split(" ");
  return listRegions().filter(({ sido, name }) => {
    const named = searchTextOf(sido, name);
    return words.every((word) => named.includes(word));
  });
}

function regionsAround(address: string): Region[] {
  const code = regionByAddress(address);
  return listRegions().filter((region) => region.code === code);
}

function middleOf({ code, sido, name, lat, lng }: Region): FoundAddress {
  return placeOf({ roadAddress: `${sido} ${name}`, lat, lng }, code);
}

function placeOf(place: Pick<FoundAddress, "roadAddress" | "lat" | "lng">, divisionCode: string): FoundAddress {
  return { ...place, jibunAddress: "", divisionCode };
}
