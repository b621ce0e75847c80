import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { openMemoryQueue } from "../adapters/queue_memory.ts";
import { writeAlerts } from "../services/alert_writing.ts";
import { recordEvent } from "../services/events.ts";
import type { Queue } from "../services/ports.ts";
import { inTransaction } from "../services/transaction.ts";
import { startAlerts } from "../workers/alerts.ts";
import { startOutbox } from "../workers/outbox.ts";
import { sweep } from "../workers/sweep.ts";
import { addParty, addPeople, allTold, favourMarket, inboxOf, newRegion, tell, type World } from "./alert_world.ts";
import { openFragileQueue, openIdleWorld, startAlertService } from "./alert_world.ts";
import { poll, type TestService } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";

let service: TestService;
Deno.test.beforeAll(async () => {
  service = await startAlertService();
});
Deno.test.afterAll(async () => await service[Symbol.asyncDispose]());

/** A party whose market these many people favour. */
async function partyWithFans(world: World, count: number, place: { regionCode?: string } = {}) {
  const [leader] = await addPeople(world, 1), fans = await addPeople(world, count);
  const party = await addParty(world, leader!.id, place);
  await favourMarket(world, party, fans);
  return {
    leader: leader!,
    fans,
    party,
    created: { type: "party.created" as const, partyId: party.id, actorId: leader!.id },
  };
}

/** Asserts that each of these people has been told exactly these events, each once, numbered from 1. */
async function assertTold(world: World, people: { id: string }[], eventIds: string[]): Promise<void> {
  const rows = await world.sql<{ userId: string; seqs: number[]; eventIds: string[] }[]>`
    select user_id as "userId", array_agg(seq order by seq) as seqs, array_agg(event_id order by event_id) as "eventIds"
    from alerts
    where user_id = any(${people.map(({ id }) => id)}::uuid[])
    group by user_id`;
  assert.equal(rows.length, eventIds.length === 0 ? 0 : people.length);
  for (const { seqs, eventIds: told } of rows) {
    assert.deepEqual(told, eventIds.toSorted());
    assert.deepEqual(seqs, eventIds.map((_, i) => i + 1));
  }
}

const publishCount = async ({ sql }: World, eventId: string): Promise<number> =>
  (await sql`select publish_count as n from events where id = ${eventId}`)[0]!.n;

Deno.test("An event is never there without its change, nor the change without it", async () => {
  const { party, leader } = await partyWithFans(service, 1);
  const failing = inTransaction(service.sql, async (tx) => {
    await tx`update parties set title = 'changed' where id = ${party.id}`;
    await recordEvent(service.deps, tx, { type: "party.cancelled", partyId: party.id, actorId: leader.id });
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
    await writeAlerts(service.deps, { partyId: party.id, eventId });
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
      await Promise.all(twice.map(({ party, eventId }) => writeAlerts(service.deps, { partyId: party.id, eventId })));
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
    });
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
  assert.equal(await writeAlerts(service.deps, { partyId: v7(), eventId: v7() }), 0);
});

Deno.test("A broker that has lost everything is told again, and each person once", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { queue, published, wipe } = openFragileQueue(stack, world);
  const deps = { ...world.deps, queue };
  stack.use(await startOutbox(deps));
  const { fans, party, created } = await partyWithFans(world, 5);
  const eventId = await tell(world, created);
  await poll(() => published() === 1);
  await wipe(party.regionCode);
  stack.use(await startAlerts(deps));
  const other = await partyWithFans(world, 1);
  const otherId = await tell(world, other.created);
  await allTold(world, other.party);
  await assertTold(world, other.fans, [otherId]);
  await assertTold(world, fans, []);
  world.clock.advance(15_000);
  await allTold(world, party);
  await assertTold(world, fans, [eventId]);
  assert.equal(await publishCount(world, eventId), 2);
});

Deno.test("A region queue deleted under its worker is declared again, and nothing is lost", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { queue, wipe } = openFragileQueue(stack, world);
  const deps = { ...world.deps, queue };
  stack.use(await startOutbox(deps));
  const worker = await startAlerts(deps);
  const { fans, party, created } = await partyWithFans(world, 5);
  const first = await tell(world, created);
  await allTold(world, party);
  await wipe(party.regionCode);
  const second = await tell(world, created);
  // The embedded queue is gone with its consumers: as after a restart, they begin anew.
  if (!Deno.env.get("AMQP_URL")) {
    await worker[Symbol.asyncDispose]();
    stack.use(await startAlerts(deps));
  } else stack.use(worker);
  await poll(async () => {
    world.clock.advance(2_000);
    return await allTold(world, party, 500).then(() => true, () => false);
  }, { timeoutMs: 30_000 });
  await assertTold(world, fans, [first, second]);
});

