/** What `Limiter` promises, kept by every adapter. */
import assert from "node:assert/strict";
import { openMemoryLimiter } from "../adapters/limiter_memory.ts";
import { openRedisLimiter } from "../adapters/limiter_redis.ts";
import { openRedis, type Redis } from "../adapters/redis_connection.ts";
import type { Limit, Limiter } from "../services/ports.ts";
import { poll } from "./poll.ts";
import { quietLog } from "./quiet_log.ts";

const url = Deno.env.get("REDIS_URL");

/** Two nodes of one system; embedded there is but one. */
interface Nodes extends AsyncDisposable {
  here: Limiter;
  there: Limiter;
}

const adapters: Record<string, { ignore: boolean; open(factor?: number): Promise<Nodes> }> = {
  memory: {
    ignore: false,
    open(factor = 1) {
      const limiter = openMemoryLimiter({ factor });
      return Promise.resolve({ here: limiter, there: limiter, [Symbol.asyncDispose]: () => Promise.resolve() });
    },
  },
  redis: {
    ignore: !url,
    async open(factor = 1) {
      const stack = new AsyncDisposableStack();
      const namespace = `test-${crypto.randomUUID()}`;
      const [here, there] = await Promise.all([1, 2].map(async () => {
        const redis = stack.use(await openRedis({ url: url!, log: quietLog }));
        return openRedisLimiter({ redis, namespace, factor, log: quietLog });
      }));
      return { here: here!, there: there!, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    },
  },
};

const five: Limit = { name: "five", points: 5, durationS: 60 };
const leased: Limit = { name: "leased", points: 50, durationS: 60, lease: 10 };

/** How many of a number of takes at once were let through. */
async function letThrough(limiters: Limiter[], limit: Limit, times: number, key = "someone"): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: times }, (_, i) => limiters[i % limiters.length]!.take(limit, key)),
  );
  return answers.filter((answer) => answer === null).length;
}

for (const [name, { ignore, open }] of Object.entries(adapters)) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test({ name: `limiter (${name}): ${promise}`, ignore, fn });

  test("it lets exactly the points through, over all nodes, however many ask at once", async () => {
    await using nodes = await open();
    assert.equal(await letThrough([nodes.here, nodes.there], five, 50), 5);
    assert.equal(await letThrough([nodes.there], five, 5), 0);
  });

  test("a factor multiplies a limit, unless that is fixed", async () => {
    await using nodes = await open(10);
    assert.equal(await letThrough([nodes.here], five, 60), 50);
    assert.equal(await letThrough([nodes.here], { ...five, name: "fixed", isFixed: true }, 60), 5);
  });

  test("a refusal tells when the next use is free, in whole seconds from 1 to the duration", async () => {
    await using nodes = await open();
    await letThrough([nodes.here], five, 5);
    const refused = await nodes.here.take(five, "someone");
    assert.ok(refused && Number.isInteger(refused.retryAfterS), JSON.stringify(refused));
    assert.ok(refused.retryAfterS > 50 && refused.retryAfterS <= 60, `${refused.retryAfterS}`);
  });

  test("each key and each limit has its own allowance", async () => {
    await using nodes = await open();
    const three = { ...five, name: "three", points: 3 };
    assert.equal(await letThrough([nodes.here], five, 9, "a"), 5);
    assert.equal(await letThrough([nodes.here], five, 9, "b"), 5);
    assert.equal(await letThrough([nodes.here], three, 9, "a"), 3);
  });

  test("after the time told, the allowance is whole again", async () => {
    await using nodes = await open();
    const brief = { name: "brief", points: 2, durationS: 1 };
    assert.equal(await letThrough([nodes.here], brief, 3), 2);
    assert.deepEqual(await nodes.here.take(brief, "someone"), { retryAfterS: 1 });
    const refused = performance.now();
    await poll(async () => await nodes.here.take(brief, "someone") === null, { timeoutMs: 3_000 });
    assert.ok(performance.now() - refused < 1_300, "the wait was longer than told");
    assert.equal(await letThrough([nodes.here], brief, 3), 1);
  });

  test("of a limit that nodes lease, exactly the points are let through as well", async () => {
    await using nodes = await open();
    assert.equal(await letThrough([nodes.here, nodes.there], leased, 200), 50);
    assert.equal(await letThrough([nodes.there, nodes.here], leased, 20), 0);
  });

  test("what was leased in one time is not spent in the next", async () => {
    await using nodes = await open();
    const brief = { name: "brief-lease", points: 4, durationS: 1, lease: 4 };
    assert.equal(await letThrough([nodes.here], brief, 1), 1);
    await poll(async () => await letThrough([nodes.there], brief, 4) === 4, { timeoutMs: 3_000 });
    assert.equal(await letThrough([nodes.here], brief, 4), 0);
  });

  test("a factor multiplies the points, but leaves at least one", async () => {
    await using generous = await open(2.5);
    assert.equal(await letThrough([generous.here], five, 20), 13);
    await using strict = await open(0.001);
    assert.equal(await letThrough([strict.here], five, 20), 1);
  });
}

