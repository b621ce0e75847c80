/** Distances: turf and SQL agree, and the index's candidates hold the whole circle. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { chordM, distanceM } from "../services/geo.ts";
import { testService } from "./set_up.ts";

const service = testService();

const inKorea = fc.record({
  lat: fc.double({ min: 32, max: 40, noNaN: true }),
  lng: fc.double({ min: 123, max: 133, noNaN: true }),
});

/** Where due north and due east are along the edges of the box: nowhere is it tighter. */
const onAxis = fc.constantFrom({ lat: 0, lng: 0 }, { lat: 0, lng: 90 }, { lat: 0, lng: -90 });

Deno.test("haversine_m in SQL equals turf's distance to less than a millimetre", async () => {
  const pairs = fc.sample(fc.record({ a: inKorea, b: inKorea }), 2000);
  const near = fc.sample(inKorea, 500).map((a) => ({ a, b: { lat: a.lat + 1e-5, lng: a.lng - 1e-5 } }));
  const same = fc.sample(inKorea, 50).map((a) => ({ a, b: a }));
  const all = [...pairs, ...near, ...same];
  const rows = await service.sql<{ distanceM: number }[]>`
    select haversine_m(a_lat, a_lng, b_lat, b_lng) as "distanceM"
    from unnest(${all.map(({ a }) => a.lat)}::float8[], ${all.map(({ a }) => a.lng)}::float8[],
      ${all.map(({ b }) => b.lat)}::float8[], ${all.map(({ b }) => b.lng)}::float8[])
      with ordinality as pair (a_lat, a_lng, b_lat, b_lng, n)
    order by n`;
  assert.equal(rows.length, all.length);
  all.forEach(({ a, b }, i) => {
    const off = Math.abs(distanceM(a, b) - rows[i]!.distanceM);
    assert.ok(off < 0.001, `${off} m off between ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
  });
});

Deno.test("the index's box holds every point within the radius, and hardly any beyond its corners", async () => {
  const probes = fc.sample(
    fc.record({
      origin: fc.oneof(inKorea, onAxis),
      radiusM: fc.integer({ min: 100, max: 50_000 }),
      bearing: fc.oneof(fc.constantFrom(0, Math.PI / 2, Math.PI), fc.double({ min: 0, max: 2 * Math.PI, noNaN: true })),
      // Most of them at the very rim, where a wrong radius would show.
      share: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    3000,
  ).map(({ origin, radiusM, bearing, share }) => ({
    origin,
    radiusM,
    point: atRim(origin, radiusM * share, bearing),
    beyond: atRim(origin, radiusM * 1.8, bearing),
  }));
  for (const { origin, radiusM, point } of probes) assert.ok(distanceM(origin, point) <= radiusM);
  const isInBox = (points: { lat: number; lng: number }[]) =>
    service.sql<{ isInside: boolean }[]>`
      select cube_enlarge(ll_to_earth(o_lat, o_lng), chord, 3) @> ll_to_earth(lat, lng) as "isInside"
      from unnest(${probes.map(({ origin }) => origin.lat)}::float8[], ${
      probes.map(({ origin }) => origin.lng)
    }::float8[],
        ${probes.map(({ radiusM }) => chordM(radiusM))}::float8[],
        ${points.map(({ lat }) => lat)}::float8[], ${points.map(({ lng }) => lng)}::float8[])
        with ordinality as probe (o_lat, o_lng, chord, lat, lng, n)
      order by n`;
  const inside = await isInBox(probes.map(({ point }) => point));
  inside.forEach(({ isInside }, i) => assert.ok(isInside, `${JSON.stringify(probes[i])} is left out`));
  const beyond = await isInBox(probes.map(({ beyond }) => beyond));
  assert.ok(
    beyond.every(({ isInside }) => !isInside),
    "a point at 1.8 radii is taken: the box is larger than it need be",
  );
});

Deno.test("chordM makes up for the globe that earthdistance assumes", async () => {
  const [globe] = await service.sql<{ radiusM: number }[]>`select earth() as "radiusM"`;
  // The straight line to a point at exactly 10 km, as the index measures it.
  const origin = { lat: 37.5663, lng: 126.9779 }, point = atRim(origin, 10_000, 1);
  const [line] = await service.sql<{ chordM: number }[]>`
    select ll_to_earth(${origin.lat}, ${origin.lng}) <-> ll_to_earth(${point.lat}, ${point.lng}) as "chordM"`;
  assert.equal(globe!.radiusM, 6_378_168);
  assert.ok(line!.chordM > 10_000, "else no enlargement would be needed");
  const spareM = chordM(10_000) - line!.chordM;
  assert.ok(spareM > 0.99 && spareM < 1.01, `${spareM} m to spare`);
});

type Place = { lat: number; lng: number };

/** The point at a distance and bearing (radians), moved in by as little as it takes for turf to count it within. */
function atRim(origin: Place, distance: number, bearing: number): Place {
  for (let inwards = 0; inwards < distance; inwards = 2 * inwards || 1e-9) {
    const point = atDistance(origin, distance - inwards, bearing);
    if (distanceM(origin, point) <= distance) return point;
  }
  return origin;
}

/** The point at a distance and bearing, by the formula for a sphere. */
function atDistance(origin: Place, distance: number, bearing: number): Place {
  const angle = distance / 6_371_008.8, lat = origin.lat * Math.PI / 180, lng = origin.lng * Math.PI / 180;
  const toLat = Math.asin(Math.sin(lat) * Math.cos(angle) + Math.cos(lat) * Math.sin(angle) * Math.cos(bearing));
  const toLng = lng +
    Math.atan2(
      Math.sin(bearing) * Math.sin(angle) * Math.cos(lat),
      Math.cos(angle) - Math.sin(lat) * Math.sin(toLat),
    );
  return { lat: toLat * 180 / Math.PI, lng: toLng * 180 / Math.PI };
}
