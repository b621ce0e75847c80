import assert from "node:assert/strict";
import {
  EVENT_TYPES,
  EVENTS,
  type EventType,
  type PartyField,
  PENALTIES_CHANGED,
  PenaltiesChanged,
} from "../contract/events.ts";
import { recordEvent } from "../services/events.ts";
import { inTransaction } from "../services/transaction.ts";
import { allTold, favourMarket, inboxOf, type PlainParty } from "./alert_world.ts";
import { HOUR_MS } from "./deadline_world.ts";
import { openEvents } from "./event_stream.ts";
import { addMarket, joinAccepted, openParty, type Person, poll, signUp, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

/** Asks for what has to succeed. */
async function done(method: string, path: string, { token }: Person, body?: unknown) {
  const answer = await service.call(method, path, { token, body });
  assert.ok(answer.status < 300, `${method} ${path} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const typesOf = async (person: { id: string }) => (await inboxOf(service, person)).map(({ type }) => type).toSorted();
const inHours = (hours: number) => new Date(service.clock.now().getTime() + hours * HOUR_MS).toISOString();
const lastOf = async (person: Person) => (await done("GET", "/api/alerts?limit=1", person)).items[0];

Deno.test("There is no type of event that nothing produces, nobody is told of, or the table does not know", async () => {
  const [leader, member, absent, removed, refused, fan, waiting, passing] = await signUpAll(service, 8) as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  const market = await addMarket(service);
  await favourMarket(service, { marketId: market.id } as PlainParty, [fan]);
  const party = await openParty(service, leader, { marketId: market.id, capacity: 6 });
  const path = `/api/parties/${party.id}`;
  for (const each of [member, absent, removed]) await joinAccepted(service, party, leader, each);
  await done("PATCH", `${path}/members/${removed.id}`, leader, { status: "removed" });
  await done("POST", `${path}/join`, refused);
  await done("PATCH", path, leader, { note: "장바구니를 가져오세요" });
  // Whom it concerns is read when it is told: while they still wait.
  await allTold(service, party);
  await done("PATCH", `${path}/members/${refused.id}`, leader, { status: "rejected" });
  await done("POST", `${path}/confirm`, leader);
  await service.sql`
    update parties
    set starts_at = now() + interval '2 hours', join_until = now(), remind_at = now()
    where id = ${party.id}`;
  const reminders = () => service.sql`select from events where party_id = ${party.id} and type = 'party.reminder'`;
  await poll(async () => (await reminders()).count === 1);
  await service.sql`update parties set starts_at = now(), join_until = now() where id = ${party.id}`;
  await done("POST", `${path}/complete`, leader);
  await done("POST", `${path}/penalties`, leader, { userIds: [absent.id], reason: "연락 없이 오지 않음" });
  await done("PUT", `${path}/settlement`, leader, { totalKrw: 24_000 });
  const cancelled = await openParty(service, leader, {
    marketId: market.id,
    quantity: 2,
    unit: "ea",
    leaderQuantity: 1,
  });
  await joinAccepted(service, cancelled, leader, passing);
  await done("POST", `/api/parties/${cancelled.id}/join`, waiting, { waitlist: true });
  await done("DELETE", `/api/parties/${cancelled.id}/members/me`, passing);
  await done("POST", `/api/parties/${cancelled.id}/cancel`, leader);
  for (const each of [party, cancelled]) await allTold(service, each);

  const produced = await service.sql<{ type: EventType | typeof PENALTIES_CHANGED; payload: unknown }[]>`
    select type, payload
    from events
    where party_id in (${party.id}, ${cancelled.id})`;
  assert.deepEqual(
    [...new Set(produced.map(({ type }) => type))].toSorted(),
    [...EVENT_TYPES, PENALTIES_CHANGED].toSorted(),
  );
  for (const { type, payload } of produced) {
    (type === PENALTIES_CHANGED ? PenaltiesChanged : EVENTS[type].payload).parse(payload);
  }
  const told = await Promise.all([leader, member, absent, removed, refused, fan, waiting].map(typesOf));
  assert.deepEqual([...new Set(told.flat())].toSorted(), [...EVENT_TYPES].toSorted());
  assert.deepEqual(
    told,
    [
      [...Array.from({ length: 5 }, () => "join.requested"), "party.reminder"],
      ["chat.opened", "join.accepted", "party.confirmed", "party.reminder", "party.updated", "settlement.requested"],
      // The chat was open when they came in.
      ["join.accepted", "party.confirmed", "party.reminder", "party.updated", "penalty.received"],
      ["join.accepted", "member.removed"],
      ["join.rejected", "party.updated"],
      ["party.cancelled", "party.created", "party.created"],
      ["offer.made", "party.cancelled"],
    ].map((types) => types.toSorted()),
  );
  for (const person of [leader, member, absent, removed, refused, fan, waiting]) {
    for (const locale of ["ko", "en"]) {
      await done("PATCH", "/api/me", person, { locale });
      const { items } = await done("GET", "/api/alerts", person);
      for (const { title, body } of items) assert.match(title + body, /^(?!.*(undefined|null|\[object)).+$/);
    }
  }
});

Deno.test("A change of a party tells those in it and those who wait what is different, and what only looks like a change tells nobody", async () => {
  const [leader, member, pending, stranger] = await signUpAll(service, 4) as [Person, Person, Person, Person];
  const party = await openParty(service, leader);
  const path = `/api/parties/${party.id}`;
  await joinAccepted(service, party, leader, member);
  await done("POST", `${path}/join`, pending);
  // So that the stream brings only what comes now.
  await allTold(service, party);
  await using stream = await openEvents(`${service.url}/api/alerts/stream`, { token: member.token });
  await stream.take("ready", 1);
  const changedBy = async (change: Record<string, unknown>): Promise<PartyField[] | undefined> => {
    const { count } = await service.sql`select from events where party_id = ${party.id} and type = 'party.updated'`;
    await done("PATCH", path, leader, change);
    const rows = await service.sql`
      select payload -> 'changed' as changed
      from events
      where party_id = ${party.id} and type = 'party.updated'
      order by created_at, id`;
    return rows[count]?.changed;
  };
  const { title, note, startsAt, endsAt, joinUntil, priceKrw, capacity } = party;
  assert.equal(await changedBy({ title, note, startsAt, endsAt, joinUntil, priceKrw, capacity }), undefined);
  assert.equal(await changedBy({ autoAccept: true }), undefined, "concerns only who is not in");
  assert.deepEqual(await changedBy({ title: "새 제목", priceKrw: null }), ["title", "priceKrw"]);
  assert.deepEqual(await changedBy({ title: "새 제목", note: "메모" }), ["note"]);
  assert.deepEqual(await changedBy({ capacity: 5 }), ["capacity"]);
  const later = { startsAt: inHours(30), endsAt: inHours(31) };
  assert.deepEqual(await changedBy(later), ["startsAt", "endsAt"], "the time to join only went along");
  assert.deepEqual(await changedBy({ joinUntil: inHours(20) }), ["joinUntil"]);
  await allTold(service, party);
  const updates = (types: string[]) => types.filter((type) => type === "party.updated").length;
  const told = await Promise.all([leader, member, pending, stranger].map(typesOf));
  assert.deepEqual(told.map(updates), [0, 5, 5, 0]);
  const sent = (await stream.take("alert", 5)).map(({ data }) => data.body as string);
  assert.ok(sent.includes("새 제목 · 바뀐 내용: 제목, 가격"), sent.join("\n"));
  assert.ok(
    sent.some((body) => /^새 제목 · 바뀐 내용: 시작 시간, 끝나는 시간 · \d+월 \d+일/.test(body)),
    sent.join("\n"),
  );
});

Deno.test("A party that fills up by itself is confirmed by nobody: all in it are told; by its leader's decision, all but the leader", async () => {
  const [leader, first, last] = await signUpAll(service, 3) as [Person, Person, Person];
  const confirmations = async (person: Person) =>
    (await typesOf(person)).filter((type) => type === "party.confirmed").length;
  const byItself = await openParty(service, leader, { capacity: 3, autoAccept: true });
  for (const each of [first, last]) await done("POST", `/api/parties/${byItself.id}/join`, each);
  await allTold(service, byItself);
  assert.deepEqual(await Promise.all([leader, first, last].map(confirmations)), [1, 1, 1]);
  const byLeader = await openParty(service, leader, { capacity: 3 });
  for (const each of [first, last]) await joinAccepted(service, byLeader, leader, each);
  await allTold(service, byLeader);
  assert.deepEqual(await Promise.all([leader, first, last].map(confirmations)), [1, 2, 2]);
  const byCapacity = await openParty(service, leader, { capacity: 3 });
  await joinAccepted(service, byCapacity, leader, first);
  await done("PATCH", `/api/parties/${byCapacity.id}`, leader, { capacity: 2 });
  await allTold(service, byCapacity);
  assert.deepEqual(await Promise.all([leader, first, last].map(confirmations)), [1, 3, 2]);
});

Deno.test("A penalty is told to whom it was given, once, with its reason and to nobody else", async () => {
  const [leader, came, absent] = await signUpAll(service, 3) as [Person, Person, Person];
  const party = await openParty(service, leader, { capacity: 3 });
  for (const each of [came, absent]) await joinAccepted(service, party, leader, each);
  await service.sql`update parties set starts_at = now(), join_until = now() where id = ${party.id}`;
  await done("POST", `/api/parties/${party.id}/complete`, leader);
  await allTold(service, party);
  const order = { userIds: [absent.id], reason: "연락 없이 오지 않음" };
  await Promise.all([1, 2, 3].map(() => done("POST", `/api/parties/${party.id}/penalties`, leader, order)));
  await allTold(service, party);
  const penalties = async (person: Person) =>
    (await typesOf(person)).filter((type) => type === "penalty.received").length;
  assert.deepEqual(await Promise.all([leader, came, absent].map(penalties)), [0, 0, 1]);
  const { title, body, url } = await lastOf(absent);
  assert.deepEqual([title, body, url], [
    "페널티를 받았어요",
    `${party.title} · 사유: 연락 없이 오지 않음`,
    `/parties/${party.id}`,
  ]);
});

Deno.test("An event that cannot be recorded takes its change back: of no change there is none without its event", async () => {
  const [leader, member] = await signUpAll(service, 2) as [Person, Person];
  const party = await openParty(service, leader, { title: "바뀌기 전" });
  const path = `/api/parties/${party.id}`;
  await joinAccepted(service, party, leader, member);
  await allTold(service, party);
  await service.sql.unsafe(`alter table events add constraint no_more check (party_id <> '${party.id}') not valid`);
  try {
    for (
      const [method, rest, body] of [
        ["PATCH", "", { title: "바뀐 뒤" }],
        ["POST", "/confirm", undefined],
        ["PATCH", `/members/${member.id}`, { status: "removed" }],
      ] as const
    ) {
      const { status } = await service.call(method, path + rest, { token: leader.token, body });
      assert.equal(status, 500);
    }
  } finally {
    await service.sql`alter table events drop constraint no_more`;
  }
  const { title, status, memberCount } = await done("GET", path, leader);
  assert.deepEqual([title, status, memberCount], ["바뀌기 전", "open", 2]);
});

Deno.test("An event that nobody caused goes to everyone concerned", async () => {
  const leader = await signUp(service), member = await signUp(service);
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  await allTold(service, party);
  await inTransaction(
    service.sql,
    (tx) =>
      recordEvent(service.deps, tx, { type: "party.reminder", partyId: party.id, actorId: null, hoursBefore: 24 }),
  );
  await allTold(service, party);
  for (const person of [leader, member]) {
    assert.equal((await lastOf(person)).title, "파티가 하루 앞으로 다가왔어요");
  }
});
