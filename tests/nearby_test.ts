/** GET /api/parties: joinable parties around a point, against a brute-force haversine over all of them. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { addItem, addMarket, assertProblem, openParty, signUp } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";

const service = testService();
const [leader] = testPeople(service, 1);

/** A point of its own, far from every other test's. */
let spots = 0;
const spot = () => ({ lat: 33.2 + 0.6 * ++spots, lng: 128 });
/** About `metres` to the north. */
const north = ({ lat, lng }: { lat: number; lng: number }, metres: number) => ({ lat: lat + metres / 111_195.08, lng });

const search = async (query: Record<string, string | number>, token?: string) => {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const answer = await service.call("GET", `/api/parties?${text}`, token ? { token } : {});
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};
const idsOf = (page: { items: { id: string }[] }) => page.items.map((party) => party.id);
const at = async (place: { lat: number; lng: number }, more: Record<string, unknown> = {}) =>
  await openParty(service, leader, { marketId: (await addMarket(service, place)).id, ...more });

Deno.test("nearby shows parties within the radius, nearest first, with their distance", async () => {
  const here = spot();
  const [far, near, outside] = [
    await at(north(here, 9_990)),
    await at(north(here, 500)),
    await at(north(here, 10_010)),
  ];
  const page = await search(here);
  assert.deepEqual(idsOf(page), [near.id, far.id]);
  assert.ok(Math.abs(page.items[0].distanceM - 500) < 1 && Math.abs(page.items[1].distanceM - 9_990) < 1);
  assert.deepEqual(idsOf(await search({ ...here, radiusM: 10_020 })), [near.id, far.id, outside.id]);
  assert.deepEqual(idsOf(await search({ ...here, radiusM: 499 })), []);
  assert.deepEqual(idsOf(await search({ ...here, radiusM: 501 })), [near.id]);
});

Deno.test("nearby shows only what can still be joined", async () => {
  const here = spot();
  const open = await at(here);
  const closed = await at(here), full = await at(here, { leaderQuantity: 10_000 });
  const cancelled = await at(here), late = await at(here);
  const place = await openParty(service, leader, {
    place: { name: "놀이터", roadAddress: "경상북도 울진군", ...here },
  });
  const { token } = leader;
  assert.deepEqual(
    new Set(idsOf(await search(here))),
    new Set([open, closed, cancelled, late, place].map((p) => p.id)),
  );
  await service.call("POST", `/api/parties/${closed.id}/confirm`, { token });
  await service.call("POST", `/api/parties/${cancelled.id}/cancel`, { token });
  await service.call("POST", `/api/parties/${place.id}/cancel`, { token });
  await service.sql`update parties set join_until = now() - interval '1 second' where id = ${late.id}`;
  for (const sort of ["distance", "startsAt", "newest"]) {
    assert.deepEqual(idsOf(await search({ ...here, sort })), [open.id], sort);
  }
  assert.ok(full.id);
});

Deno.test("nearby filters by item, by market and by text", async () => {
  const here = spot();
  const onion = await addItem(service, { name: "양파" }), egg = await addItem(service, { name: "달걀" });
  const [first, second] = [await addMarket(service, { ...here, name: "가 마트" }), await addMarket(service, here)];
  const parties = [
    await openParty(service, leader, { itemId: onion.id, marketId: first.id }),
    await openParty(service, leader, { itemId: egg.id, marketId: first.id }),
    await openParty(service, leader, { itemId: onion.id, marketId: second.id, title: "햇양파 100% 나눔" }),
  ];
  const idSet = async (query: Record<string, string>) => idsOf(await search({ ...here, ...query })).toSorted();
  const expected = (...indexes: number[]) => indexes.map((i) => parties[i]!.id).toSorted();
  assert.deepEqual(await idSet({ itemId: onion.id }), expected(0, 2));
  assert.deepEqual(await idSet({ marketId: first.id }), expected(0, 1));
  assert.deepEqual(await idSet({ itemId: onion.id, marketId: second.id }), expected(2));
  assert.deepEqual(await idSet({ q: "양파" }), expected(0, 2));
  assert.deepEqual(await idSet({ q: "가 마트" }), expected(0, 1));
  assert.deepEqual(await idSet({ q: "100%" }), expected(2));
  assert.deepEqual(await idSet({ q: "1_0" }), []);
  assert.deepEqual(await idSet({ marketId: v7() }), []);
});

