/**
 * Outlines of the 시군구, by the codes of the 2024 division. The table (outlines.json, made by tools/outlines.ts) has for each
 * its polygons, of each its rings, of each its first point and the steps to the next ones, in ten thousandths of a degree.
 */
import { isInside, type Point } from "./geo.ts";
import table from "./outlines.json" with { type: "json" };

interface Outline {
  code: string;
  rings: [number, number][][];
  box: { minLng: number; minLat: number; maxLng: number; maxLat: number };
}

const DEGREE = 1e4;

let outlines: Outline[] | undefined;

/** The code of the 2024 region around a point; `null` at sea and abroad. Simplified: along borders good to some 100 m. */
export function outlineAround(point: Point): string | null {
  outlines ??= Object.entries(table as Record<string, number[][][]>).flatMap(([code, polygons]) =>
    polygons.map((rings) => outlineOf(code, rings.map(walk)))
  );
  return outlines.find(({ box, rings }) => isInBox(point, box) && isInside(point, rings))?.code ?? null;
}

function outlineOf(code: string, rings: [number, number][][]): Outline {
  const outer = rings[0]!, lngs = outer.map(([lng]) => lng), lats = outer.map(([, lat]) => lat);
  const box = {
    minLng: Math.min(...lngs),
    minLat: Math.min(...lats),
    maxLng: Math.max(...lngs),
    maxLat: Math.max(...lats),
  };
  return { code, rings, box };
}

function walk(steps: number[]): [number, number][] {
  let lng = 0, lat = 0;
  return Array.from({ length: steps.length / 2 }, (_, i) => {
    lng += steps[2 * i]!;
    lat += steps[2 * i + 1]!;
    return [lng / DEGREE, lat / DEGREE];
  });
}

function isInBox({ lat, lng }: Point, { minLng, minLat, maxLng, maxLat }: Outline["box"]): boolean {
  return lng >= minLng && lng <= maxLng && lat >= minLat && lat <= maxLat;
}
