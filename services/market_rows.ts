/** From the providers' markets and stores to markets. */
import type { z } from "zod";
import type { MarketKind } from "../contract/catalogue.ts";
import { hashOf, type Judged, plainText } from "./ingest_rows.ts";
import type { SourceMarket } from "./ports.ts";
import { isPlaced, mendAddress, regionByAddress, regionOf, strayM } from "./regions.ts";
import { searchTextOf } from "./search_text.ts";

/** A market as the catalogue keeps it; the names are those of the table's columns. */
export interface MarketRow {
  name: string;
  kind: z.infer<typeof MarketKind>;
  road_address: string;
  lat: number;
  lng: number;
  region_code: string;
  search_text: string;
  row_hash: string;
}

/** Judges a row of the traditional markets. They have no number of their own: name and address are the key. */
export function judgeMarket(told: SourceMarket): Judged<MarketRow> {
  return judgePlace(told, () => "traditional");
}

/** Judges a row of the store permits: only open ones. The key is the permit's number; without one, name and address. */
export function judgeStore(told: SourceMarket): Judged<MarketRow> {
  return judgePlace(told, kindOfStore, CAPITAL_AREA);
}

/** Seoul and Gyeonggi, whose permits these are. Some addresses name no region, and then only this tells a wrong point. */
const CAPITAL_AREA = { name: "the capital area", minLat: 36.8, maxLat: 38.4, minLng: 126.2, maxLng: 128 };

/** All of the country, its waters and islands. */
const KOREA = { name: "Korea", minLat: 32, maxLat: 40, minLng: 123, maxLng: 133 };

/** Completes a market with what searches need. Coordinates are kept to a centimetre. */
export function marketRow(
  market: Pick<MarketRow, "name" | "kind" | "road_address" | "lat" | "lng" | "region_code">,
): MarketRow {
  const row = {
    ...market,
    lat: roundDegrees(market.lat),
    lng: roundDegrees(market.lng),
    search_text: searchTextOf(market.name, market.road_address),
  };
  return { ...row, row_hash: hashOf(row) };
}

function judgePlace(
  told: SourceMarket,
  kindOf: (name: string, type: string) => MarketRow["kind"],
  area = KOREA,
): Judged<MarketRow> {
  const name = plainText(told.name, 200);
  const road = addressOf(told.roadAddress), jibun = addressOf(told.jibunAddress);
  const address = road ?? jibun;
  const key = plainText(told.number, 100) ?? (name && address ? `${name}, ${address}` : null);
  if (key !== null && !told.isOpen) return { key, outOfUse: true };
  if (key === null || name === null) return { key, reason: name === null ? "no name" : "no address" };
  if (address === null) return { key, reason: "no address" };
  if (told.lat === null || told.lng === null) return { key, reason: "no coordinates" };
  // No place of Korea is one with its degrees swapped: there is one way to read them.
  const isSwapped = isWithin(area, told.lng, told.lat);
  const [lat, lng] = isSwapped ? [told.lng, told.lat] : [told.lat, told.lng];
  const wrong = judgePoint(lat, lng, address, area);
  if (wrong) return { key, reason: isSwapped ? `${wrong}, swapped or not` : wrong };
  const region_code = regionByAddress(address) ?? regionByAddress(jibun ?? "") ??
    regionOf({ roadAddress: address, lat, lng });
  const row = marketRow({ name, kind: kindOf(name, told.type), road_address: address, lat, lng, region_code });
  return { key, row, isCorrected: isSwapped };
}

function addressOf(text: string): string | null {
  const address = plainText(text, 200);
  return address === null ? null : mendAddress(address);
}

/** Places lie within the box of their region: farther than this outside it, address and point are not of the same place. */
const STRAY_M_MAX = 20_000;

function judgePoint(lat: number, lng: number, address: string, area: typeof KOREA): string | null {
  if (lat === 0 || lng === 0) return "coordinates are zero";
  if (!isWithin(area, lat, lng)) return `coordinates lie outside ${area.name}`;
  if (strayM({ roadAddress: address, lat, lng }) > STRAY_M_MAX) return "coordinates contradict the address";
  if (!isPlaced({ roadAddress: address, lat, lng })) return "no region: the address names none, the point is in none";
  return null;
}

function isWithin(area: typeof KOREA, lat: number, lng: number): boolean {
  return lat >= area.minLat && lat <= area.maxLat && lng >= area.minLng && lng <= area.maxLng;
}

/** Seven decimals are a centimetre: beyond them conversions differ between machines, and rows would seem to change. */
function roundDegrees(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}

/** Chains that sell groceries, as the permits write them. */
const GROCER =
  /이마트|에브리데이|트레이더스|홈플러스|롯데\s*마트|롯데\s*슈퍼|롯데\s*(프레시|프레쉬|fresh)|롯데마켓|마그넷|코스트코|하나로|농협|gs\s*(the|더|수퍼|슈퍼)|지에스|더\s*프레시|노브랜드|킴스클럽|세이브존|수퍼|슈퍼|마트(?!리)/i;

function kindOfStore(name: string, type: string): MarketRow["kind"] {
  const isElectronics = /하이마트|테크노|전자/.test(name);
  if (type === "대형마트" || (GROCER.test(name) && !isElectronics)) return "mart";
  // 준대규모점포, the chains' smaller shops, are permitted without a kind.
  if (type === "구분없음") return "mart";
  return type === "시장" || /시장$|시장\s*\(/.test(name) ? "traditional" : "other";
}
