/** Those who push: any number of them, killed, cut off and failing, lose nothing and do nothing twice that they need not. */
import assert from "node:assert/strict";
import { claimTurns, finishTurn } from "../services/push_queue.ts";
import type { Push } from "../services/ports.ts";
import { startPush } from "../workers/push.ts";
import { partyWithFans, type PlainParty, tell, writeEvent } from "./alert_world.ts";
import { type IdleWorld, openFragileSql, openIdleWorld } from "./fragile_world.ts";
import { environmentOf, poll } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { type Browser, openPushService, type PushService, subscribeAll, waitingFor } from "./push_world.ts";

interface Crowd {
  world: IdleWorld;
  pushes: PushService;
  fans: { id: string }[];
  browsers: Browser[];
  party: PlainParty;
  /** Tells all of them once more, without a worker. */
  tellAll(): Promise<void>;
}

/** People with a browser each and without quiet hours, and nobody at work yet. */
async function openCrowd(stack: AsyncDisposableStack, count: number): Promise<Crowd> {
  const pushes = stack.use(openPushService());
  const world = await openIdleWorld(stack, { PUSH_LOCAL_HOSTS: pushes.host });
  const { fans, party, created } = await partyWithFans(world, count);
  await world.sql`
    insert into alert_preferences (user_id, stream_off, push_off)
    select id, '{}', '{}'
    from unnest(${fans.map(({ id }) => id)}::uuid[]) as id`;
  const browsers = await Promise.all(fans.map(() => pushes.addBrowser()));
  await subscribeAll(world, fans, browsers);
  async function tellAll(): Promise<void> {
    const eventId = await tell(world, created);
    assert.equal(await writeEvent(world, { partyId: party.id, eventId }), count);
  }
  return { world, pushes, fans, browsers, party, tellAll };
}

const seqs = ({ received }: Browser) => received.map(({ payload }) => payload.seq as number);
const untilNoneWaits = ({ world, fans }: Crowd, timeoutMs = 30_000) =>
  poll(async () => await waitingFor(world, fans) === 0, { timeoutMs });
const startWorker = ({ world, pushes }: Crowd) =>
  startNode({
    ...environmentOf({ namespace: world.namespace, database: databaseOf(world) }),
    PUSH_LOCAL_HOSTS: pushes.host,
  }, "worker");
const databaseOf = ({ databaseUrl }: IdleWorld) => ({
  environment: { DATABASE_URL: databaseUrl },
  [Symbol.asyncDispose]: () => Promise.resolve(),
});
const pushOf = ({ deps }: IdleWorld) => deps.push!;
const taken = () => new Response(null, { status: 201 });

Deno.test("Three workers share two hundred pushes: each is sent once, and each browser's in order", async () => {
  await using stack = new AsyncDisposableStack();
  const crowd = await openCrowd(stack, 40);
  const { browsers } = crowd;
  for (const browser of browsers) {
    // As far away as a push service is.
    browser.answer = () => new Promise((resolve) => setTimeout(() => resolve(taken()), 50));
  }
  for (let n = 0; n < 5; n++) await crowd.tellAll();
  assert.equal(await waitingFor(crowd.world, crowd.fans), 200);
  for (const worker of await Promise.all([1, 2, 3].map(() => startWorker(crowd)))) stack.use(worker);
  await untilNoneWaits(crowd);
  assert.deepEqual(browsers.map(seqs), browsers.map(() => [1, 2, 3, 4, 5]));
});

Deno.test("A worker killed in the middle of two hundred pushes loses none: the next one sends what it left, in order", async () => {
  await using stack = new AsyncDisposableStack();
  const crowd = await openCrowd(stack, 40);
  const { world, browsers } = crowd;
  const killed = Promise.withResolvers<void>();
  let count = 0;
  for (const browser of browsers) {
    browser.answer = async () => {
      if (++count > 70) await killed.promise;
      return taken();
    };
  }
  for (let n = 0; n < 5; n++) await crowd.tellAll();
  const worker = stack.use(await startWorker(crowd));
  await poll(() => count >= 80);
  await worker.kill();
  killed.resolve();
  const onTheirWay = count - (200 - await waitingFor(world, crowd.fans));
  assert.ok(onTheirWay >= 10, `${onTheirWay} were on their way`);
  const sent = browsers.map((browser) => browser.received.length);
  // The leases of the one that was killed are over.
  world.clock.advance(31_000);
  stack.use(await startPush({ ...world.deps, push: pushOf(world) }));
  await untilNoneWaits(crowd);
  for (const [i, browser] of browsers.entries()) {
    // What was on its way may come twice, and nothing else; nothing is left out.
    assert.deepEqual([...new Set(seqs(browser))], [1, 2, 3, 4, 5]);
    assert.deepEqual(seqs(browser), seqs(browser).toSorted());
    assert.ok(browser.received.length <= 6, `${seqs(browser)} after ${sent[i]}`);
  }
});

