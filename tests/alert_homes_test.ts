/** Whom a favourite item reaches: everyone at home within 10 km, wherever in Korea, and wherever they have moved to. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import type { EventPayload } from "../contract/events.ts";
import { favorItem } from "../services/favorites.ts";
import { distanceM } from "../services/geo.ts";
import { FAVORITE_REACH_M, recipientsOf } from "../services/recipients.ts";
import { addParty, addPeople, favourItem, type PlainParty } from "./alert_world.ts";
import { CITY_HALL, poll, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

/** Who would hear of the party if it were opened now. */
async function reached(party: PlainParty): Promise<string[]> {
  const payload = { itemId: party.itemId, marketId: party.marketId, actorId: party.leaderId } as EventPayload;
  const event = { partyId: party.id, eventId: v7(), type: "party.created" as const, payload };
  return (await recipientsOf(service, [event]))[0]!.map(({ userId }) => userId);
}

/** Korea's outermost ground: Marado, the north of Goseong, Baengnyeongdo, Dokdo. */
const KOREA = { south: 33.11, north: 38.62, west: 124.6, east: 131.88 };

Deno.test("A favourite item reaches exactly those at home within 10 km by haversine, anywhere in Korea and in every direction", async () => {
  const place = fc.record({
    lat: fc.oneof(
      fc.double({ min: KOREA.south, max: KOREA.north, noNaN: true }),
      fc.constantFrom(KOREA.south, KOREA.north),
    ),
    lng: fc.oneof(
      fc.double({ min: KOREA.west, max: KOREA.east, noNaN: true }),
      fc.constantFrom(KOREA.west, KOREA.east),
    ),
  });
  const home = fc.record({
    bearing: fc.oneof(fc.double({ min: 0, max: 360, noNaN: true }), fc.constantFrom(0, 90, 180, 270, 89.96, 270.04)),
    m: fc.oneof(
      fc.double({ min: 0, max: 15_000, noNaN: true }),
      fc.double({ min: 9_999.9, max: 10_000.1, noNaN: true }),
    ),
  });
  const world = fc.record({ place, homes: fc.array(home, { minLength: 5, maxLength: 40 }) });
  const check = fc.asyncProperty(world, async ({ place, homes }) => {
    const [leader] = await addPeople(service, 1);
    const party = await addParty(service, leader!.id, place);
    const people = await Promise.all(homes.map(async ({ bearing, m }) => {
      const at = awayFrom(place, bearing, m);
      const [person] = await addPeople(service, 1, { home: at });
      return { ...person!, at };
    }));
    await favourItem(service, party, people);
    const near = people.filter(({ at }) => distanceM(at, place) <= FAVORITE_REACH_M).map(({ id }) => id);
    assert.deepEqual(await reached(party), near.toSorted());
  });
  await fc.assert(check, { numRuns: 40 });
});

Deno.test("A favourite follows its person's home: moved, given up, found again, and gone with a withdrawal", async () => {
  const [leader] = await addPeople(service, 1), person = await signUp(service);
  const party = await addParty(service, leader!.id);
  await favourItem(service, party, [person]);
  const far = { roadAddress: "부산 중구", lat: 35.1, lng: 129.03 };
  const change = async (body: unknown) => {
    const { status } = await service.call("PATCH", "/api/me", { token: person.token, body });
    assert.equal(status, 200);
    return await reached(party);
  };
  assert.deepEqual(await reached(party), [person.id]);
  assert.deepEqual(await change({ home: far }), []);
  assert.deepEqual(await change({ home: { ...far, ...CITY_HALL } }), [person.id]);
  assert.deepEqual(await change({ home: null }), []);
  assert.deepEqual(await change({ home: { ...far, ...CITY_HALL } }), [person.id]);
  const withdrawn = await service.call("DELETE", "/api/me", {
    token: person.token,
    body: { password: person.password },
  });
  assert.equal(withdrawn.status, 204);
  assert.deepEqual(await reached(party), []);
});

Deno.test("A favourite made while its person moves has the home that they move to", async () => {
  const [person] = await addPeople(service, 1), party = await addParty(service, person!.id);
  const { sql, deps } = service;
  let favouring: Promise<void> | undefined;
  await sql.begin(async (tx) => {
    await tx`update users set home_lat = 35.1, home_lng = 129.03 where id = ${person!.id}`;
    // By SQL alone, as well as through the service, which takes a lock of its own.
    favouring = Promise.all([
      favourItem(service, party, [person!]),
      favorItem(deps, person!.id, (await addParty(service, person!.id)).itemId),
    ]).then(() => {});
    await poll(async () => {
      const [row] = await sql<{ waiting: number }[]>`
        select count(*)::int as waiting
        from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return row!.waiting === 2;
    });
  });
  await favouring;
  const homes = await sql`select distinct home_lat, home_lng from favorite_items where user_id = ${person!.id}`;
  assert.deepEqual(homes.map((row) => ({ ...row })), [{ home_lat: 35.1, home_lng: 129.03 }]);
});

/** The place so many metres away in a direction, on the globe of the haversine. */
function awayFrom({ lat, lng }: { lat: number; lng: number }, bearing: number, m: number) {
  const rad = Math.PI / 180, angle = m / 6_371_008.8, from = lat * rad, way = bearing * rad;
  const to = Math.asin(Math.sin(from) * Math.cos(angle) + Math.cos(from) * Math.sin(angle) * Math.cos(way));
  const turn = Math.atan2(
    Math.sin(way) * Math.sin(angle) * Math.cos(from),
    Math.cos(angle) - Math.sin(from) * Math.sin(to),
  );
  return { lat: to / rad, lng: lng + turn / rad };
}