Deno.test("nearby sorts by start and by age when asked", async () => {
  const here = spot();
  const hour = 3600_000, now = service.clock.now().getTime();
  const times = (startsIn: number) => ({
    startsAt: new Date(now + startsIn * hour).toISOString(),
    endsAt: new Date(now + (startsIn + 1) * hour).toISOString(),
  });
  const third = await at(here, times(30)), first = await at(north(here, 900), times(10));
  const second = await at(north(here, 50), times(20));
  assert.deepEqual(idsOf(await search({ ...here, sort: "startsAt" })), [first.id, second.id, third.id]);
  assert.deepEqual(idsOf(await search({ ...here, sort: "newest" })), [second.id, first.id, third.id]);
});

Deno.test("nearby begins at the caller's home when no point is given, and needs one of the two", async () => {
  const here = spot();
  const [settled, homeless] = await Promise.all([
    signUp(service, { home: north(here, 100) }),
    signUp(service, { home: null }),
  ]);
  const party = await at(here);
  assert.deepEqual(idsOf(await search({}, settled.token)), [party.id]);
  assertProblem(await service.call("GET", "/api/parties"), 422, "location-required");
  assertProblem(await service.call("GET", "/api/parties", { token: homeless.token }), 422, "location-required");
});

Deno.test("nearby names each wrong parameter", async () => {
  const wrong: [string, string][] = [
    ["lat=37", "/query/lng"],
    ["lng=127", "/query/lat"],
    ["lat=91&lng=0", "/query/lat"],
    ["lat=x&lng=0", "/query/lat"],
    ["lat=37&lng=127&radiusM=99", "/query/radiusM"],
    ["lat=37&lng=127&radiusM=50001", "/query/radiusM"],
    ["lat=37&lng=127&itemId=1", "/query/itemId"],
    ["lat=37&lng=127&sort=price", "/query/sort"],
    ["lat=37&lng=127&limit=0", "/query/limit"],
    ["lat=37&lng=127&cursor=x", "/query/cursor"],
    ["lat=37&lng=127&sort=newest&cursor=WzFd", "/query/cursor"],
  ];
  for (const [query, pointer] of wrong) {
    assertProblem(await service.call("GET", `/api/parties?${query}`), 422, "invalid-input", pointer);
  }
  const bad = await service.call("GET", "/api/parties?lat=37&lng=127", { token: "not.a.token" });
  assertProblem(bad, 401, "unauthenticated");
});

Deno.test("pages of every order neither repeat nor skip, also when distances and times are the same", async () => {
  const here = spot();
  const market = await addMarket(service, here), twin = await addMarket(service, here);
  const item = await addItem(service);
  const opened = [];
  for (let i = 0; i < 23; i++) {
    opened.push(await openParty(service, leader, { marketId: i % 3 ? market.id : twin.id, itemId: item.id }));
  }
  for (const sort of ["distance", "startsAt", "newest"]) {
    for (const filter of [[], [["itemId", item.id]]]) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: { items: { id: string }[]; nextCursor: string | null } = await search({
          ...here,
          ...Object.fromEntries(filter),
          sort,
          limit: 4,
          ...(cursor && { cursor }),
        });
        seen.push(...idsOf(page));
        cursor = page.nextCursor;
      } while (cursor);
      assert.deepEqual(seen.toSorted(), opened.map((party) => party.id).toSorted(), sort);
      assert.equal(new Set(seen).size, seen.length, sort);
    }
  }
});

const SHARED_DATA = new URL("../../shared/data/", import.meta.url);
const hasData = await Deno.stat(SHARED_DATA).then(() => true, () => false);