Deno.test("An alert is never there without its pushes, wherever its writing is cut off", async () => {
  await using stack = new AsyncDisposableStack();
  const crowd = await openCrowd(stack, 20);
  const { world, fans, party } = crowd;
  const { sql, proxy } = await openFragileSql(stack, world);
  const eventId = await tell(world, { type: "party.created", partyId: party.id, actorId: party.leaderId });
  const told = async () => {
    const [row] = await world.sql<{ alerts: number; pushes: number }[]>`
      select (select count(*) from alerts)::int as alerts, (select count(*) from pushes)::int as pushes`;
    return row!;
  };
  let cuts = 0;
  for (let bytes = 400; (await told()).alerts === 0; bytes += 150, cuts++) {
    proxy.cutAfter(bytes);
    await writeEvent({ deps: { ...world.deps, sql } }, { partyId: party.id, eventId }).catch(() => {});
    const { alerts, pushes } = await told();
    assert.equal(pushes, alerts, `cut after ${bytes} bytes`);
  }
  assert.ok(cuts > 5, `${cuts} cuts`);
  assert.equal(await waitingFor(world, fans), 20);
});

Deno.test("A database that goes away and comes back finds the pusher at work", async () => {
  await using stack = new AsyncDisposableStack();
  const crowd = await openCrowd(stack, 5);
  const { world, browsers } = crowd;
  const { sql, proxy } = await openFragileSql(stack, world);
  stack.use(await startPush({ ...world.deps, sql, push: pushOf(world) }));
  for (let n = 1; n <= 3; n++) {
    proxy.set("away");
    await crowd.tellAll();
    await poll(() => proxy.refused() > 0);
    proxy.set("pass");
    await poll(() => browsers.every((browser) => seqs(browser).includes(n)), { timeoutMs: 20_000 });
  }
  await untilNoneWaits(crowd);
  assert.deepEqual(browsers.map(seqs), browsers.map(() => [1, 2, 3]));
});

Deno.test("A push whose sending throws comes again in a moment, again and again, and holds up nobody else's", async () => {
  await using stack = new AsyncDisposableStack();
  const crowd = await openCrowd(stack, 3);
  const { world, browsers } = crowd, real = pushOf(world);
  let thrown = 0;
  const push: Push = {
    ...real,
    send(target, ...rest) {
      if (target.endpoint !== browsers[0]!.endpoint || thrown >= 3) return real.send(target, ...rest);
      thrown += 1;
      throw new Error("what nobody has foreseen");
    },
  };
  stack.use(await startPush({ ...world.deps, push }));
  for (let n = 1; n <= 6; n++) {
    await crowd.tellAll();
    await poll(() => browsers[1]!.received.length === n && browsers[2]!.received.length === n);
  }
  // One, two and four seconds: by its lease alone it would come after thirty.
  await untilNoneWaits(crowd, 15_000);
  assert.equal(thrown, 3);
  assert.deepEqual(seqs(browsers[0]!), [1, 2, 3, 4, 5, 6]);
});

Deno.test("Of those who take turns at the same moment each gets browsers of its own", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, tellAll } = await openCrowd(stack, 60);
  await tellAll();
  const turns = (await Promise.all(Array.from({ length: 20 }, () => claimTurns(world.deps, 10, [])))).flat();
  const ids = turns.map(({ subscriptionId }) => subscriptionId);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("Who was away for longer than its lease changes nothing of the turn that another has by now", async () => {
  await using stack = new AsyncDisposableStack();
  const { world, fans, tellAll } = await openCrowd(stack, 1);
  for (let n = 0; n < 3; n++) await tellAll();
  const [late] = await claimTurns(world.deps, 10, []);
  assert.deepEqual(await claimTurns(world.deps, 10, []), []);
  world.clock.advance(31_000);
  const [turn] = await claimTurns(world.deps, 10, []);
  assert.equal(turn!.first!.seq, 1);
  await finishTurn(world.deps, late!);
  // What it sent is sent; the browser is the other's all the same.
  assert.equal(await waitingFor(world, fans), 2);
  assert.deepEqual(await claimTurns(world.deps, 10, []), []);
  await finishTurn(world.deps, turn!);
  assert.equal((await claimTurns(world.deps, 10, []))[0]!.first!.seq, 2);
});

Deno.test("A pusher that is stopped gives back at once what it could not send", async () => {
  await using stack = new AsyncDisposableStack();
  const crowd = await openCrowd(stack, 3);
  const { world, browsers } = crowd, held = Promise.withResolvers<void>();
  for (const browser of browsers) {
    browser.answer = async () => {
      await held.promise;
      return taken();
    };
  }
  await crowd.tellAll();
  const first = await startPush({ ...world.deps, push: pushOf(world) });
  await poll(() => browsers.every(({ received }) => received.length === 1));
  const asked = performance.now();
  await first[Symbol.asyncDispose]();
  assert.ok(performance.now() - asked < 5_000);
  held.resolve();
  stack.use(await startPush({ ...world.deps, push: pushOf(world) }));
  await untilNoneWaits(crowd, 5_000);
  assert.deepEqual(browsers.map(seqs), browsers.map(() => [1, 1]));
});
