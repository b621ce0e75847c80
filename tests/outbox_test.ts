import assert from "node:assert/strict";
import { v7 } from "uuid";
import { openMemoryQueue } from "../adapters/queue_memory.ts";
import type { Queue } from "../services/ports.ts";
import { startAlerts } from "../workers/alerts.ts";
import { startOutbox } from "../workers/outbox.ts";
import { sweep } from "../workers/sweep.ts";
import { allTold, assertTold, inboxOf, partyWithFans, tell, type World, writeEvent } from "./alert_world.ts";
import { openFragileQueue, openIdleWorld } from "./fragile_world.ts";
import { poll } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";

const publishCount = async ({ sql }: World, eventId: string): Promise<number> =>
  (await sql`select publish_count as n from events where id = ${eventId}`)[0]!.n;

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
    // As long as a consumer that the broker has lost sight of takes to begin afresh, and more.
  }, { timeoutMs: 100_000 });
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
  await writeEvent(world, { partyId: party.id, eventId: retired });
  await world.sql`
    insert into idempotency_keys (user_id, key, request_hash, status, response, created_at)
    select ${fan!.id}, n::text, '', 201, '{}', ${world.clock.now()}
    from generate_series(1, 1500) as n`;
  assert.deepEqual(await kept(), { events: 2, keys: 1_500 });
  world.clock.advance(day + 1);
  assert.deepEqual(await kept(), { events: 2, keys: 0 });
  world.clock.advance(6 * day);
  assert.deepEqual(await kept(), { events: 1, keys: 0 });
  assert.equal(await writeEvent(world, { partyId: party.id, eventId: retired }), 0);
  assert.equal(await writeEvent(world, { partyId: party.id, eventId: waiting }), 1);
  assert.equal((await inboxOf(world, fan!)).length, 2);
});

Deno.test("The sweep deletes sessions a day after they are over, with their tokens, and no other", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { fans: [fan] } = await partyWithFans(world, 1);
  const now = world.clock.now();
  const expiries = { over: new Date(now.getTime() - 25 * 3600_000), justOver: new Date(now.getTime() - 3600_000) };
  for (const expiresAt of Object.values(expiries)) {
    const id = v7();
    await world.sql`
      insert into sessions (id, user_id, created_at, expires_at)
      values (${id}, ${fan!.id}, ${now}, ${expiresAt})`;
    await world.sql`
      insert into refresh_tokens (token_hash, session_id, issued_at, expires_at)
      values (${Buffer.from(id)}, ${id}, ${now}, ${expiresAt})`;
  }
  const ofFan = () => world.sql`select expires_at from sessions where user_id = ${fan!.id} order by expires_at`;
  const before = (await ofFan()).length;
  await sweep(world.deps, new AbortController().signal);
  const left = await ofFan();
  assert.equal(left.length, before - 1);
  assert.deepEqual(left[0]!.expires_at, expiries.justOver);
  const [{ tokens }] = await world.sql<[{ tokens: number }]>`
    select count(*)::int as tokens from refresh_tokens where expires_at = ${expiries.over}`;
  assert.equal(tokens, 0);
});
