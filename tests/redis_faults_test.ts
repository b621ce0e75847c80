/** Relay, cache and limiter on a Redis that is cut off, falls silent, is away, and comes back. */
import assert from "node:assert/strict";
import { openRedisCache } from "../adapters/cache_redis.ts";
import { openRedisLimiter } from "../adapters/limiter_redis.ts";
import { openRedis } from "../adapters/redis_connection.ts";
import { openRedisRelay } from "../adapters/relay_redis.ts";
import { within } from "../adapters/within.ts";
import { isStoreDown } from "../services/availability.ts";
import { type FaultProxy, openFaultProxy } from "./fault_proxy.ts";
import { poll } from "./poll.ts";
import { quietLog as log } from "./quiet_log.ts";

const url = Deno.env.get("REDIS_URL");

function test(promise: string, fn: (proxy: FaultProxy, namespace: string) => Promise<void>): void {
  Deno.test({
    name: `redis: ${promise}`,
    ignore: !url,
    async fn() {
      await using proxy = await openFaultProxy(url!);
      await fn(proxy, `test-${crypto.randomUUID()}`);
    },
  });
}

/** How long it took to be rejected, by something that says the store is down. */
async function rejectedAfterMs(call: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await assert.rejects(within(5_000, "a rejection", call()), isStoreDown);
  return performance.now() - started;
}

/** Publishes until a message comes through; returns how long it took. */
async function healedAfterMs(publish: () => Promise<void>, received: { count: number }): Promise<number> {
  const started = performance.now();
  const before = received.count;
  await poll(async () => {
    await publish().catch(() => {});
    return received.count > before;
  }, { everyMs: 50 });
  return performance.now() - started;
}

test(
  "a relay whose connections are cut hears and speaks again within 5 s, each message once",
  async (proxy, namespace) => {
    await using relay = await openRedisRelay({ url: proxy.url, namespace, log });
    const received = { count: 0 };
    for (let i = 0; i < 100; i++) await relay.subscribe(`other.${i}`, () => {});
    let onces = 0;
    await relay.subscribe("chat.1", (message) => {
      received.count++;
      if (message === "once") onces++;
    });
    for (let round = 0; round < 3; round++) {
      proxy.cut();
      const ms = await healedAfterMs(() => relay.publish("chat.1", "hello"), received);
      assert.ok(ms < 5_000, `healed after ${ms} ms`);
    }
    const last = Promise.withResolvers<void>();
    await relay.subscribe("chat.1", (message) => message === "last" && last.resolve());
    await relay.publish("chat.1", "once");
    await relay.publish("chat.1", "last");
    await within(5_000, "a message", last.promise);
    assert.equal(onces, 1);
  },
);

test(
  "with Redis away publish rejects at once and subscribe holds nobody up; both are in force 5 s after its return",
  async (proxy, namespace) => {
    await using relay = await openRedisRelay({ url: proxy.url, namespace, log });
    const received = { count: 0 };
    let heardAfterLeaving = 0;
    const left = await relay.subscribe("left", () => heardAfterLeaving++);
    proxy.set("away");
    await poll(() => relay.publish("chat.1", "lost").then(() => false, () => true));
    assert.ok(await rejectedAfterMs(() => relay.publish("chat.1", "lost")) < 50);
    assert.ok(await rejectedAfterMs(() => relay.ping()) < 50);
    const started = performance.now();
    await within(5_000, "subscribing", relay.subscribe("chat.1", () => received.count++));
    assert.ok(performance.now() - started < 1_200);
    await left[Symbol.asyncDispose]();
    proxy.set("pass");
    const ms = await healedAfterMs(() => relay.publish("chat.1", "hello"), received);
    assert.ok(ms < 5_000, `healed after ${ms} ms`);
    await relay.publish("left", "nobody hears");
    await healedAfterMs(() => relay.publish("chat.1", "after it"), received);
    assert.equal(heardAfterLeaving, 0);
  },
);

test("a relay whose Redis falls silent says so within 2 s, and hears again 5 s after", async (proxy, namespace) => {
  await using relay = await openRedisRelay({ url: proxy.url, namespace, log });
  const received = { count: 0 };
  await relay.subscribe("chat.1", () => received.count++);
  proxy.set("stall");
  const [ping, publish] = await Promise.all([
    rejectedAfterMs(() => relay.ping()),
    rejectedAfterMs(() => relay.publish("chat.1", "lost")),
  ]);
  assert.ok(ping < 2_000 && publish < 2_000, `${ping} and ${publish} ms`);
  proxy.set("pass");
  const ms = await healedAfterMs(() => relay.publish("chat.1", "hello"), received);
  assert.ok(ms < 5_000, `healed after ${ms} ms`);
});

