/** Items, markets and regions, as anyone may look them up. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import type { Item, Market } from "../contract/catalogue.ts";
import { distanceM } from "../services/geo.ts";
import { addItem, addMarket, type Answer, assertProblem } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

Deno.test("GET /api/items finds a text anywhere in name, variety or category, whatever its case", async () => {
  const item = await addItem(service, { category: "과실류Q7", name: "왕사과", variety: "Fuji 후지" });
  for (const q of ["왕사과", "사과", "fuji", "FUJI", "지", "과실류q7", "실류Q"]) {
    const found = await itemsOf({ q, limit: 100 });
    assert.deepEqual(found.find(({ id }) => id === item.id), item, `${q} does not find it`);
  }
  assert.deepEqual(ids(await itemsOf({ q: "왕사과나무" })), []);
});

Deno.test("GET /api/items finds what holds every word of q, in any order, composed or decomposed", async () => {
  const { id } = await addItem(service, { category: "두류", name: "콩나물콩", variety: "풍산나물" });
  assert.deepEqual(ids(await itemsOf({ q: "풍산나물 콩나물콩" })), [id]);
  assert.deepEqual(ids(await itemsOf({ q: "  콩나물콩   풍산 " })), [id]);
  assert.deepEqual(ids(await itemsOf({ q: "풍산나물".normalize("NFD") })), [id]);
  assert.deepEqual(ids(await itemsOf({ q: "풍산나물 감자" })), []);
});

Deno.test("GET /api/items takes %, _ and \\ as the letters they are", async () => {
  const { id } = await addItem(service, { name: "당도100%_\\[특]", variety: "가.나" });
  for (const q of ["100%", "%_", "_\\", "\\[특", "[특]", "가.나"]) assert.deepEqual(ids(await itemsOf({ q })), [id], q);
  for (const q of ["1%0", "당도___%", "가%나", "당.100"]) assert.deepEqual(ids(await itemsOf({ q })), [], q);
});

Deno.test("GET /api/items finds by initial consonants, also half-typed ones and those a keyboard has joined", async () => {
  const category = `초성${v7()}`;
  const apple = await addItem(service, { category, name: "사과", variety: "홍옥(10kg)" });
  const potato = await addItem(service, { category, name: "감자", variety: "깐 것" });
  const finds = async (q: string) => ids(await itemsOf({ q, category }));
  for (const q of ["ㅅㄱ", "사ㄱ", "ㅅ과", "ㅅㄱ ㅎㅇ", "ㅎㅇ 사과", "ㅎ옥(10"]) {
    assert.deepEqual(await finds(q), [apple.id], q);
  }
  for (const q of ["ㄱㅈ", "ㄲ", "감ㅈ", "깐 ㄱ"]) assert.deepEqual(await finds(q), [potato.id], q);
  // ㄱ and ㅅ typed in a row become ㄳ on a Korean keyboard.
  const beef = await addItem(service, { category, name: "국산 고시", variety: "일반" });
  assert.deepEqual(await finds("ㄳ"), [beef.id]);
  for (const q of ["ㅅㅅ", "ㅅㅈ", "감ㄱ", "ㅏ", "ㄱㅅㅎㅎㅎ"]) assert.deepEqual(await finds(q), [], q);
});

Deno.test("GET /api/items answers everyday food first, and pages of any size neither repeat nor skip", async () => {
  const category = `순서${v7()}`;
  const rows: (Item & { rank: number })[] = [];
  // Ranks, names and varieties repeat, so that only the id decides between some.
  for (let i = 0; i < 40; i++) {
    const rank = i % 3, name = ["가지", "나물", "다래"][i % 2 ? 0 : i % 5 ? 1 : 2]!, variety = i % 4 ? "일반" : "기타";
    rows.push({ ...await addItem(service, { category, name, variety, rank }), rank });
  }
  const byText = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  const ordered = rows.toSorted((a, b) =>
    a.rank - b.rank || byText(a.name, b.name) || byText(a.variety, b.variety) || byText(a.id, b.id)
  );
  for (const limit of [1, 7, 39, 40, 41, 100]) {
    const pages = await allPages("/api/items", { category, limit });
    assert.deepEqual(pages.flat().map(({ id }) => id), ids(ordered), `limit ${limit}`);
    assert.equal(pages.length, Math.ceil(40 / limit), "no empty page at the end");
  }
});

Deno.test("GET /api/items goes on where a page ended even when rows before it come and go", async () => {
  const category = `사이${v7()}`;
  const [, second, third] = await Promise.all(
    ["가", "나", "다"].map((name) => addItem(service, { category, name, rank: 1 })),
  );
  const first = await service.call("GET", `/api/items?${search({ category, limit: 2 })}`);
  await addItem(service, { category, name: "앞에 온 것", rank: 0 });
  await service.sql`update items set retired_at = now() where id = ${second!.id}`;
  const rest = await service.call("GET", `/api/items?${search({ category, cursor: first.body.nextCursor })}`);
  assert.deepEqual(ids(rest.body.items), [third!.id]);
  assert.equal(rest.body.nextCursor, null);
});

Deno.test("GET /api/items leaves out retired items, which GET /api/items/:id still shows", async () => {
  const item = await addItem(service, { category: "은퇴" });
  assert.equal((await itemsOf({ category: "은퇴" })).length, 1);
  await service.sql`update items set retired_at = now() where id = ${item.id}`;
  assert.deepEqual(await itemsOf({ category: "은퇴" }), []);
  assert.deepEqual(await itemsOf({ q: item.name }), []);
  const answer = await service.call("GET", `/api/items/${item.id}`);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.body, item);
});

Deno.test("every list names the wrong parameter, and takes an empty one as absent", async () => {
  const otherList = (await firstOfTwo("/api/markets")).nextCursor;
  const wrong: [string, string][] = [
    ["limit=0", "/query/limit"],
    ["limit=101", "/query/limit"],
    ["limit=1.5", "/query/limit"],
    ["limit=many", "/query/limit"],
    ["limit=1&limit=2", "/query/limit"],
    ["cursor=!", "/query/cursor"],
    ["cursor=eyJhIjoxfQ", "/query/cursor"],
    [`cursor=${otherList}`, "/query/cursor"],
    [`cursor=${cursorOf([0, 1, "a\0b", "", v7()])}`, "/query/cursor"],
    [`cursor=${cursorOf([0, 1, "a\ud800b", "", v7()])}`, "/query/cursor"],
    [`cursor=${cursorOf([0, 99_999, "a", "", v7()])}`, "/query/cursor"],
    [`cursor=${cursorOf([5, 1, "a", "", v7()])}`, "/query/cursor"],
    [`cursor=${cursorOf([0, 1, "a", "", "no id"])}`, "/query/cursor"],
    [`q=${"가".repeat(51)}`, "/query/q"],
    ["q=%00", "/query/q"],
    [`category=${"가".repeat(51)}`, "/query/category"],
  ];
  for (const [query, pointer] of wrong) {
    assertProblem(await service.call("GET", `/api/items?${query}`), 422, "invalid-input", pointer);
  }
  const empty = await service.call("GET", "/api/items?q=&category=&limit=&cursor=");
  assert.equal(empty.status, 200, JSON.stringify(empty.body));
});

Deno.test("GET /api/items/:id and /api/markets/:id answer 404 for what is no id of theirs", async () => {
  const item = await addItem(service), market = await addMarket(service);
  for (const id of [v7(), market.id, "1", "%00", "%ff", "..%2f", "가"]) {
    assertProblem(await service.call("GET", `/api/items/${id}`), 404, "not-found");
  }
  for (const id of [v7(), item.id, "1"]) {
    assertProblem(await service.call("GET", `/api/markets/${id}`), 404, "not-found");
  }
});

Deno.test("GET /api/markets answers nearest first as haversine counts it, pages neither repeating nor skipping", async () => {
  const word = v7(), origin = { lat: 36.5, lng: 128.1 };
  const markets: Market[] = [];
  // All to one side: two places mirrored about the point would lie at distances that differ by less than a rounding.
  const offset = fc.integer({ min: 0, max: 60 });
  for (const { north, east } of fc.sample(fc.record({ north: offset, east: offset }), 18)) {
    const place = { lat: origin.lat + north / 1000, lng: origin.lng + east / 1000 };
    // Three at each spot, as in a shopping centre: their distances are the same to the last bit.
    for (let i = 0; i < 3; i++) markets.push(await added({ ...place, name: `${word} ${i}` }));
  }
  const nearest = markets.toSorted((a, b) => distanceM(origin, a) - distanceM(origin, b) || (a.id < b.id ? -1 : 1));
  for (const limit of [1, 2, 10, 53, 54, 100]) {
    const pages = await allPages("/api/markets", { ...origin, q: word, limit });
    assert.deepEqual(ids(pages.flat()), ids(nearest), `limit ${limit}`);
    assert.equal(pages.length, Math.ceil(54 / limit), "no empty page at the end");
  }
  for (const market of (await service.call("GET", `/api/markets?${search({ ...origin, q: word })}`)).body.items) {
    assert.ok(Math.abs(market.distanceM - distanceM(origin, market)) <= 0.05 + 1e-9);
    assert.deepEqual({ ...market, distanceM: 0 }, { ...markets.find(({ id }) => id === market.id), distanceM: 0 });
  }
});

Deno.test("GET /api/markets takes the radius exactly, to the metre and to the last market of a page", async () => {
  const word = v7(), origin = { lat: 33.3, lng: 126.5 };
  for (let i = 1; i <= 12; i++) await added({ lat: origin.lat + i * 0.01, lng: origin.lng, name: word });
  const all = (await allPages("/api/markets", { ...origin, q: word })).flat();
  for (const [i, market] of all.entries()) {
    const exact = distanceM(origin, market);
    for (const [radiusM, count] of [[Math.ceil(exact), i + 1], [Math.floor(exact), i]] as const) {
      const pages = await allPages("/api/markets", { ...origin, q: word, radiusM, limit: 5 });
      assert.equal(pages.flat().length, count, `within ${radiusM} m, ${exact} m away`);
    }
  }
});

Deno.test("GET /api/markets without a point goes by name, and finds by name, address, initials and kind", async () => {
  const word = `가게${v7()}`;
  const corner = await added({ name: `${word} 카`, kind: "traditional" });
  const big = await added({ name: `${word} 가`, kind: "mart" });
  const other = await added({ name: `${word} 나`, kind: "other" });
  const pages = await allPages("/api/markets", { q: word, limit: 2 });
  assert.deepEqual(pages.flat(), [big, other, corner]);
  assert.ok(!("distanceM" in pages.flat()[0]!));
  assert.deepEqual(ids(await marketsOf({ q: word, kind: "traditional" })), [corner.id]);
  assert.deepEqual(ids(await marketsOf({ q: `세종대로 ${word} ㅋ` })), [corner.id]);
  assert.deepEqual(ids(await marketsOf({ q: `ㄱㄱ${word.slice(2)} 나` })), [other.id]);
  assert.deepEqual(ids(await marketsOf({ q: word, kind: "mart", lat: 37.5, lng: 127 })), [big.id]);
});

Deno.test("GET /api/markets never lists a party's own place nor a retired market, which :id still shows", async () => {
  const word = v7(), point = { lat: 38.1, lng: 128.4 };
  const place = await added({ ...point, name: word }), retired = await added({ ...point, name: word });
  await service.sql`update markets set source = 'place' where id = ${place.id}`;
  await service.sql`update markets set retired_at = now() where id = ${retired.id}`;
  assert.deepEqual(await marketsOf({ q: word }), []);
  assert.deepEqual(await marketsOf({ ...point, radiusM: 100 }), []);
  for (const market of [place, retired]) {
    const answer = await service.call("GET", `/api/markets/${market.id}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(answer.body, market);
  }
});

Deno.test("GET /api/markets names what is wrong with a point, a radius or a kind", async () => {
  const byName = (await firstOfTwo("/api/markets")).nextCursor;
  const wrong: [string, string][] = [
    ["lat=37.5", "/query/lng"],
    ["lng=127", "/query/lat"],
    ["lat=&lng=127", "/query/lat"],
    ["lat=91&lng=127", "/query/lat"],
    ["lat=37&lng=-181", "/query/lng"],
    ["lat=NaN&lng=127", "/query/lat"],
    ["lat=Infinity&lng=127", "/query/lat"],
    ["lat=37.5&lng=127&radiusM=99", "/query/radiusM"],
    ["lat=37.5&lng=127&radiusM=50001", "/query/radiusM"],
    ["radiusM=1000", "/query/radiusM"],
    ["kind=bank", "/query/kind"],
    [`lat=37.5&lng=127&cursor=${byName}`, "/query/cursor"],
    [`lat=37.5&lng=127&cursor=${cursorOf(["near", v7()])}`, "/query/cursor"],
  ];
  for (const [query, pointer] of wrong) {
    assertProblem(await service.call("GET", `/api/markets?${query}`), 422, "invalid-input", pointer);
  }
  for (const query of ["lat=5e-324&lng=-5e-324", "lat=90&lng=180", "lat=-90&lng=-180&radiusM=50000", "lat=-0&lng=0"]) {
    assert.equal((await service.call("GET", `/api/markets?${query}`)).status, 200, query);
  }
});

Deno.test("GET /api/regions answers the division of 2026, each region with a point in Korea", async () => {
  const { status, body } = await service.call("GET", "/api/regions");
  assert.equal(status, 200);
  assert.ok(body.length > 240, `${body.length} regions`);
  assert.equal(new Set(body.map(({ code }: { code: string }) => code)).size, body.length);
  for (const region of body) {
    assert.deepEqual(Object.keys(region).sort(), ["code", "lat", "lng", "name", "sido"]);
    assert.match(region.code, /^\d{5}$/);
    assert.ok(region.lat > 32 && region.lat < 40 && region.lng > 123 && region.lng < 133, JSON.stringify(region));
  }
  const nameOf = (code: string) => body.find((region: { code: string }) => region.code === code)?.name;
  assert.equal(nameOf("11140"), "중구");
  assert.equal(nameOf("12210"), "동구", "of 전남광주통합특별시, since 2026");
  assert.equal(nameOf("29110"), undefined, "of 광주광역시, until 2026");
});

Deno.test("a public route refuses a token that is not good, instead of taking its bearer for nobody", async () => {
  for (const path of ["/api/items", "/api/markets", "/api/regions"]) {
    assertProblem(await service.call("GET", path, { token: "no-token" }), 401, "unauthenticated");
  }
});

type Query = Record<string, string | number>;

function search(query: Query): string {
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
}

async function listed<T>(path: string, query: Query): Promise<T[]> {
  const { status, body } = await service.call("GET", `${path}?${search(query)}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.items;
}

const itemsOf = (query: Query) => listed<Item>("/api/items", query);
const marketsOf = (query: Query) => listed<Market>("/api/markets", query);
const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);

/** All pages, following the `Link` header, which says the same as `nextCursor`. */
async function allPages(path: string, query: Query): Promise<Market[][]> {
  const pages: Market[][] = [];
  let next: string | undefined = `${path}?${search(query)}`;
  while (next) {
    const answer: Answer = await service.call("GET", next);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    pages.push(answer.body.items);
    next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
    assert.equal(next && new URL(next, service.url).searchParams.get("cursor"), answer.body.nextCursor ?? undefined);
    assert.ok(pages.length <= 100, "the pages do not end");
  }
  return pages;
}

/** Puts a market into the catalogue and gives it as answers show it. */
async function added(market: { lat?: number; lng?: number; name: string; kind?: string }): Promise<Market> {
  const { id, name, lat, lng } = await addMarket(service, market);
  const kind = (market.kind ?? "mart") as Market["kind"];
  return { id, name, kind, roadAddress: "서울특별시 중구 세종대로 110", lat, lng, regionCode: "11140" };
}

async function firstOfTwo(path: string): Promise<{ nextCursor: string }> {
  await addMarket(service), await addMarket(service);
  const { body } = await service.call("GET", `${path}?limit=1`);
  assert.ok(body.nextCursor);
  return body;
}

/** A cursor as somebody might forge it. */
function cursorOf(position: unknown): string {
  return new TextEncoder().encode(JSON.stringify(position)).toBase64({ alphabet: "base64url" });
}
