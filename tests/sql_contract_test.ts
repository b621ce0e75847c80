/** What the SQL port promises, on the server of DATABASE_URL or on an embedded one; behind a proxy, where the network breaks. */
import assert from "node:assert/strict";
import { openSql, type SqlTarget } from "../adapters/sql_postgres.ts";
import { isStoreDown } from "../services/availability.ts";
import type { Sql } from "../services/ports.ts";
import { inTransaction } from "../services/transaction.ts";
import { type FaultProxy, openFaultProxy } from "./fault_proxy.ts";
import { createDatabase, type TestDatabase } from "./harness.ts";
import { poll } from "./poll.ts";
import { quietLog } from "./quiet_log.ts";

let database: TestDatabase;
let sql: Sql;
const stack = new AsyncDisposableStack();

Deno.test.beforeAll(async () => {
  database = stack.use(await createDatabase());
  ({ sql } = stack.use(await open({ max: 4 })));
  await sql`create table notes (id int primary key, text text)`;
});
Deno.test.afterAll(() => stack.disposeAsync());

const open = ({ target = database.environment.DATABASE_URL!, max }: { target?: SqlTarget; max: number }) =>
  openSql({ target, max, log: quietLog });

/** A pool behind a proxy of its own. */
async function openBehindProxy(max = 4): Promise<{ sql: Sql; proxy: FaultProxy } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(await openFaultProxy(database.environment.DATABASE_URL!));
  const { sql } = stack.use(await open({ target: proxy.url, max }));
  const kept = stack.move();
  return { sql, proxy, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Asserts that this rejects as a store that is down, and in time. */
async function assertDown(work: Promise<unknown>, withinMs = 5_500): Promise<void> {
  const since = performance.now();
  const error = await work.then(() => assert.fail("it went through"), (error) => error);
  assert.ok(isStoreDown(error), String(error.stack));
  assert.ok(performance.now() - since < withinMs, `it took ${Math.round(performance.now() - since)} ms`);
}

let lastId = 0;
const nextId = () => ++lastId;
const textOf = async (id: number) => (await sql`select text from notes where id = ${id}`)[0]?.text;
const pidOf = async (of: Sql) => (await of<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]!.pid;

Deno.test("values come out as the services expect them: Date, number, null, arrays, json", async () => {
  const at = new Date("2026-12-31T15:30:00.123Z");
  const [row] = await sql`
    select ${at}::timestamptz as at, count(*) as count, 9007199254740991::int8 as big, 0.5::float8 as half,
      null as nothing, array['한글, "따옴표"', 'b'] as texts, ${["a", "b"]}::text[] as given, ${[
    1,
    2,
  ]}::int[] as numbers,
      ${[crypto.randomUUID()]}::uuid[] as ids, ${sql.json({ a: [1] })}::jsonb as json, true as yes`;
  assert.deepEqual(row!.at, at);
  assert.equal(row!.count, 1);
  assert.equal(row!.big, 9007199254740991);
  assert.equal(row!.half, 0.5);
  assert.equal(row!.nothing, null);
  assert.deepEqual(row!.texts, ['한글, "따옴표"', "b"]);
  assert.deepEqual([row!.given, row!.numbers, row!.ids.length], [["a", "b"], [1, 2], 1]);
  assert.deepEqual([row!.json, row!.yes], [{ a: [1] }, true]);
});

Deno.test("an undefined parameter throws instead of becoming null, and the connection goes on", async () => {
  await assert.rejects(sql`select ${undefined as unknown as string}::text`, { code: "UNDEFINED_VALUE" });
  assert.equal((await sql`select 1 as one`)[0]!.one, 1);
});

Deno.test("fragments, column lists, bulk inserts and unsafe statements work outside and inside of transactions", async () => {
  const [a, b] = [nextId(), nextId()];
  await sql`insert into notes ${sql([{ id: a, text: "a" }, { id: b, text: "b" }])}`;
  const only = (id: number) => sql`and id = ${id}`;
  assert.equal((await sql`select text from notes where true ${only(b)}`)[0]!.text, "b");
  await sql.begin((tx) => tx`update notes set ${tx({ text: "c" })} where true ${only(b)}`);
  assert.equal((await sql.unsafe("select text from notes where id = $1", [b]))[0]!.text, "c");
});

Deno.test("what a transaction throws rolls it back and reaches the caller, a server's refusal as it came", async () => {
  const id = nextId();
  await assert.rejects(
    inTransaction(sql, async (tx) => {
      await tx`insert into notes values (${id}, 'a')`;
      throw new RangeError("not this time");
    }),
    RangeError,
  );
  assert.equal(await textOf(id), undefined);
  await sql`insert into notes values (${id}, 'a')`;
  const refused = await sql`insert into notes values (${id}, 'b')`.catch((error) => error);
  assert.equal(refused.code, "23505");
  assert.equal(isStoreDown(refused), false);
});

Deno.test("what a transaction leaves unawaited is committed with it, or, when it is refused, rolls all of it back", async () => {
  const left = nextId(), awaited = nextId();
  await sql.begin(async (tx) => {
    await tx`select 1`;
    tx`insert into notes values (${left}, 'left')`.execute();
  });
  assert.equal(await textOf(left), "left");
  const refused = sql.begin(async (tx) => {
    await tx`insert into notes values (${awaited}, 'awaited')`;
    tx`insert into notes values (${left}, 'again')`.execute();
  });
  await assert.rejects(refused, { code: "23505" });
  assert.equal(await textOf(awaited), undefined);
});

Deno.test("statements of a transaction that are sent together begin one after the other", async () => {
  const id = nextId();
  await sql`insert into notes values (${id}, 'before')`;
  const held = Promise.withResolvers<void>(), release = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await tx`update notes set text = 'after' where id = ${id}`;
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const waiting = sql.begin((tx) =>
    Promise.all([
      tx`select 1 from notes where id = ${id} for update`,
      tx<{ text: string }[]>`select text from notes where id = ${id}`,
    ])
  );
  await poll(async () => {
    const [waits] = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return waits;
  });
  release.resolve();
  await holding;
  assert.equal((await waiting)[1][0]?.text, "after", "it did not see what its predecessor had waited for");
});

Deno.test("letters of Korean words count as letters: a trigram index serves them", async () => {
  await sql`create extension if not exists pg_trgm`;
  assert.notDeepEqual((await sql`select show_trgm('감자') as trigrams`)[0]!.trigrams, []);
});

Deno.test("more callers than connections all get their turn, and no more connections are opened", async () => {
  const pids = await Promise.all(
    Array.from({ length: 200 }, (_, i) => i % 2 ? pidOf(sql) : sql.begin((tx) => pidOf(tx as unknown as Sql))),
  );
  assert.equal(pids.length, 200);
  assert.ok(new Set(pids).size <= 4, `${new Set(pids).size} connections`);
});

Deno.test("callers who wait for a connection longer than 5 s are turned away as from a store that is down", async () => {
  await using one = await open({ max: 1 });
  const release = Promise.withResolvers<void>();
  const holding = one.sql.begin(() => release.promise);
  await assertDown(one.sql`select 1`);
  release.resolve();
  await holding;
  assert.equal((await one.sql`select 1 as one`)[0]!.one, 1);
});

Deno.test("a transaction whose connection dies rejects, and what it does next never runs outside of it", async () => {
  const [first, second] = [nextId(), nextId()];
  const outcome = Promise.withResolvers<string>();
  const work = inTransaction(sql, async (tx) => {
    await tx`insert into notes values (${first}, 'first')`;
    await sql`select pg_terminate_backend(${await pidOf(tx as unknown as Sql)})`;
    // Others use the pool meanwhile: with a driver that connects again, one of them would get the connection going.
    await Promise.all(Array.from({ length: 8 }, () => sql`select 1`));
    await tx`insert into notes values (${second}, 'second')`
      .then(() => outcome.resolve("it ran"), () => outcome.resolve("it rejected"));
  });
  await assertDown(work);
  assert.equal(await outcome.promise, "it rejected");
  assert.deepEqual([await textOf(first), await textOf(second)], [undefined, undefined]);
});

Deno.test("a connection that dies under a statement of a transaction rejects it and harms nobody else", async () => {
  const pid = Promise.withResolvers<number>();
  const work = inTransaction(sql, async (tx) => {
    pid.resolve(await pidOf(tx as unknown as Sql));
    await tx`select pg_sleep(${20})`;
  });
  const down = assertDown(work);
  await sql`select pg_terminate_backend(${await pid.promise})`;
  await down;
  assert.equal((await Promise.all(Array.from({ length: 8 }, () => sql`select 1 as one`))).length, 8);
});

Deno.test("connections that die while idle are replaced before anybody notices", async () => {
  await using own = await open({ max: 3 });
  const pids = await Promise.all([1, 2, 3].map(() => own.sql.begin((tx) => pidOf(tx as unknown as Sql))));
  await sql`select pg_terminate_backend(pid) from unnest(${[...new Set(pids)]}::int[]) as pid`;
  await poll(async () => (await sql`select from pg_stat_activity where pid = any(${pids}::int[])`).length === 0);
  // The goodbye of a server may still be on its way.
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await own.sql`select 1 as one`)[0]!.one, 1);
});