test("relay and cache start without Redis, within 3 s, and work when it comes", async (proxy, namespace) => {
  proxy.set("away");
  const started = performance.now();
  const opening = [openRedisRelay({ url: proxy.url, namespace, log }), openRedis({ url: proxy.url, log })] as const;
  await using relay = await within(5_000, "opening a relay", opening[0]);
  await using redis = await within(5_000, "opening a connection", opening[1]);
  assert.ok(performance.now() - started < 3_000);
  const received = { count: 0 };
  await relay.subscribe("chat.1", () => received.count++);
  const cache = openRedisCache({ redis, namespace });
  assert.ok(await rejectedAfterMs(() => cache.get("a")) < 50);
  proxy.set("pass");
  assert.ok(await healedAfterMs(() => relay.publish("chat.1", "hello"), received) < 5_000);
  await poll(() => cache.set("a", "value", 60).then(() => true, () => false), { timeoutMs: 5_000 });
  assert.equal(await cache.get("a"), "value");
});

test(
  "every call on a cache that is cut off or silent rejects within 2 s, and succeeds 5 s after",
  async (proxy, namespace) => {
    await using redis = await openRedis({ url: proxy.url, log });
    const cache = openRedisCache({ redis, namespace });
    const calls = [
      () => cache.get("a"),
      () => cache.set("a", "value", 60),
      () => cache.setNewer("a", 1, "value", 60),
      () => cache.take("a"),
    ];
    for (const fault of ["away", "stall"] as const) {
      proxy.set(fault);
      const waits = await Promise.all(calls.map(rejectedAfterMs));
      assert.ok(Math.max(...waits) < 2_000, `${waits} ms`);
      assert.ok(Math.max(...await Promise.all(calls.map(rejectedAfterMs))) < 2_000);
      proxy.set("pass");
      await poll(() => cache.set("a", "value", 60).then(() => true, () => false), { timeoutMs: 5_000 });
      for (const call of calls) await call();
    }
  },
);

test("what Redis itself refuses is no outage, and the connection lives on", async (proxy) => {
  await using redis = await openRedis({ url: proxy.url, log });
  await assert.rejects(redis.run((client) => client.eval("no Lua at all", { keys: [], arguments: [] })), (error) => {
    assert.ok(!isStoreDown(error), String(error));
    return true;
  });
  await redis.ping();
  assert.equal(proxy.accepted(), 1);
});

test("a connection survives a process that is busy for longer than any answer may take", async (proxy) => {
  await using redis = await openRedis({ url: proxy.url, log });
  // On a slow line a ping is nearly always under way when the process gets busy.
  proxy.delay(150);
  for (let round = 0; round < 3; round++) {
    await redis.ping();
    const until = performance.now() + 1_500;
    while (performance.now() < until);
  }
  for (let i = 0; i < 5; i++) await redis.ping();
  assert.equal(proxy.accepted(), 1, "it was given up and opened anew");
});

test("subscribe resolves when Redis has it in force, not before, on however slow a line", async (proxy, namespace) => {
  await using far = await openRedisRelay({ url: proxy.url, namespace, log });
  await using near = await openRedisRelay({ url: url!, namespace, log });
  proxy.delay(150);
  const received = Promise.withResolvers<string>();
  await far.subscribe("chat.1", received.resolve);
  await near.publish("chat.1", "hello");
  await near.publish("chat.1", "the second");
  assert.equal(await within(5_000, "a message", received.promise), "hello");
});

test(
  "with Redis away each node counts for itself, lets no more through, and counts together again after",
  async (proxy, namespace) => {
    const limit = { name: "five", points: 5, durationS: 60 };
    await using redis = await openRedis({ url: proxy.url, log });
    await using direct = await openRedis({ url: url!, log });
    const here = openRedisLimiter({ redis, namespace, factor: 1, log });
    const there = openRedisLimiter({ redis: direct, namespace, factor: 1, log });
    const letThrough = async (times: number, key: string) =>
      (await Promise.all(Array.from({ length: times }, () => here.take(limit, key)))).filter((each) => each === null)
        .length;
    assert.equal(await letThrough(3, "someone"), 3);
    proxy.set("away");
    const started = performance.now();
    assert.equal(await letThrough(20, "someone"), 5);
    assert.ok(performance.now() - started < 2_000);
    proxy.set("pass");
    await poll(() => redis.ping().then(() => true, () => false), { timeoutMs: 5_000 });
    assert.equal(await letThrough(1, "someone"), 1);
    assert.equal(await there.take(limit, "someone"), null);
    assert.notEqual(await there.take(limit, "someone"), null);
  },
);
