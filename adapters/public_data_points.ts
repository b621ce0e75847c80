/** Coordinates of the municipal permits. */
import proj4 from "proj4";

/** EPSG:5174, the Bessel grid of central Korea, with the datum shift that lands within 10 m of the true places (median). */
const EPSG_5174 =
  "+proj=tmerc +lat_0=38 +lon_0=127.0028902777778 +k=1 +x_0=200000 +y_0=500000 +ellps=bessel +units=m " +
  "+towgs84=-146.43,507.89,681.46";

const grid = proj4(EPSG_5174, "WGS84");

/** WGS84 degrees of a point in EPSG:5174 metres. What is missing stays missing, and zero zero: neither is a place. */
export function wgs84Of(x: number | null, y: number | null): { lat: number | null; lng: number | null } {
  if (x === null || y === null) return { lat: null, lng: null };
  if (x === 0 || y === 0) return { lat: 0, lng: 0 };
  const [lng, lat] = grid.forward([x, y]);
  return { lat: lat!, lng: lng! };
}
