/** What `Cache` promises, kept by every adapter. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { openMemoryCache } from "../adapters/cache_memory.ts";
import { openRedisCache } from "../adapters/cache_redis.ts";
import { openRedis } from "../adapters/redis_connection.ts";
import type { Cache } from "../services/ports.ts";
import { poll } from "./poll.ts";
import { quietLog } from "./quiet_log.ts";

const url = Deno.env.get("REDIS_URL");

interface Opened extends AsyncDisposable {
  cache: Cache;
  /** Lets a second go by: a real one, or the clock's. */
  passSecond(): void;
}

const adapters: Record<string, { ignore: boolean; open(): Promise<Opened> }> = {
  memory: {
    ignore: false,
    open() {
      let now = Date.now();
      return Promise.resolve({
        cache: openMemoryCache({ clock: { now: () => new Date(now) } }),
        passSecond: () => void (now += 1_000),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  },
  redis: {
    ignore: !url,
    async open() {
      const redis = await openRedis({ url: url!, log: quietLog });
      return {
        cache: openRedisCache({ redis, namespace: `test-${crypto.randomUUID()}` }),
        passSecond: () => {},
        [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
      };
    },
  },
};

for (const [name, { ignore, open }] of Object.entries(adapters)) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test({ name: `cache (${name}): ${promise}`, ignore, fn });

  test("what was set is read, what was not is null, and the last set wins", async () => {
    await using opened = await open();
    const { cache } = opened;
    assert.equal(await cache.get("a"), null);
    await cache.set("a", "one", 60);
    await cache.set("b", "other", 60);
    await cache.set("a", "two", 60);
    assert.equal(await cache.get("a"), "two");
    assert.equal(await cache.get("b"), "other");
  });

  test("any text comes back as it was, however it was stored", async () => {
    await using opened = await open();
    const { cache } = opened;
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("", ":", "5:five", "::", "nil", "0", "가:나"),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.nat(), async (value, version) => {
        const key = crypto.randomUUID();
        await cache.set(key, value, 60);
        assert.equal(await cache.get(key), value);
        await cache.setNewer(key, version, value, 60);
        assert.equal(await cache.get(key), value);
        assert.equal(await cache.take(key), value);
      }),
      { numRuns: 50 },
    );
  });

  test("a value is gone after its time, and no other is", async () => {
    await using opened = await open();
    const { cache, passSecond } = opened;
    const written = performance.now();
    await cache.set("short", "value", 1);
    await cache.setNewer("short too", 1, "value", 1);
    await cache.set("long", "value", 60);
    assert.equal(await cache.get("short"), "value");
    assert.equal(await cache.get("short too"), "value");
    passSecond();
    await poll(async () => await cache.get("short") === null && await cache.get("short too") === null);
    assert.ok(name === "memory" || performance.now() - written > 990, "it went before its time");
    assert.equal(await cache.take("short"), null);
    assert.equal(await cache.get("long"), "value");
    await cache.setNewer("short too", 1, "again", 60);
    assert.equal(await cache.get("short too"), "again", "a version outlived its value");
  });

  test("setNewer keeps what is of the same or a newer version, and replaces what is older or has none", async () => {
    await using opened = await open();
    const { cache } = opened;
    await cache.set("a", "without a version", 60);
    await cache.setNewer("a", 0, "zero", 60);
    assert.equal(await cache.get("a"), "zero");
    await cache.setNewer("a", 10, "ten", 60);
    await cache.setNewer("a", 9, "nine", 60);
    await cache.setNewer("a", 10, "ten again", 60);
    assert.equal(await cache.get("a"), "ten");
    await cache.setNewer("a", 11, "eleven", 60);
    assert.equal(await cache.get("a"), "eleven");
    await cache.set("a", "set", 60);
    assert.equal(await cache.get("a"), "set");
  });

  test("of any number of writers at once the newest version stays", async () => {
    await using opened = await open();
    const { cache } = opened;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.maxSafeNat(), { minLength: 1, maxLength: 30 }), async (versions) => {
        const key = crypto.randomUUID();
        await Promise.all(versions.map((version) => cache.setNewer(key, version, String(version), 60)));
        assert.equal(await cache.get(key), String(Math.max(...versions)));
      }),
      { numRuns: 30 },
    );
  });

  test("of any number of takers at once exactly one gets the value", async () => {
    await using opened = await open();
    const { cache } = opened;
    for (const version of [null, 7]) {
      if (version === null) await cache.set("ticket", "value", 60);
      else await cache.setNewer("ticket", version, "value", 60);
      const taken = await Promise.all(Array.from({ length: 100 }, () => cache.take("ticket")));
      assert.deepEqual(taken.filter((value) => value !== null), ["value"]);
      assert.equal(await cache.get("ticket"), null);
    }
  });
}

Deno.test("cache (memory): it is bounded, and what was read last stays longest", async () => {
  const cache = openMemoryCache({ clock: { now: () => new Date() } });
  await cache.set("read", "value", 60);
  await cache.set("unread", "value", 60);
  for (let i = 0; i < 49_998; i++) await cache.set(`${i}`, "value", 60);
  assert.equal(await cache.get("read"), "value");
  await cache.set("one too many", "value", 60);
  assert.equal(await cache.get("unread"), null);
  assert.equal(await cache.get("read"), "value");
  assert.equal(await cache.get("0"), "value");
});
