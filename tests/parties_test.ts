/** Opening, reading, changing and moving parties. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { addItem, addMarket, assertProblem, CITY_HALL, joinAccepted, openParty, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const HOUR_MS = 3600_000;
const inHours = (hours: number) => new Date(service.clock.now().getTime() + hours * HOUR_MS).toISOString();

async function newPartyBody(): Promise<Record<string, unknown>> {
  const [item, market] = await Promise.all([addItem(service), addMarket(service)]);
  return {
    itemId: item.id,
    marketId: market.id,
    quantity: 10_000,
    unit: "g",
    capacity: 4,
    startsAt: inHours(24),
    endsAt: inHours(25),
  };
}

Deno.test("POST /api/parties answers the whole party, with what was left out filled in", async () => {
  const leader = await signUp(service);
  const item = await addItem(service, { name: "양파" });
  const market = await addMarket(service, { name: "성수 마트" });
  const body = { ...await newPartyBody(), itemId: item.id, marketId: market.id };
  const { status, body: party } = await service.call("POST", "/api/parties", { token: leader.token, body });
  assert.equal(status, 201);
  assert.equal(party.title, "양파 · 성수 마트");
  assert.deepEqual(
    [party.status, party.leaderQuantity, party.quantityLeft, party.memberCount, party.myRole, party.version],
    ["open", 2500, 7500, 1, "leader", 1],
  );
  assert.deepEqual([party.joinUntil, party.priceKrw, party.autoAccept], [party.startsAt, null, false]);
  assert.deepEqual(party.chat, { open: false, lastSeq: 0 });
  assert.equal(party.leader.id, leader.id);
  assert.deepEqual(party.item, { ...item });
  assert.equal(party.market.name, "성수 마트");
  const read = await service.call("GET", `/api/parties/${party.id}`);
  assert.deepEqual(read.body, { ...party, myRole: "none" }, "anyone may read it");
  assert.equal(read.headers.get("etag"), '"1"');
});

Deno.test("POST /api/parties takes a place of one's own, which only this party has", async () => {
  const leader = await signUp(service);
  const place = { name: "아파트 정문", roadAddress: "서울특별시 중구 세종대로 110", ...CITY_HALL };
  const party = await openParty(service, leader, { place });
  assert.deepEqual([party.market.kind, party.market.name, party.market.regionCode], ["other", "아파트 정문", "11140"]);
  const other = await service.call("POST", "/api/parties", {
    token: leader.token,
    body: { ...await newPartyBody(), marketId: party.market.id },
  });
  assertProblem(other, 422, "invalid-input", "/marketId");
});

Deno.test("POST /api/parties names each wrong field and writes nothing", async () => {
  const leader = await signUp(service);
  const good = await newPartyBody();
  const place = { name: "집 앞", roadAddress: "서울", ...CITY_HALL };
  const wrong: [Record<string, unknown>, string][] = [
    [{ itemId: v7() }, "/itemId"],
    [{ itemId: "x" }, "/itemId"],
    [{ marketId: v7() }, "/marketId"],
    [{ marketId: undefined }, "/marketId"],
    [{ place }, "/marketId"],
    [{ marketId: undefined, place: { ...place, lat: 0 } }, "/place/lat"],
    [{ marketId: undefined, place: { ...place, phone: "1" } }, "/place/phone"],
    [{ quantity: 0 }, "/quantity"],
    [{ quantity: 1.5 }, "/quantity"],
    [{ quantity: 1e9 }, "/quantity"],
    [{ unit: "kg" }, "/unit"],
    [{ priceKrw: -1 }, "/priceKrw"],
    [{ leaderQuantity: 10_001 }, "/leaderQuantity"],
    [{ capacity: 1 }, "/capacity"],
    [{ capacity: 51 }, "/capacity"],
    [{ title: "" }, "/title"],
    [{ title: "줄\n바꿈" }, "/title"],
    [{ title: "가".repeat(81) }, "/title"],
    [{ note: "가".repeat(2001) }, "/note"],
    [{ note: "\0" }, "/note"],
    [{ startsAt: inHours(-1) }, "/startsAt"],
    [{ startsAt: "tomorrow" }, "/startsAt"],
    [{ startsAt: "2026-12-31T10:00:00" }, "/startsAt"],
    [{ endsAt: good.startsAt }, "/endsAt"],
    [{ joinUntil: inHours(24.5) }, "/joinUntil"],
    [{ joinUntil: inHours(-0.5) }, "/joinUntil"],
    [{ status: "done" }, "/status"],
    [{ leaderId: v7() }, "/leaderId"],
  ];
  for (const [change, pointer] of wrong) {
    const answer = await service.call("POST", "/api/parties", { token: leader.token, body: { ...good, ...change } });
    assertProblem(answer, 422, "invalid-input", pointer);
  }
  assertProblem(await service.call("POST", "/api/parties", { body: good }), 401, "unauthenticated");
  const [{ count }] = await service.sql<
    [{ count: number }]
  >`select count(*) from parties where leader_id = ${leader.id}`;
  assert.equal(count, 0);
  const [{ places }] = await service.sql<[{ places: number }]>`
    select count(*) as places from markets where source = 'place' and name = '집 앞'`;
  assert.equal(places, 0);
});

Deno.test("GET /api/parties/:id is not found for what is not a party", async () => {
  assertProblem(await service.call("GET", `/api/parties/${v7()}`), 404, "not-found");
  assertProblem(await service.call("GET", "/api/parties/1"), 404, "not-found");
});

Deno.test("PATCH /api/parties/:id changes what it names, bumps the version, and refuses a stale one", async () => {
  const leader = await signUp(service);
  const party = await openParty(service, leader, { note: "있던 말" });
  const path = `/api/parties/${party.id}`;
  const change = (body: unknown, headers = {}) => service.call("PATCH", path, { token: leader.token, body, headers });
  const changed = await change({ title: "달걀 한 판", priceKrw: null, startsAt: inHours(48), endsAt: inHours(49) }, {
    "if-match": '"1"',
  });
  assert.equal(changed.status, 200);
  assert.equal(changed.headers.get("etag"), '"2"');
  const { title, note, priceKrw, version, joinUntil, startsAt, capacity } = changed.body;
  assert.deepEqual([title, note, priceKrw, version, capacity], ["달걀 한 판", "있던 말", null, 2, 4]);
  assert.equal(joinUntil, startsAt, "what was never set apart goes along");
  assertProblem(await change({ note: "늦음" }, { "if-match": '"1"' }), 412, "stale-version");
  assertProblem(await change({ note: "?" }, { "if-match": "one" }), 422, "invalid-input", "/header/if-match");
  assert.equal((await change({ note: "새 말" }, { "if-match": "2" })).body.note, "새 말");
  assertProblem(await change({}), 422, "invalid-input");
  assertProblem(await change({ marketId: v7() }), 422, "invalid-input", "/marketId");
  assertProblem(await change({ startsAt: inHours(-1) }), 422, "invalid-input", "/startsAt");
  assertProblem(await change({ endsAt: inHours(47) }), 422, "invalid-input", "/endsAt");
  assertProblem(await change({ joinUntil: inHours(48.5) }), 422, "invalid-input", "/joinUntil");
  const found = await service.call("GET", `/api/parties?lat=${CITY_HALL.lat}&lng=${CITY_HALL.lng}&q=달걀 한 판`);
  assert.deepEqual(found.body.items.map((each: { id: string }) => each.id), [party.id], "found by its new title");
});

Deno.test("PATCH /api/parties/:id is for the leader alone", async () => {
  const [leader, member, stranger] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  const path = `/api/parties/${party.id}`, body = { note: "내 것" };
  for (const { token } of [member, stranger]) {
    assertProblem(await service.call("PATCH", path, { token, body }), 403, "forbidden");
  }
  assertProblem(await service.call("PATCH", path, { body }), 401, "unauthenticated");
  assertProblem(
    await service.call("PATCH", `/api/parties/${v7()}`, { token: leader.token, body }),
    404,
    "not-found",
  );
});

Deno.test("PATCH /api/parties/:id never takes seats away, and confirms when the capacity is just reached", async () => {
  const [leader, a, b] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, a);
  await joinAccepted(service, party, leader, b);
  const path = `/api/parties/${party.id}`, { token } = leader;
  assertProblem(await service.call("PATCH", path, { token, body: { capacity: 2 } }), 422, "invalid-input", "/capacity");
  const changed = await service.call("PATCH", path, { token, body: { capacity: 3 } });
  assert.deepEqual([changed.body.status, changed.body.capacity, changed.body.memberCount], ["confirmed", 3, 3]);
  assertProblem(await service.call("PATCH", path, { token, body: { capacity: 5 } }), 409, "party-state");
  assert.equal((await service.call("PATCH", path, { token, body: { note: "정문에서" } })).status, 200);
});

const MOVES = ["confirm", "complete", "cancel"] as const;

/** What each move leads to from each state; before the start `complete` is refused for that. */
const NEXT: Record<string, Partial<Record<(typeof MOVES)[number], string>>> = {
  open: { confirm: "confirmed", cancel: "cancelled" },
  confirmed: { complete: "done", cancel: "cancelled" },
  done: {},
  cancelled: {},
};
const ROADS: Record<string, (typeof MOVES)[number][]> = {
  open: [],
  confirmed: ["confirm"],
  done: ["confirm", "complete"],
  cancelled: ["cancel"],
};

