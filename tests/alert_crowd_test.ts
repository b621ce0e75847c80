/** An event with very many recipients holds up neither them nor other events. */
import assert from "node:assert/strict";
import { addParty, assertTold, favourMarket, inboxOf, partyWithFans, tell, writeEvent } from "./alert_world.ts";
import { openIdleWorld } from "./fragile_world.ts";
import { poll } from "./harness.ts";

const CROWD = 10_000;

Deno.test("While an event is written to 10,000 people, another one reaches the first and the last of them, each in less than the whole takes", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { fans, party, created } = await partyWithFans(world, CROWD);
  const eventId = await tell(world, created);
  const began = performance.now();
  const whole = writeEvent(world, { partyId: party.id, eventId }).then((written) => {
    assert.equal(written, CROWD);
    return performance.now() - began;
  });
  const waits: number[] = [], told: string[] = [];
  const ids = fans.map(({ id }) => id).toSorted();
  for (const id of [ids[0]!, ids.at(-1)!]) {
    await poll(async () => (await world.sql`select from alerts where event_id = ${eventId} limit 1`).count === 1);
    const about = { type: "join.accepted" as const, partyId: party.id, actorId: party.leaderId, userId: id };
    const otherId = await tell(world, about);
    const asked = performance.now();
    await writeEvent(world, { partyId: party.id, eventId: otherId });
    waits.push(performance.now() - asked);
    told.push(otherId);
  }
  const wholeMs = await whole;
  for (const wait of waits) assert.ok(wait < wholeMs / 2, `waited ${wait} ms of ${wholeMs}`);
  for (const [i, id] of [ids[0]!, ids.at(-1)!].entries()) {
    const inbox = await inboxOf(world, { id });
    assert.deepEqual(inbox.map(({ seq }) => seq), [1, 2]);
    assert.deepEqual(inbox.map((line) => line.eventId).toSorted(), [eventId, told[i]!].toSorted());
  }
  await assertTold(world, fans.filter(({ id }) => id !== ids[0] && id !== ids.at(-1)), [eventId]);
});

Deno.test("Four events to the same 10,000 people, written at once, wait for each other and never for good: no deadlock, each person has all four", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { fans, party, created } = await partyWithFans(world, CROWD);
  const parties = [party];
  for (const order of [fans.toReversed(), fans, fans.toReversed()]) {
    const another = await addParty(world, party.leaderId);
    await favourMarket(world, another, order);
    parties.push(another);
  }
  const events = await Promise.all(parties.map(async (each) => ({
    partyId: each.id,
    eventId: await tell(world, { ...created, partyId: each.id }),
  })));
  await Promise.all(events.map((event) => writeEvent(world, event)));
  await assertTold(world, fans, events.map(({ eventId }) => eventId));
  const [row] = await world.sql<{ deadlocks: number }[]>`
    select deadlocks::int
    from pg_stat_database
    where datname = current_database()`;
  assert.equal(row!.deadlocks, 0);
});
