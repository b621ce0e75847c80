/** Events that wait to be written share a transaction, and none of them spoils the others. */
import assert from "node:assert/strict";
import { writeAlerts } from "../services/alert_writing.ts";
import { inTransaction } from "../services/transaction.ts";
import { type AlertLanes, openAlertLanes } from "../workers/alert_lanes.ts";
import { addParty, addPeople, assertTold, favourMarket, inboxOf, tell } from "./alert_world.ts";
import { type IdleWorld, openIdleWorld } from "./fragile_world.ts";

interface Line {
  world: IdleWorld;
  lanes: AlertLanes;
  /** Ids of events, all waiting, and of the person whom each is about. */
  events: { partyId: string; eventId: string; userId: string }[];
  people: { id: string }[];
}

/** So many events, in turns about each of three people. */
async function openLine(stack: AsyncDisposableStack, count: number): Promise<Line> {
  const world = await openIdleWorld(stack), lanes = stack.use(openAlertLanes(world.deps));
  const [leader, ...people] = await addPeople(world, 4);
  const party = await addParty(world, leader!.id);
  const events: Line["events"] = [];
  for (let i = 0; i < count; i++) {
    const userId = people[i % people.length]!.id;
    const about = { type: "join.accepted" as const, partyId: party.id, actorId: leader!.id, userId };
    events.push({ partyId: party.id, eventId: await tell(world, about), userId });
  }
  return { world, lanes, events, people };
}

Deno.test("Two hundred events that wait are a few transactions, and each person's alerts are numbered in their order", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, lanes, events, people } = await openLine(stack, 200);
  await Promise.all(events.map((event) => lanes.write(event)));
  await assertNumbered(world, events, people);
  const [row] = await world.sql<{ count: number }[]>`select count(distinct xmin::text)::int as count from alerts`;
  assert.ok(row!.count <= 20, `${row!.count} transactions`);
});

/** 1..n for each person, and in the order of the events for those that a transaction has written together. */
async function assertNumbered({ sql }: IdleWorld, events: Line["events"], people: { id: string }[]): Promise<void> {
  const places = new Map(events.map(({ eventId }, i) => [eventId, i]));
  for (const { id } of people) {
    const rows = await sql<{ seq: number; eventId: string; transaction: string }[]>`
      select seq, event_id as "eventId", xmin::text as transaction from alerts where user_id = ${id} order by seq`;
    assert.deepEqual(rows.map(({ seq }) => seq), rows.map((_, i) => i + 1));
    assert.equal(rows.length, events.filter(({ userId }) => userId === id).length);
    for (const together of Map.groupBy(rows, ({ transaction }) => transaction).values()) {
      const order = together.map(({ eventId }) => places.get(eventId)!);
      assert.deepEqual(order, order.toSorted((a, b) => a - b));
    }
  }
}

Deno.test("An event that cannot be read is refused by itself: those that share its transaction are written", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, lanes, events } = await openLine(stack, 60);
  const poisoned = events[41]!;
  await world.sql`update events set payload = '{"actorId": "nobody"}' where id = ${poisoned.eventId}`;
  const outcomes = await Promise.allSettled(events.map((event) => lanes.write(event)));
  assert.deepEqual(outcomes.flatMap(({ status }, i) => status === "rejected" ? [i] : []), [41]);
  const [row] = await world.sql`
    select count(*)::int as alerts, (select count(*)::int from events where retired_at is null) as left
    from alerts`;
  assert.deepEqual({ ...row }, { alerts: 59, left: 1 });
});

Deno.test("An inbox that somebody holds keeps back the events about its person, and no other for long", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, lanes, events, people } = await openLine(stack, 60);
  const held = people[0]!;
  await world.sql`insert into alert_heads (user_id) values (${held.id})`;
  const { rest } = await inTransaction(world.sql, async (tx) => {
    await tx`select from alert_heads where user_id = ${held.id} for update`;
    const isHeld = ({ userId }: { userId: string }) => userId === held.id;
    const writing = events.map((event) => ({ ...event, outcome: lanes.write(event) }));
    const rest = Promise.allSettled(writing.filter(isHeld).map(({ outcome }) => outcome));
    await Promise.all(writing.filter((each) => !isHeld(each)).map(({ outcome }) => outcome));
    assert.equal((await inboxOf(world, held)).length, 0);
    return { rest };
  });
  assert.ok((await rest).every(({ status }) => status === "fulfilled"));
  for (const { id } of people) assert.equal((await inboxOf(world, { id })).length, 20);
});

Deno.test("An event that is told again while it is written is done when it is written, and is written once", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, lanes, events, people } = await openLine(stack, 3);
  await Promise.all([...events, ...events, ...events].map((event) => lanes.write(event)));
  for (const { id } of people) assert.equal((await inboxOf(world, { id })).length, 1);
});

Deno.test("A small event that shares a transaction with a large one is written whole, and the large one as far as there is room", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, lanes, events: [small] } = await openLine(stack, 1);
  const [leader] = await addPeople(world, 1), crowd = await addPeople(world, 2_500);
  const party = await addParty(world, leader!.id);
  await favourMarket(world, party, crowd);
  const eventId = await tell(world, { type: "party.created", partyId: party.id, actorId: leader!.id });
  const large = { partyId: party.id, eventId };
  const told = await writeAlerts(world.deps, [large, small!]);
  assert.deepEqual(told.map(({ count, waiting }) => [count, waiting.length]), [[999, 1_501], [1, 0]]);
  await lanes.write(large);
  await assertTold(world, crowd, [eventId]);
});
