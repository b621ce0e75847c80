/** Which errors mean that a store is down, and which are bugs; real drivers' errors are told in the contract tests. */
import assert from "node:assert/strict";
import postgres from "postgres";
import { createClient } from "redis";
import { isStoreDown } from "../services/availability.ts";

const coded = (code: string, more = {}) => Object.assign(new Error(code), { code, ...more });

for (
  const code of [
    "08006",
    "53300",
    "57P01",
    "57P03",
    "57014",
    "25006",
    "ECONNREFUSED",
    "EPIPE",
    "STORE_DOWN",
    "CH_CLOSE",
  ]
) {
  Deno.test(`${code} is a store that is down, also as the cause of a cause and among others`, () => {
    assert.ok(isStoreDown(coded(code)));
    assert.ok(isStoreDown(new Error("outer", { cause: new Error("inner", { cause: coded(code) }) })));
    assert.ok(isStoreDown(new AggregateError([new Error("one"), coded(code)])));
  });
}

for (
  const error of [
    coded("23505"),
    coded("42P01"),
    coded("40001"),
    coded("22P02"),
    coded("ENOENT"),
    new TypeError("x"),
    new RangeError("x"),
  ]
) {
  Deno.test(`${error.message} (${error.name}) is not`, () => assert.equal(isStoreDown(error), false));
}

Deno.test("what is no error is not, and errors that cause each other come to an end", () => {
  for (const thrown of [undefined, null, "ECONNREFUSED", 503, { code: "ECONNREFUSED" }]) {
    assert.equal(isStoreDown(thrown), false);
  }
  const [a, b] = [new Error("a"), new Error("b")];
  [a.cause, b.cause] = [b, a];
  assert.equal(isStoreDown(a), false);
});

Deno.test("a timeout of the platform and replies of a Redis that cannot serve are a store that is down", () => {
  assert.ok(isStoreDown(new DOMException("late", "TimeoutError")));
  assert.ok(isStoreDown(new Error("LOADING Redis is loading the dataset in memory")));
  assert.equal(isStoreDown(new Error("WRONGTYPE Operation against a key holding the wrong kind of value")), false);
});

Deno.test("drivers that find nobody listening say so in words that are understood", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const sql = postgres({ host: "127.0.0.1", port, max: 1, connect_timeout: 2 });
  const fromPostgres = await sql`select 1`.catch((error) => error);
  await sql.end({ timeout: 0 });
  const redis = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: false } });
  redis.on("error", () => {});
  const fromRedis = await redis.connect().catch((error) => error);
  const fromFetch = await Deno.connect({ hostname: "127.0.0.1", port }).catch((error) => error);
  for (const error of [fromPostgres, fromRedis, fromFetch]) assert.ok(isStoreDown(error), Deno.inspect(error));
});