Deno.test("POST /api/parties/:id/{confirm,complete,cancel} follow the state machine and nothing else", async (t) => {
  const leader = await signUp(service);
  for (const [state, road] of Object.entries(ROADS)) {
    for (const move of MOVES) {
      await t.step(`${move} from ${state}`, async () => {
        const party = await openParty(service, leader);
        const go = (to: string) =>
          service.call("POST", `/api/parties/${party.id}/${to}`, { token: leader.token, body: {} });
        for (const step of road) {
          assert.equal((await go(step)).status, 200);
          await service
            .sql`update parties set starts_at = now() - interval '1 hour', join_until = now() - interval '1 hour'
            where id = ${party.id}`;
        }
        const answer = await go(move);
        const next = NEXT[state]![move];
        if (next) assert.deepEqual([answer.status, answer.body.status], [200, next]);
        else assertProblem(answer, 409, "party-state");
        const now = (await service.call("GET", `/api/parties/${party.id}`)).body.status;
        assert.equal(now, next ?? state);
      });
    }
  }
});

Deno.test("POST /api/parties/:id/complete waits for the start", async () => {
  const leader = await signUp(service);
  const party = await openParty(service, leader);
  const { token } = leader;
  await service.call("POST", `/api/parties/${party.id}/confirm`, { token });
  const early = await service.call("POST", `/api/parties/${party.id}/complete`, { token });
  assertProblem(early, 409, "party-not-started");
});

