/** What every transaction of the services promises. */
import assert from "node:assert/strict";
import { openSql } from "../adapters/sql_postgres.ts";
import type { Sql } from "../services/ports.ts";
import { afterCommit, inTransaction } from "../services/transaction.ts";
import { createDatabase, type TestDatabase } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";

let database: TestDatabase;
let pool: Awaited<ReturnType<typeof openSql>>;
let sql: Sql;
Deno.test.beforeAll(async () => {
  database = await createDatabase();
  pool = await openSql({ target: database.environment.DATABASE_URL!, max: 4, log: quietLog });
  sql = pool.sql;
  await sql`create table counters (id int primary key, n int not null default 0)`;
});
Deno.test.afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const countOf = async (id: number) => (await sql<{ n: number }[]>`select n from counters where id = ${id}`)[0]?.n;

Deno.test("two transactions that lock each other out both come through, each counted once", async () => {
  await sql`insert into counters (id) values (1), (2)`;
  const bothHoldOne = Promise.withResolvers<void>();
  let holding = 0, effects = 0;
  const addToBoth = (first: number, second: number) =>
    inTransaction(sql, async (tx) => {
      await tx`update counters set n = n + 1 where id = ${first}`;
      if (++holding === 2) bothHoldOne.resolve();
      await bothHoldOne.promise;
      await tx`update counters set n = n + 1 where id = ${second}`;
      afterCommit(tx, () => effects++);
    });
  await Promise.all([addToBoth(1, 2), addToBoth(2, 1)]);
  assert.deepEqual([await countOf(1), await countOf(2), effects], [2, 2, 2]);
  assert.ok(holding > 2, "none of them was undone and ran again");
});

Deno.test("a nested transaction commits with the outer one or not at all, and so do effects", async () => {
  await sql`insert into counters (id) values (3)`;
  let effects = 0;
  const nested = async (outcome: () => void) =>
    await inTransaction(sql, async (tx) => {
      await inTransaction(tx as unknown as Sql, async (inner) => {
        await inner`update counters set n = n + 1 where id = 3`;
        afterCommit(inner, () => effects++);
      });
      assert.equal(effects, 0, "not before the commit");
      outcome();
    });
  await assert.rejects(
    nested(() => {
      throw new Error("changed my mind");
    }),
    /changed my mind/,
  );
  assert.deepEqual([await countOf(3), effects], [0, 0]);
  await nested(() => {});
  assert.deepEqual([await countOf(3), effects], [1, 1]);
});