for (const [fault, withinMs] of [["away", 1_500], ["stall", 5_500]] as const) {
  Deno.test(`while the server is away (${fault}) all fail in time, and once it is back all is well again`, async () => {
    await using behind = await openBehindProxy();
    const id = nextId();
    const inside = Promise.withResolvers<void>();
    const away = Promise.withResolvers<void>();
    const transaction = inTransaction(behind.sql, async (tx) => {
      await tx`insert into notes values (${id}, 'half')`;
      inside.resolve();
      await away.promise;
      await tx`update notes set text = 'whole' where id = ${id}`;
    });
    const slow = behind.sql`select pg_sleep(20)`.execute();
    await inside.promise;
    behind.proxy.set(fault);
    away.resolve();
    // More than there are connections: none may wait for its turn behind others that fail.
    const others = Array.from(
      { length: 40 },
      (_, i) => i % 2 ? behind.sql`select 1`.execute() : behind.sql.begin((tx) => tx`select 1`),
    );
    await Promise.all([slow, transaction, ...others].map((each) => assertDown(each, withinMs)));
    await assertDown(behind.sql`select 1`.execute(), withinMs);
    behind.proxy.set("pass");
    await poll(() => behind.sql`select 1`.then(() => true, () => false), { timeoutMs: 5_000 });
    assert.equal(await textOf(id), undefined);
    await Promise.all(Array.from({ length: 20 }, () => behind.sql`select 1`));
  });
}

