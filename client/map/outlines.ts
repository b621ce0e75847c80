/**
 * The country without tiles: outlines of its regions, from a file of the service's own. It has for each region its polygons, of
 * each its rings, of each its first point and the steps to the next ones, in ten thousandths of a degree.
 */
import * as L from "leaflet";
import { showNear } from "./near.ts";
import { metaContent, readOnce, whenRead } from "./reading.ts";

/** Draws the regions around the view. */
export function showOutlines(map: L.Map): void {
  const isIn = ({ bounds }: Outline, view: L.LatLngBounds) => view.intersects(bounds);
  whenRead(map, readOutlines(), (things) => showNear(map, { things, isIn, draw: polygonOf }));
}

interface Outline {
  polygons: [number, number][][][];
  bounds: L.LatLngBounds;
}

const readOutlines = readOnce(async () => {
  const answer = await fetch(metaContent("map-outlines"));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return Object.values(await answer.json() as Record<string, number[][][]>).map(outlineOf);
});

function outlineOf(steps: number[][][]): Outline {
  const polygons = steps.map((rings) => rings.map(walk));
  return { polygons, bounds: L.latLngBounds(polygons.flatMap(([outer]) => outer!)) };
}

const DEGREE = 1e4;

function walk(steps: number[]): [number, number][] {
  let lat = 0, lng = 0;
  return Array.from({ length: steps.length / 2 }, (_, i) => {
    lng += steps[2 * i]!;
    lat += steps[2 * i + 1]!;
    return [lat / DEGREE, lng / DEGREE];
  });
}

/** Beneath the circle, which may be there before. */
function polygonOf({ polygons }: Outline): L.Polygon {
  const polygon = L.polygon(polygons, { className: "map-outline", interactive: false });
  return polygon.on("add", () => void polygon.bringToBack());
}