Deno.test({
  name: "limiter (redis): it counts on when Redis has forgotten what it had been told of scripts",
  ignore: !url,
  async fn() {
    await using redis = await openRedis({ url: url!, log: quietLog });
    const complaints: string[] = [];
    const log = { ...quietLog, warn: (message: string) => void complaints.push(message) };
    const limiter = openRedisLimiter({ redis, namespace: `test-${crypto.randomUUID()}`, factor: 1, log });
    assert.equal(await letThrough([limiter], five, 2), 2);
    await redis.run((client) => client.scriptFlush());
    assert.equal(await letThrough([limiter], five, 9), 3);
    assert.deepEqual(complaints, []);
  },
});

Deno.test({
  name: "limiter (redis): a lease is spent without a trip, and is all that other nodes have to do without",
  ignore: !url,
  async fn() {
    await using redis = await openRedis({ url: url!, log: quietLog });
    const namespace = `test-${crypto.randomUUID()}`;
    let trips = 0;
    const counted: Redis = { ...redis, run: (command) => (trips++, redis.run(command)) };
    const here = openRedisLimiter({ redis: counted, namespace, factor: 1, log: quietLog });
    const there = openRedisLimiter({ redis, namespace, factor: 1, log: quietLog });
    for (let i = 0; i < 11; i++) assert.equal(await here.take(leased, "someone"), null);
    assert.equal(trips, 2);
    assert.equal(await letThrough([there], leased, 50), 30);
    assert.equal(await letThrough([here], leased, 20), 9);
  },
});

Deno.test({
  name: "limiter (redis): a small allowance is not leased as a whole",
  ignore: !url,
  async fn() {
    await using nodes = await adapters.redis!.open(0.1);
    assert.equal(await letThrough([nodes.here], leased, 1), 1);
    assert.equal(await letThrough([nodes.there], leased, 9), 4);
  },
});

Deno.test("limiter (memory): a flood of keys fills no memory, and forgives only who was not seen for longest", async () => {
  const limiter = openMemoryLimiter({ factor: 1 });
  const once = { name: "once", points: 1, durationS: 60 };
  await limiter.take(once, "early");
  await limiter.take(once, "persistent");
  await limiter.take(five, "early");
  for (let i = 0; i < 19_999; i++) await limiter.take(once, `${i}`);
  assert.notEqual(await limiter.take(once, "persistent"), null);
  await limiter.take(once, "one more");
  assert.equal(await limiter.take(once, "early"), null, "the oldest is still counted: nothing is bounded");
  assert.notEqual(await limiter.take(once, "persistent"), null);
  assert.equal(await letThrough([limiter], five, 9, "early"), 4, "a flood on one limit was felt by another");
});
