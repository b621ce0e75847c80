/** Distances on the globe. The only file that knows turf. */
import { booleanPointInPolygon } from "@turf/boolean-point-in-polygon";
import { distance } from "@turf/distance";
import { earthRadius, point, polygon } from "@turf/helpers";

/** A place in WGS84 degrees. */
export interface Point {
  lat: number;
  lng: number;
}

/** The radius that PostgreSQL's earthdistance gives its globe (`select earth()`), in metres. */
const EARTHDISTANCE_RADIUS_M = 6_378_168;

/** Great-circle distance in metres by turf's haversine; `haversine_m` in SQL agrees to less than a millimetre. */
export function distanceM(a: Point, b: Point): number {
  return distance(point([a.lng, a.lat]), point([b.lng, b.lat]), { units: "meters" });
}

/** Whether a place lies within an outline or on it: its rings closed, of `[lng, lat]`, the outer one first, then its holes. */
export function isInside({ lng, lat }: Point, rings: [number, number][][]): boolean {
  return booleanPointInPolygon([lng, lat], polygon(rings));
}

/** A distance as answers show it: to a tenth of a metre. */
export function shownDistanceM(a: Point, b: Point): number {
  return Math.round(distanceM(a, b) * 10) / 10;
}

/**
 * What to give `cube_enlarge` around `ll_to_earth(lat, lng)` so that the box holds every point within `radiusM` as
 * {@link distanceM} counts it: the straight line through earthdistance's globe that belongs to the angle which `radiusM`
 * spans on turf's, and a metre to spare. The box holds more than the circle: the distance still has to decide.
 */
export function chordM(radiusM: number): number {
  return 2 * EARTHDISTANCE_RADIUS_M * Math.sin(radiusM / (2 * earthRadius)) + 1;
}

/**
 * The angle that `radiusM` spans on turf's globe, in radians, and a millionth more. The circle around a place lies within so
 * much of its latitude, and within `asin(sin(angle) / cos(latitude))` of its longitude, unless it holds a pole.
 */
export function wideAngle(radiusM: number): number {
  return radiusM / earthRadius * (1 + 1e-6);
}