Deno.test("a slow statement of a server that answers is left alone", async () => {
  await using own = await open({ max: 1 });
  assert.equal((await own.sql`select 1 as one, pg_sleep(4)`)[0]!.one, 1);
});

Deno.test("a statement longer than 30 s would be ended by the server, an idle transaction after 60 s", async () => {
  const [row] = await sql`
    select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name`;
  assert.deepEqual({ ...row }, { statement: "30s", idle: "1min", name: "moajang" });
});

Deno.test("opening waits for a server that is on its way up", async () => {
  await using behind = await openBehindProxy();
  behind.proxy.set("away");
  const opening = open({ target: behind.proxy.url, max: 1 });
  const early = await Promise.race([opening.then(() => "open"), poll(() => behind.proxy.refused() >= 2)]);
  assert.equal(early, true);
  behind.proxy.set("pass");
  await using late = await opening;
  assert.equal((await late.sql`select 1 as one`)[0]!.one, 1);
});

Deno.test("with sslmode=require bytes are encrypted, or the server is not opened at all", async () => {
  await using behind = await openBehindProxy();
  const url = new URL(behind.proxy.url);
  url.searchParams.set("sslmode", "require");
  const [{ ssl }] = await sql`show ssl` as [{ ssl: string }];
  const opening = open({ target: url.href, max: 1 });
  if (ssl === "off") return await assert.rejects(opening, /the server does not speak TLS/);
  await using secured = await opening;
  const [row] = await secured.sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
  assert.equal(row!.ssl, true);
});

Deno.test("opening tells at once of a database that is not there, without its password", async () => {
  const url = new URL(database.environment.DATABASE_URL!);
  url.pathname = "/nowhere";
  url.password = "hidden-word";
  const since = performance.now();
  const error = await open({ target: url.href, max: 1 }).then(() => assert.fail("it opened"), (error) => error);
  assert.match(error.message, /^Cannot open the database: .*nowhere/);
  assert.doesNotMatch(Deno.inspect(error), /hidden-word/);
  assert.ok(performance.now() - since < 5_000);
});

Deno.test("closing lets running work finish, turns new work away, and leaves no connection behind", async () => {
  const own = await open({ max: 3 });
  const pids = [await pidOf(own.sql)];
  const started = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const work = own.sql.begin(async (tx) => {
    pids.push(await pidOf(tx as unknown as Sql));
    started.resolve();
    await release.promise;
    return await tx`select 2 as two`;
  });
  await started.promise;
  const closing = own[Symbol.asyncDispose]();
  await assertDown(own.sql`select 1`.execute());
  release.resolve();
  assert.equal((await work)[0]!.two, 2);
  await closing;
  await poll(async () => (await sql`select from pg_stat_activity where pid = any(${pids}::int[])`).length === 0);
});
