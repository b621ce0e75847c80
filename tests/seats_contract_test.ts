/** What `Seats` promises, kept by every adapter. */
import assert from "node:assert/strict";
import { openRedis } from "../adapters/redis_connection.ts";
import { openMemorySeats } from "../adapters/seats_memory.ts";
import { openRedisSeats } from "../adapters/seats_redis.ts";
import type { SeatLimit, Seats } from "../services/ports.ts";
import { openFaultProxy } from "./fault_proxy.ts";
import { poll } from "./poll.ts";
import { quietLog as log } from "./quiet_log.ts";

const url = Deno.env.get("REDIS_URL");

/** Two nodes of one system; embedded there is but one. */
interface Nodes extends AsyncDisposable {
  here: Seats;
  there: Seats;
}

interface Options {
  factor?: number;
  leaseMs?: number;
}

const adapters: Record<string, { ignore: boolean; open(options?: Options): Promise<Nodes> }> = {
  memory: {
    ignore: false,
    open({ factor = 1, leaseMs } = {}) {
      const seats = openMemorySeats({ factor, ...(leaseMs && { leaseMs }) });
      return Promise.resolve({ here: seats, there: seats, [Symbol.asyncDispose]: () => Promise.resolve() });
    },
  },
  redis: {
    ignore: !url,
    async open({ factor = 1, leaseMs } = {}) {
      const stack = new AsyncDisposableStack();
      const namespace = `test-${crypto.randomUUID()}`;
      const [here, there] = await Promise.all([1, 2].map(async () => {
        const redis = stack.use(await openRedis({ url: url!, log }));
        return openRedisSeats({ redis, namespace, factor, log, ...(leaseMs && { leaseMs }) });
      }));
      return { here: here!, there: there!, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    },
  },
};

const five: SeatLimit = { name: "five", seats: 5 };

/** How many of a number of holders got a seat, all asking at once at all nodes. */
async function seated(nodes: Seats[], limit: SeatLimit, count: number, key = "someone"): Promise<string[]> {
  const holders = Array.from({ length: count }, () => crypto.randomUUID());
  const got = await Promise.all(holders.map((holder, i) => nodes[i % nodes.length]!.take(limit, key, holder)));
  return holders.filter((_, i) => got[i]);
}

for (const [name, { ignore, open }] of Object.entries(adapters)) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test({ name: `seats (${name}): ${promise}`, ignore, fn });

  test("it gives exactly the seats there are, over all nodes, however many ask at once", async () => {
    await using nodes = await open();
    assert.equal((await seated([nodes.here, nodes.there], five, 50)).length, 5);
    assert.equal((await seated([nodes.there], five, 5)).length, 0);
  });

  test("a seat given back is free at once, and one given back twice, or never taken, frees nobody else's", async () => {
    await using nodes = await open();
    const [first] = await seated([nodes.here], five, 5);
    await nodes.here.release(five, "someone", first!);
    await nodes.here.release(five, "someone", first!);
    await nodes.there.release(five, "someone", "a stranger");
    assert.equal((await seated([nodes.there], five, 5)).length, 1);
  });

  test("who has a seat and asks again keeps the one", async () => {
    await using nodes = await open();
    for (let i = 0; i < 7; i++) assert.equal(await nodes.here.take(five, "someone", "the same"), true);
    assert.equal((await seated([nodes.there], five, 9)).length, 4);
  });

  test("each key and each limit has its own seats", async () => {
    await using nodes = await open();
    const three = { name: "three", seats: 3 };
    assert.equal((await seated([nodes.here], five, 9, "a")).length, 5);
    assert.equal((await seated([nodes.here], five, 9, "b")).length, 5);
    assert.equal((await seated([nodes.here], three, 9, "a")).length, 3);
  });

  test("a seat that is not renewed comes free when its lease ends; one that is renewed does not", async () => {
    await using nodes = await open({ leaseMs: 1_000 });
    const two = { name: "two", seats: 2 };
    const started = performance.now();
    assert.equal(await nodes.here.take(two, "someone", "stays"), true);
    assert.equal(await nodes.here.take(two, "someone", "killed"), true);
    const renewing = setInterval(() => nodes.here.renew(two, "someone", ["stays"]), 200);
    try {
      await poll(() => nodes.there.take(two, "someone", "next"), { timeoutMs: 3_000 });
      assert.ok(performance.now() - started > 950, "before its time");
      assert.equal(await nodes.there.take(two, "someone", "one more"), false);
    } finally {
      clearInterval(renewing);
    }
  });

  test("what was held through an outage is held again when it is renewed, even beyond the limit", async () => {
    await using nodes = await open();
    await nodes.here.renew(five, "someone", ["1", "2", "3", "4", "5", "6"]);
    assert.equal(await nodes.there.take(five, "someone", "7"), false);
    for (const holder of ["1", "2"]) await nodes.here.release(five, "someone", holder);
    assert.equal(await nodes.there.take(five, "someone", "7"), true);
  });

  test("a factor multiplies the seats, but leaves at least one", async () => {
    await using generous = await open({ factor: 2.5 });
    assert.equal((await seated([generous.here], five, 20)).length, 13);
    await using strict = await open({ factor: 0.001 });
    assert.equal((await seated([strict.here], five, 20)).length, 1);
  });
}

Deno.test({
  name:
    "seats (redis): with Redis away a node counts its own, those from before too, and all nodes together again after",
  ignore: !url,
  async fn() {
    await using proxy = await openFaultProxy(url!);
    const namespace = `test-${crypto.randomUUID()}`;
    await using redis = await openRedis({ url: proxy.url, log });
    await using direct = await openRedis({ url: url!, log });
    const here = openRedisSeats({ redis, namespace, factor: 1, log });
    const there = openRedisSeats({ redis: direct, namespace, factor: 1, log });
    const before = await seated([here], five, 3);
    proxy.set("away");
    const started = performance.now();
    const during = await seated([here], five, 20);
    assert.equal(during.length, 2);
    assert.ok(performance.now() - started < 2_000);
    proxy.set("pass");
    await poll(() => redis.ping().then(() => true, () => false), { timeoutMs: 5_000 });
    await here.renew(five, "someone", [...before, ...during]);
    assert.equal(await there.take(five, "someone", "one more"), false);
  },
});