Deno.test({
  name: "nearby around twenty real marts equals a brute-force haversine over all parties",
  ignore: !hasData,
  fn: async () => {
    const marts = (await realMarts()).map((mart) => ({ ...mart, id: v7() }));
    await insertMarts(marts);
    const parties = await insertParties(marts);
    const step = Math.floor(marts.length / 20);
    for (let i = 0; i < 20; i++) {
      const origin = marts[i * step]!;
      const radiusM = [500, 2_000, 10_000, 50_000][i % 4]!;
      const expected = parties
        .map((party) => ({ id: party.id, distanceM: haversineM(origin, party.mart) }))
        .filter((party) => party.distanceM <= radiusM)
        .toSorted((a, b) => a.distanceM - b.distanceM);
      const found = await allPages({ lat: origin.lat, lng: origin.lng, radiusM, q: "실제 마트" });
      assert.deepEqual(found.map((each) => each.id).toSorted(), expected.map((each) => each.id).toSorted());
      found.forEach((each, rank) => {
        assert.ok(Math.abs(each.distanceM - expected[rank]!.distanceM) < 0.1, `rank ${rank}: ${each.distanceM}`);
      });
    }
  },
});

interface Mart {
  lat: number;
  lng: number;
}

/** Where the real large stores are. */
async function realMarts(): Promise<Mart[]> {
  const [head = "", ...lines] = (await Deno.readTextFile(new URL("markets_large_stores.csv", SHARED_DATA))).split(
    /\r?\n/,
  );
  const columnsBefore = head.split(",").indexOf("check_lat") - head.split(",").length;
  return lines.flatMap((line) => {
    // The last columns hold no commas: counted from the end.
    const [lat, lng] = line.split(",").slice(columnsBefore).map(Number);
    return lat && lng ? [{ lat, lng }] : [];
  });
}

async function insertMarts(marts: (Mart & { id: string })[]): Promise<void> {
  const rows = marts.map(({ id, lat, lng }) => ({
    id,
    source: "stores",
    source_key: id,
    name: "실제 마트",
    kind: "mart",
    road_address: "서울특별시",
    lat,
    lng,
    region_code: "11140",
    search_text: "실제 마트",
    updated_at: new Date(),
  }));
  await service.sql`insert into markets ${service.sql(rows)}`;
}

/** Three parties at each mart. */
async function insertParties<Place extends Mart & { id: string }>(marts: Place[]) {
  const item = await addItem(service);
  const parties = marts.flatMap((mart) => [1, 2, 3].map(() => ({ id: v7(), mart })));
  const soon = new Date(Date.now() + 86_400_000);
  for (let i = 0; i < parties.length; i += 1_000) {
    const some = parties.slice(i, i + 1_000);
    const rows = some.map(({ id, mart }) => ({
      id,
      leader_id: leader.id,
      market_id: mart.id,
      item_id: item.id,
      title: "실제",
      quantity: 100,
      unit: "ea",
      quantity_taken: 10,
      capacity: 4,
      starts_at: soon,
      ends_at: new Date(soon.getTime() + 3600_000),
      join_until: soon,
      search_text: "실제 마트",
      created_at: new Date(),
    }));
    await service.sql`insert into parties ${service.sql(rows)}`;
    const members = some.map(({ id }) => ({
      party_id: id,
      user_id: leader.id,
      role: "leader",
      status: "accepted",
      quantity: 10,
      requested_at: new Date(),
    }));
    await service.sql`insert into party_members ${service.sql(members)}`;
  }
  return parties;
}

async function allPages(query: Record<string, string | number>): Promise<{ id: string; distanceM: number }[]> {
  const found: { id: string; distanceM: number }[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: typeof found; nextCursor: string | null } = await search({
      ...query,
      limit: 100,
      ...(cursor && { cursor }),
    });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return found;
}

/** The textbook formula, apart from the service's own, on a sphere of turf's mean earth radius. */
function haversineM(a: Mart, b: Mart): number {
  const rad = Math.PI / 180, half = (x: number) => Math.sin((x * rad) / 2) ** 2;
  const h = half(b.lat - a.lat) + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * half(b.lng - a.lng);
  return 2 * 6_371_008.8 * Math.asin(Math.sqrt(h));
}
