/** From the providers' markets and stores to markets. */
import type { z } from "zod";
import { Lat, Lng } from "../contract/common.ts";
import type { MarketKind } from "../contract/catalogue.ts";
import { hashOf, type Judged, plainText } from "./ingest_rows.ts";
import type { SourceMarket } from "./ports.ts";
import { mendAddress, regionByAddress, regionOf, strayM } from "./regions.ts";
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
  return judgePlace(told, kindOfStore);
}

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

function judgePlace(told: SourceMarket, kindOf: (name: string, type: string) => MarketRow["kind"]): Judged<MarketRow> {
  const name = plainText(told.name, 200);
  const road = addressOf(told.roadAddress), jibun = addressOf(told.jibunAddress);
  const address = road ?? jibun;
  const key = plainText(told.number, 100) ?? (name && address ? `${name}, ${address}` : null);
  if (key !== null && !told.isOpen) return { key, outOfUse: true };
  if (key === null || name === null) return { key, reason: name === null ? "no name" : "no address" };
  if (address === null) return { key, reason: "no address" };
  const { lat, lng } = told;
  if (lat === null || lng === null) return { key, reason: "no coordinates" };
  const wrong = judgePoint(lat, lng, address);
  if (wrong) return { key, reason: wrong };
  const region_code = regionByAddress(address) ?? regionByAddress(jibun ?? "") ??
    regionOf({ roadAddress: address, lat, lng });
  return { key, row: marketRow({ name, kind: kindOf(name, told.type), road_address: address, lat, lng, region_code }) };
}

function addressOf(text: string): string | null {
  const address = plainText(text, 200);
  return address === null ? null : mendAddress(address);
}

/** Places lie within the box of their region: farther than this outside it, address and point are not of the same place. */
const STRAY_M_MAX = 20_000;

function judgePoint(lat: number, lng: number, address: string): string | null {
  if (lat === 0 || lng === 0) return "coordinates are zero";
  if (!isInKorea(lat, lng)) return isInKorea(lng, lat) ? "coordinates are swapped" : "coordinates lie outside Korea";
  if (strayM({ roadAddress: address, lat, lng }) > STRAY_M_MAX) return "coordinates contradict the address";
  return null;
}

function isInKorea(lat: number, lng: number): boolean {
  return Lat.safeParse(lat).success && Lng.safeParse(lng).success;
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
