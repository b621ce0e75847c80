import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { recordEvent } from "../services/events.ts";
import { inTransaction } from "../services/transaction.ts";
import { startAlerts } from "../workers/alerts.ts";
import { startOutbox } from "../workers/outbox.ts";
import {
  addParty,
  addPeople,
  allTold,
  assertTold,
  favourMarket,
  newRegion,
  partyWithFans,
  tell,
  writeEvent,
} from "./alert_world.ts";
import { openFragileSql, openIdleWorld } from "./fragile_world.ts";
import { poll } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

Deno.test("An event is never there without its change, nor the change without it", async () => {
  const { party, leader } = await partyWithFans(service, 1);
  const failing = inTransaction(service.sql, async (tx) => {
    await tx`update parties set title = 'changed' where id = ${party.id}`;
    await recordEvent(service.deps, tx, { type: "party.confirmed", partyId: party.id, actorId: leader.id });
    throw new Error("no");
  });
  await assert.rejects(failing, /no/);
  const rows = await service.sql`
    select p.title, (select count(*)::int from events where party_id = p.id) as events
    from parties p
    where p.id = ${party.id}`;
  assert.deepEqual({ ...rows[0] }, { title: "같이 사요", events: 0 });
});

Deno.test("A message delivered ten times, on two workers at once, is one alert for each person", async () => {
  await using stack = new AsyncDisposableStack();
  stack.use(await startAlerts(service.deps));
  const { fans, party, created } = await partyWithFans(service, 50, { regionCode: newRegion() });
  const eventId = await tell(service, created);
  const body = JSON.stringify({ partyId: party.id, eventId });
  await Promise.all(Array.from({ length: 10 }, async () => {
    await service.deps.queue.publish(party.regionCode, { id: eventId, type: created.type, body });
    await writeEvent(service, { partyId: party.id, eventId });
  }));
  await allTold(service, party);
  const { fans: others, party: later, created: next } = await partyWithFans(service, 1, party);
  await tell(service, next);
  await allTold(service, later);
  await assertTold(service, fans, [eventId]);
  assert.equal(others.length, 1);
});

Deno.test("Many events with the same people among their recipients, each written by several workers at once, end as 1..n for everyone", async () => {
  const check = fc.asyncProperty(
    fc.array(fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), { minLength: 2, maxLength: 10 }),
    async (favours) => {
      const people = await addPeople(service, 8), [leader] = await addPeople(service, 1);
      const events = await Promise.all(favours.map(async (row) => {
        const fans = people.filter((_, i) => row[i]);
        const party = await addParty(service, leader!.id);
        await favourMarket(service, party, fans);
        const eventId = await tell(service, { type: "party.created", partyId: party.id, actorId: leader!.id });
        return { fans, party, eventId };
      }));
      const twice = [...events, ...events.toReversed()];
      await Promise.all(twice.map(({ party, eventId }) => writeEvent(service, { partyId: party.id, eventId })));
      for (const person of people) {
        const theirs = events.filter(({ fans }) => fans.includes(person)).map(({ eventId }) => eventId);
        await assertTold(service, [person], theirs);
      }
    },
  );
  await fc.assert(check, { numRuns: 15 });
});

Deno.test("A worker whose transaction is killed in the midst of 2,500 recipients leaves nobody out and tells nobody twice", async () => {
  const { fans, party, created } = await partyWithFans(service, 2_500);
  const last = fans.map(({ id }) => id).toSorted()[1_500]!;
  await service.sql`insert into alert_heads (user_id) values (${last})`;
  const eventId = await inTransaction(service.sql, async (tx) => {
    // Holds up the second thousand, the first being written.
    await tx`select from alert_heads where user_id = ${last} for update`;
    const eventId = await tell(service, created);
    const { pid, written } = await poll(async () => {
      const [row] = await service.sql<{ pid: number; written: number }[]>`
        select pid, (select count(*)::int from alerts where event_id = ${eventId}) as written
        from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%alert_heads%'`;
      return row;
    }, { timeoutMs: 30_000 });
    assert.equal(written, 1_000);
    await service.sql`select pg_terminate_backend(${pid})`;
    return eventId;
  });
  await allTold(service, party, 30_000);
  await assertTold(service, fans, [eventId]);
});

Deno.test("While the database drops every connection again and again, all are told once and nothing becomes a dead letter", async () => {
  const { fans, party, created } = await partyWithFans(service, 20, { regionCode: newRegion() });
  const { sql } = service;
  for (let round = 0; round < 5; round++) {
    // Some are cut off too, and whether they were recorded is for the table to say.
    await Promise.allSettled(Array.from({ length: 4 }, () => tell(service, created)));
    const others = sql`
      select pg_terminate_backend(pid)
      from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    await Promise.allSettled([others, tell(service, created)]);
  }
  const recorded = await poll(() => sql`select id from events where party_id = ${party.id}`.catch(() => null));
  assert.ok(recorded.length > 5);
  // What was cut off between claim and publication waits for its lease.
  await poll(async () => {
    service.clock.advance(5_000);
    return await allTold(service, party, 500).then(() => true, () => false);
  }, { timeoutMs: 30_000 });
  await assertTold(service, fans, recorded.map(({ id }) => id));
  assert.deepEqual(await service.deps.queue.deadLetters(party.regionCode, 10), []);
});

Deno.test("A worker whose database is away holds its messages: none is a dead letter, and all are told when it is back", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { sql, proxy } = await openFragileSql(stack, world);
  stack.use(await startOutbox(world.deps));
  stack.use(await startAlerts({ ...world.deps, sql }));
  const { fans, party, created } = await partyWithFans(world, 3);
  const first = await tell(world, created);
  await allTold(world, party);
  proxy.set("away");
  const second = await tell(world, created);
  // Longer than a message that is refused takes to die.
  const away = performance.now();
  await poll(() => performance.now() - away > 5_000);
  assert.ok(proxy.refused() > 0);
  proxy.set("pass");
  await allTold(world, party);
  await assertTold(world, fans, [first, second]);
  assert.deepEqual(await world.deps.queue.deadLetters(party.regionCode, 10), []);
});

Deno.test("The first event of a region that no queue was ever declared for is told at once", async () => {
  const { fans, party, created } = await partyWithFans(service, 3, { regionCode: newRegion() });
  const eventId = await tell(service, created);
  await allTold(service, party, 5_000);
  await assertTold(service, fans, [eventId]);
});

Deno.test("A poisoned message is a dead letter within 10 s, and its neighbours on the queue go on meanwhile", async () => {
  const { fans, party, created } = await partyWithFans(service, 3, { regionCode: newRegion() });
  const poison = [
    { id: v7(), type: "party.created", body: "{" },
    { id: v7(), type: "party.created", body: JSON.stringify({ partyId: "x", eventId: v7() }) },
  ];
  const { deps } = service;
  for (const message of poison) await deps.queue.publish(party.regionCode, message);
  const started = performance.now();
  const eventId = await tell(service, created);
  await allTold(service, party, 3_000);
  await assertTold(service, fans, [eventId]);
  const letters = await poll(async () => {
    const letters = await deps.queue.deadLetters(party.regionCode, 10);
    return letters.length === 2 && letters;
  });
  assert.ok(performance.now() - started < 10_000);
  assert.deepEqual(letters.map(({ id }) => id).toSorted(), poison.map(({ id }) => id).toSorted());
});

Deno.test("A message about an event that is gone is taken and done with", async () => {
  assert.equal(await writeEvent(service, { partyId: v7(), eventId: v7() }), 0);
});