Deno.test("What was recorded while no outbox ran is published when some run, by one of them each", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { fans, party, created } = await partyWithFans(world, 3);
  const eventIds = await Promise.all(Array.from({ length: 300 }, () => tell(world, created)));
  for (let n = 0; n < 2; n++) stack.use(await startAlerts(world.deps));
  for (let n = 0; n < 3; n++) stack.use(await startOutbox(world.deps));
  await allTold(world, party, 20_000);
  await assertTold(world, fans, eventIds);
  const counts = await world.sql`select distinct publish_count as n from events`;
  assert.deepEqual(counts.map(({ n }) => n), [1]);
});

Deno.test("While the broker takes nothing events wait, and within 5 s of its return all are told", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const open = stack.use(openMemoryQueue({ log: quietLog }));
  let isDown = true, refusals = 0;
  const queue: Queue = {
    ...open,
    publish(...args) {
      if (!isDown) return open.publish(...args);
      refusals += 1;
      return Promise.reject(new Error("down"));
    },
  };
  const deps = { ...world.deps, queue };
  stack.use(await startAlerts(deps));
  stack.use(await startOutbox(deps));
  const { fans, party, created } = await partyWithFans(world, 3);
  const eventIds = await Promise.all(Array.from({ length: 400 }, () => tell(world, created)));
  await poll(() => refusals > 20);
  isDown = false;
  const started = performance.now();
  await allTold(world, party, 20_000);
  assert.ok(performance.now() - started < 5_000, `took ${performance.now() - started} ms`);
  await assertTold(world, fans, eventIds);
});

Deno.test("An event that nobody retires is published again, each time after a longer wait, and none that is retired", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  stack.use(await startOutbox(world.deps));
  const { created, party } = await partyWithFans(world, 1);
  const eventId = await tell(world, created);
  for (const [n, leaseS] of [10, 20, 40, 80, 160, 300, 300].entries()) {
    await poll(async () => await publishCount(world, eventId) === n + 1);
    const [row] = await world.sql<{ publishAfter: Date }[]>`select publish_after as "publishAfter" from events`;
    const leftS = (row!.publishAfter.getTime() - world.clock.now().getTime()) / 1000;
    assert.ok(leftS > leaseS - 3 && leftS <= leaseS * 1.25, `${leftS} s after ${n + 1}`);
    world.clock.advance(leaseS * 1250);
  }
  stack.use(await startAlerts(world.deps));
  await allTold(world, party);
  const published = await publishCount(world, eventId);
  world.clock.advance(24 * 3600_000);
  const next = await partyWithFans(world, 1);
  await tell(world, next.created);
  await allTold(world, next.party);
  assert.equal(await publishCount(world, eventId), published);
});

Deno.test("The sweep deletes events a week after they were retired and idempotent answers after a day, and nothing else", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { created, party, fans: [fan] } = await partyWithFans(world, 1);
  const day = 24 * 3600_000, { signal } = new AbortController();
  const kept = async () => {
    await sweep(world.deps, signal);
    const [row] = await world.sql<{ events: number; keys: number }[]>`
      select (select count(*)::int from events) as events, (select count(*)::int from idempotency_keys) as keys`;
    return { ...row };
  };
  const waiting = await tell(world, created), retired = await tell(world, created);
  await writeAlerts(world.deps, { partyId: party.id, eventId: retired });
  await world.sql`
    insert into idempotency_keys (user_id, key, request_hash, status, response, created_at)
    select ${fan!.id}, n::text, '', 201, '{}', ${world.clock.now()}
    from generate_series(1, 1500) as n`;
  assert.deepEqual(await kept(), { events: 2, keys: 1_500 });
  world.clock.advance(day + 1);
  assert.deepEqual(await kept(), { events: 2, keys: 0 });
  world.clock.advance(6 * day);
  assert.deepEqual(await kept(), { events: 1, keys: 0 });
  assert.equal(await writeAlerts(world.deps, { partyId: party.id, eventId: retired }), 0);
  assert.equal(await writeAlerts(world.deps, { partyId: party.id, eventId: waiting }), 1);
  assert.equal((await inboxOf(world, fan!)).length, 2);
});
