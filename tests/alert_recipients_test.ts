import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { EVENT_TYPES, EVENTS, type EventType } from "../contract/events.ts";
import type { NewEvent } from "../services/events.ts";
import { wordAlert } from "../services/alert_texts.ts";
import { distanceM } from "../services/geo.ts";
import { FAVORITE_REACH_M, recipientsOf } from "../services/recipients.ts";
import { addParty, addPeople, allTold, favourItem, favourMarket, inboxOf, tell } from "./alert_world.ts";
import type { PlainParty } from "./alert_world.ts";
import { addItem, addMarket, CITY_HALL, joinAccepted, openParty, poll, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

/** Types of what each of these people was alerted to. */
async function typesOf(...people: { id: string }[]): Promise<string[][]> {
  return await Promise.all(people.map(async (person) => (await inboxOf(service, person)).map(({ type }) => type)));
}

/** What events of one type or another tell besides the party. */
const ANY_FACTS = {
  reason: null,
  changed: ["title" as const, "startsAt" as const],
  hoursBefore: 24 as const,
  openKrw: 12_000,
  quantity: 500,
  until: "2026-12-31T13:00:00.000Z",
};

const FAR = { lat: CITY_HALL.lat + 0.2, lng: CITY_HALL.lng };

Deno.test("A new party is told to those who favour its item and live within 10 km and those who favour its market, once each", async () => {
  const leader = await signUp(service), near = await signUp(service), both = await signUp(service);
  const far = await signUp(service, { home: FAR }), homeless = await signUp(service, { home: null });
  const farAtMarket = await signUp(service, { home: FAR }), stranger = await signUp(service);
  const item = await addItem(service), market = await addMarket(service);
  const favour = (who: { token: string }, path: string) =>
    service.call("PUT", `/api/favorites/${path}`, { token: who.token }).then(({ status }) => assert.equal(status, 204));
  await Promise.all([
    ...[leader, near, both, far, homeless].map((who) => favour(who, `items/${item.id}`)),
    ...[leader, both, farAtMarket].map((who) => favour(who, `markets/${market.id}`)),
  ]);
  const party = await openParty(service, leader, { itemId: item.id, marketId: market.id });
  await allTold(service, party);
  assert.deepEqual(
    await typesOf(near, both, farAtMarket, far, homeless, leader, stranger),
    [["party.created"], ["party.created"], ["party.created"], [], [], [], []],
  );
  const { body } = await service.call("GET", "/api/alerts", { token: near.token });
  const [alert] = body.items;
  assert.deepEqual([alert.seq, alert.type, alert.partyId, alert.url, alert.readAt], [
    1,
    "party.created",
    party.id,
    `/parties/${party.id}`,
    null,
  ]);
  assert.equal(alert.title, `${item.name} 파티가 열렸어요`);
  assert.ok(alert.body.includes(market.name) && alert.body.includes(party.title));
});

Deno.test("Asking, accepting, refusing and the chat's opening each tell exactly the person concerned", async () => {
  const [leader, accepted, rejected, stranger] = [
    await signUp(service),
    await signUp(service),
    await signUp(service),
    await signUp(service),
  ];
  const party = await openParty(service, leader);
  const path = `/api/parties/${party.id}`;
  await joinAccepted(service, party, leader, accepted);
  await service.call("POST", `${path}/join`, { token: rejected.token, body: {} });
  const body = { status: "rejected" };
  const refused = await service.call("PATCH", `${path}/members/${rejected.id}`, { token: leader.token, body });
  assert.equal(refused.status, 200);
  await allTold(service, party);
  const [ofLeader, ofAccepted, ofRejected, ofStranger] = await typesOf(leader, accepted, rejected, stranger);
  assert.deepEqual(ofLeader, ["join.requested", "join.requested"]);
  assert.deepEqual(ofAccepted!.toSorted(), ["chat.opened", "join.accepted"]);
  assert.deepEqual([ofRejected, ofStranger], [["join.rejected"], []]);
  const inbox = await service.call("GET", "/api/alerts", { token: leader.token });
  assert.equal(inbox.body.items[1].body, `${accepted.nickname} 님 · ${party.title}`);
});

Deno.test("A cancelled party is told to everyone accepted or pending and to those who heard of it, not to who left, was refused or cancelled", async () => {
  const [leader, accepted, pending, rejected, gone, fan] = [
    await signUp(service),
    await signUp(service),
    await signUp(service),
    await signUp(service),
    await signUp(service),
    await signUp(service),
  ];
  const party = await openParty(service, leader);
  const path = `/api/parties/${party.id}`;
  await favourMarket(service, { marketId: party.market.id } as PlainParty, [fan, accepted]);
  await joinAccepted(service, party, leader, accepted);
  await joinAccepted(service, party, leader, gone);
  await service.call("DELETE", `${path}/members/me`, { token: gone.token });
  for (const { token } of [pending, rejected]) await service.call("POST", `${path}/join`, { token, body: {} });
  const refusal = { token: leader.token, body: { status: "rejected" } };
  await service.call("PATCH", `${path}/members/${rejected.id}`, refusal);
  const cancelled = await service.call("POST", `${path}/cancel`, {
    token: leader.token,
    body: { reason: "물건이 없대요" },
  });
  assert.equal(cancelled.status, 200, JSON.stringify(cancelled.body));
  await allTold(service, party);
  const told = (await typesOf(leader, accepted, pending, rejected, gone, fan))
    .map((types) => types.filter((type) => type === "party.cancelled").length);
  assert.deepEqual(told, [0, 1, 1, 0, 0, 1]);
  const { body } = await service.call("GET", "/api/alerts?limit=1", { token: fan.token });
  assert.equal(body.items[0].body, `${party.title} · 사유: 물건이 없대요`);
});

Deno.test("Whom an event concerns equals a brute-force reading of the contract, for any people, homes, favourites and memberships", async () => {
  const states = ["pending", "waiting", "accepted", "rejected", "left", "removed"] as const;
  const one = fc.record({
    // Up to 14 km away to the north, often close to the 10 km.
    km: fc.oneof(fc.double({ min: 0, max: 14, noNaN: true }), fc.double({ min: 9.99, max: 10.01, noNaN: true })),
    hasHome: fc.boolean(),
    favoursItem: fc.boolean(),
    favoursMarket: fc.boolean(),
    state: fc.option(fc.constantFrom(...states)),
    isWithdrawn: fc.boolean(),
  });
  const world = fc.record({
    people: fc.array(one, { minLength: 1, maxLength: 12 }),
    // Asked for together.
    events: fc.array(
      fc.record({ type: fc.constantFrom(...EVENT_TYPES), actor: fc.option(fc.nat()), about: fc.nat() }),
      { minLength: 1, maxLength: 4 },
    ),
  });
  const check = fc.asyncProperty(world, async ({ people, events }) => {
    const [leader] = await addPeople(service, 1);
    const party = await addParty(service, leader!.id);
    const rows = await Promise.all(people.map(async (each) => {
      const home = each.hasHome ? { lat: CITY_HALL.lat + each.km / 111.195, lng: CITY_HALL.lng } : null;
      const [person] = await addPeople(service, 1, { home });
      if (each.favoursItem) await favourItem(service, party, [person!]);
      if (each.favoursMarket) await favourMarket(service, party, [person!]);
      if (each.state) await addMember(party, person!, each.state);
      if (each.isWithdrawn) await withdraw(person!);
      return { ...each, id: person!.id, home: each.isWithdrawn ? null : home, state: each.state };
    }));
    const everyone = [
      {
        id: leader!.id,
        home: CITY_HALL,
        state: "accepted",
        favoursItem: false,
        favoursMarket: false,
        isWithdrawn: false,
      },
      ...rows,
    ];
    const told = await Promise.all(events.map(async ({ type, actor, about }) => {
      const actorId = actor === null ? null : everyone[actor % everyone.length]!.id;
      const userId = everyone[about % everyone.length]!.id;
      const eventId = await tell(service, { type, partyId: party.id, actorId, ...ANY_FACTS, userId } as NewEvent);
      const [row] = await service.sql`select payload from events where party_id = ${party.id} and id = ${eventId}`;
      return {
        ...{ partyId: party.id, eventId, type },
        payload: EVENTS[type].payload.parse(row!.payload),
        actorId,
        userId,
      };
    }));
    const found = await recipientsOf(service, told);
    const favours = (each: typeof everyone[number]) =>
      each.favoursMarket ||
      (each.favoursItem && each.home !== null && distanceM(each.home, CITY_HALL) <= FAVORITE_REACH_M);
    const isIn = (each: typeof everyone[number]) => each.state === "accepted";
    const isInOrWaits = (each: typeof everyone[number]) =>
      isIn(each) || each.state === "pending" || each.state === "waiting";
    const concerned: Record<EventType, (each: typeof everyone[number], userId: string) => boolean> = {
      "party.created": favours,
      "party.updated": isInOrWaits,
      "party.confirmed": isIn,
      "party.cancelled": (each) => favours(each) || isInOrWaits(each),
      "party.reminder": isIn,
      "chat.opened": isIn,
      "join.requested": (each) => each.id === leader!.id,
      "join.accepted": (each, userId) => each.id === userId,
      "join.rejected": (each, userId) => each.id === userId,
      "member.removed": (each, userId) => each.id === userId,
      "settlement.requested": (each, userId) => each.id === userId,
      "penalty.received": (each, userId) => each.id === userId,
      "offer.made": (each, userId) => each.id === userId,
    };
    const expected = told.map(({ type, actorId, userId }) =>
      everyone.filter((each) => concerned[type](each, userId) && !each.isWithdrawn && each.id !== actorId)
        .map(({ id }) => id).toSorted()
    );
    assert.deepEqual(found.map((some) => some.map(({ userId }) => userId)), expected);
  });
  await fc.assert(check, { numRuns: 60 });
});

Deno.test("Alerts are worded in the reader's language, with the actor's present name and none that was taken back", async () => {
  const [reader] = await addPeople(service, 1, { locale: "en" });
  const [actor] = await addPeople(service, 1);
  const party = await addParty(service, reader!.id, { title: "쌀 10kg" });
  await tell(service, { type: "join.requested", partyId: party.id, actorId: actor!.id, userId: actor!.id });
  await allTold(service, party);
  const read = async () => (await service.call("GET", "/api/alerts", { token: reader!.token })).body.items[0];
  await service.sql`update users set nickname = ${`새${actor!.id.slice(-12)}`} where id = ${actor!.id}`;
  const { title, body } = await read();
  assert.deepEqual([title, body], ["New join request", `새${actor!.id.slice(-12)} · 쌀 10kg`]);
  await withdraw(actor!);
  assert.equal((await read()).body, "탈퇴한 사용자 · 쌀 10kg");
  await service.sql`update users set locale = 'ko' where id = ${reader!.id}`;
  assert.deepEqual([(await read()).title, (await read()).body], [
    "새 참여 신청이 왔어요",
    "탈퇴한 사용자 님 · 쌀 10kg",
  ]);
});

Deno.test("Every type has a title and a body in both languages, and times are Korea's", () => {
  const told = {
    v: 1 as const,
    partyTitle: "파티",
    itemId: v7(),
    itemName: "사과",
    marketId: v7(),
    marketName: "시장",
    startsAt: "2026-12-31T15:30:00.000Z",
    actorId: v7(),
    actorName: "이웃",
    userId: v7(),
    ...ANY_FACTS,
  };
  for (const type of EVENT_TYPES) {
    const [ko, en] = [wordAlert("ko", type, told), wordAlert("en", type, told)];
    assert.match(ko.title, /[가-힣]/);
    assert.match(en.title, /^[A-Z][\x20-\x7e]*|사과$/);
    for (const { title, body } of [ko, en]) assert.ok(title && body && !`${title}${body}`.includes("undefined"), type);
  }
  assert.equal(wordAlert("ko", "party.created", told).body, "시장 · 1월 1일 (금) 오전 12:30 · 파티");
  assert.equal(wordAlert("en", "party.created", told).body, "시장 · Fri, Jan 1, 12:30 AM · 파티");
  assert.equal(
    wordAlert("ko", "party.updated", told).body,
    "파티 · 바뀐 내용: 제목, 시작 시간 · 1월 1일 (금) 오전 12:30",
  );
  assert.equal(wordAlert("en", "party.updated", told).body, "파티 · Changed: title, start · Fri, Jan 1, 12:30 AM");
  const byTime = { ...told, actorId: null };
  assert.equal(wordAlert("en", "party.cancelled", byTime).body, "파티 · Reason: nobody joined in time");
});

Deno.test("An alert is in the inbox within a second of the change, without a poll's wait", async () => {
  const [reader, leader] = await addPeople(service, 2);
  const party = await addParty(service, leader!.id);
  const tellReader = () =>
    tell(service, { type: "join.accepted", partyId: party.id, actorId: leader!.id, userId: reader!.id });
  await tellReader();
  await allTold(service, party);
  const started = performance.now();
  await tellReader();
  await poll(async () => (await inboxOf(service, reader!)).length === 2, { timeoutMs: 5_000 });
  assert.ok(performance.now() - started < 1_000, `took ${performance.now() - started} ms`);
});

let lastInQueue = 0;

async function addMember(party: PlainParty, { id }: { id: string }, status: string): Promise<void> {
  await service.sql`
    insert into party_members (party_id, user_id, role, status, quantity, queue_no, requested_at)
    values (${party.id}, ${id}, 'member', ${status}, 1,
      ${status === "waiting" ? ++lastInQueue : null}, now())`;
}

async function withdraw({ id }: { id: string }): Promise<void> {
  await service.sql`
    update users
    set email = null, password_hash = null, nickname = null, home_address = null, home_lat = null, home_lng = null,
      home_region_code = null, withdrawn_at = now()
    where id = ${id}`;
}