Deno.test("POST /api/parties/:id/{confirm,complete,cancel} are for the leader alone", async () => {
  const [leader, member, stranger] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  for (const move of MOVES) {
    const path = `/api/parties/${party.id}/${move}`;
    assertProblem(await service.call("POST", path, { token: member.token }), 403, "forbidden");
    assertProblem(await service.call("POST", path, { token: stranger.token }), 403, "forbidden");
    assertProblem(await service.call("POST", path), 401, "unauthenticated");
    const elsewhere = await service.call("POST", `/api/parties/${v7()}/${move}`, { token: leader.token });
    assertProblem(elsewhere, 404, "not-found");
  }
  const long = { reason: "가".repeat(501) };
  assertProblem(
    await service.call("POST", `/api/parties/${party.id}/cancel`, { token: leader.token, body: long }),
    422,
    "invalid-input",
    "/reason",
  );
  assert.equal((await service.call("GET", `/api/parties/${party.id}`)).body.status, "open");
});

Deno.test("POST /api/parties/:id/cancel happens once, even when twenty ask at once", async () => {
  const leader = await signUp(service);
  const party = await openParty(service, leader);
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      () => service.call("POST", `/api/parties/${party.id}/cancel`, { token: leader.token, body: { reason: "비" } }),
    ),
  );
  assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
  const [{ count }] = await service.sql<[{ count: number }]>`
    select count(*) from events where party_id = ${party.id} and type = 'party.cancelled'`;
  assert.equal(count, 1);
});

Deno.test("GET /api/me/parties lists the caller's own, newest first, by role and state, page by page", async () => {
  const [me, other] = await Promise.all([signUp(service), signUp(service)]);
  const led = [await openParty(service, me), await openParty(service, me), await openParty(service, me)];
  const joined = await openParty(service, other), asked = await openParty(service, other);
  await joinAccepted(service, joined, other, me);
  await service.call("POST", `/api/parties/${asked.id}/join`, { token: me.token, body: {} });
  await service.call("POST", `/api/parties/${led[0]!.id}/cancel`, { token: me.token });
  const list = async (query = "") => {
    const answer = await service.call("GET", `/api/me/parties${query}`, { token: me.token });
    assert.equal(answer.status, 200);
    return answer.body;
  };
  const idsOf = (page: { items: { id: string }[] }) => page.items.map((each) => each.id);
  const all = [...led, joined, asked].map((each) => each.id).reverse();
  assert.deepEqual(idsOf(await list()), all);
  assert.deepEqual(idsOf(await list("?role=member")), [joined.id]);
  assert.deepEqual(idsOf(await list("?role=pending")), [asked.id]);
  assert.deepEqual(idsOf(await list("?role=leader&status=open")), [led[2]!.id, led[1]!.id]);
  const first = await list("?limit=2");
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  const third = await list(`?limit=2&cursor=${second.nextCursor}`);
  assert.deepEqual([...idsOf(first), ...idsOf(second), ...idsOf(third)], all);
  assert.equal(third.nextCursor, null);
  assert.equal((await list()).items[0].myRole, "pending");
  assertProblem(await service.call("GET", "/api/me/parties"), 401, "unauthenticated");
  const wrong = await service.call("GET", "/api/me/parties?role=boss&cursor=x", { token: me.token });
  assertProblem(wrong, 422, "invalid-input", "/query/role");
  assertProblem(
    await service.call("GET", "/api/me/parties?cursor=x", { token: me.token }),
    422,
    "invalid-input",
    "/query/cursor",
  );
});
