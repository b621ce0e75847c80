/** Migrations: applied once each, by however many processes, whole or not at all. */
import assert from "node:assert/strict";
import { migrate } from "../adapters/migrations.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import type { Sql } from "../services/ports.ts";
import { createDatabase } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";
import { dumpSchema } from "./schema_dump.ts";

const REAL = new URL("../migrations/", import.meta.url);
const DUMP = new URL("schema.txt", REAL);

/** An empty database. */
async function openDatabase(): Promise<{ sql: Sql; target: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const target = stack.use(await createDatabase()).environment.DATABASE_URL!;
  const { sql } = stack.use(await openSql({ target, max: 2, log: quietLog }));
  const kept = stack.move();
  return { sql, target, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** A folder of migrations by name and text. */
async function makeFolder(files: Record<string, string>): Promise<{ folder: URL } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  const folder = new URL(`file://${path}/`);
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(new URL(name, folder), text);
  return { folder, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const run = (sql: Sql, folder?: URL) => migrate({ sql, log: quietLog, ...(folder && { folder }) });

async function tablesOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select tablename as name
    from pg_tables
    where schemaname = 'public' and tablename <> 'schema_migrations'
    order by 1`;
  return rows.map(({ name }) => name);
}

const A = { "0001_a.sql": "create table a (id int)" };
const B = { "0002_b.sql": "create table b (id int); insert into b values (1)" };

Deno.test("the migrations make the schema that is on file, and a second run has nothing to do", async () => {
  await using database = await openDatabase();
  const applied = await run(database.sql);
  const files = await Array.fromAsync(Deno.readDir(REAL), ({ name }) => name);
  assert.deepEqual(applied, files.filter((name) => name.endsWith(".sql")).sort());
  assert.deepEqual(await run(database.sql), []);
  const dump = await dumpSchema(database.sql);
  if (Deno.env.get("WRITE_SCHEMA")) await Deno.writeTextFile(DUMP, dump);
  assert.equal(
    dump,
    await Deno.readTextFile(DUMP),
    "the schema is not that of migrations/schema.txt; if it should be, look through what this writes and commit it:\n" +
      "WRITE_SCHEMA=1 deno task test tests/migrations_test.ts",
  );
});

Deno.test("of five processes at once each file is applied by one, and all return when all are applied", async () => {
  await using database = await openDatabase();
  await using stack = new AsyncDisposableStack();
  const all = await Promise.all(
    Array.from({ length: 5 }, () => openSql({ target: database.target, max: 1, log: quietLog })),
  );
  for (const each of all) stack.use(each);
  const applied = await Promise.all(all.map(async ({ sql }) => {
    const names = await run(sql);
    // What this one may rely on from now on.
    await sql`select from alerts`;
    return names;
  }));
  const files = (await Array.fromAsync(Deno.readDir(REAL), ({ name }) => name)).filter((name) => name.endsWith(".sql"));
  assert.deepEqual(applied.flat().sort(), files.sort());
  const locks = await database.sql`
    select from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;
  assert.equal(locks.length, 0);
});

Deno.test("a file that fails leaves nothing of itself, keeps those before it, and is named", async () => {
  await using database = await openDatabase();
  await using broken = await makeFolder({ ...A, "0002_b.sql": "create table b (id int); insert into b values ('x')" });
  await assert.rejects(
    run(database.sql, broken.folder),
    /^Error: Cannot migrate: 0002_b.sql failed: invalid input syntax/,
  );
  assert.deepEqual(await tablesOf(database.sql), ["a"]);
  await using mended = await makeFolder({ ...A, ...B });
  assert.deepEqual(await run(database.sql, mended.folder), ["0002_b.sql"]);
  assert.deepEqual(await tablesOf(database.sql), ["a", "b"]);
});

Deno.test("a file edited after it was applied is refused, and nothing else is applied", async () => {
  await using database = await openDatabase();
  await using first = await makeFolder(A);
  await run(database.sql, first.folder);
  await using edited = await makeFolder({ "0001_a.sql": "create table a (id bigint)", ...B });
  await assert.rejects(run(database.sql, edited.folder), /0001_a.sql was edited after it had been applied/);
  assert.deepEqual(await tablesOf(database.sql), ["a"]);
});

Deno.test("a file applied and since gone is refused, at the end of the row or within it", async () => {
  await using database = await openDatabase();
  await using both = await makeFolder({ ...A, ...B });
  await run(database.sql, both.folder);
  await using first = await makeFolder(A);
  await assert.rejects(
    run(database.sql, first.folder),
    /0002_b.sql was applied to this database and is not in the folder/,
  );
  await using renamed = await makeFolder({ "0001_c.sql": "create table c (id int)", ...B });
  await assert.rejects(
    run(database.sql, renamed.folder),
    /0001_a.sql was applied to this database and is not in the folder/,
  );
});

for (
  const [what, names] of [["a gap", ["0001_a.sql", "0003_c.sql"]], ["a number twice", [
    "0001_a.sql",
    "0001_b.sql",
  ]]] as const
) {
  Deno.test(`${what} in the numbers is refused before anything is applied`, async () => {
    await using database = await openDatabase();
    await using folder = await makeFolder(Object.fromEntries(names.map((name) => [name, "create table x (id int)"])));
    await assert.rejects(run(database.sql, folder.folder), new RegExp(`${names[1]} stands where 0002_`));
    assert.deepEqual(await tablesOf(database.sql), []);
  });
}

Deno.test("a role that may not create tables can start on a schema that is up to date", async () => {
  await using database = await openDatabase();
  await using folder = await makeFolder(A);
  await run(database.sql, folder.folder);
  await database.sql.begin(async (tx) => {
    await tx`create role ${tx(`reader_${Deno.pid}`)}`;
    await tx`revoke create on schema public from public`;
    await tx`grant select on schema_migrations to ${tx(`reader_${Deno.pid}`)}`;
    await tx`set local role ${tx(`reader_${Deno.pid}`)}`;
    assert.deepEqual(await run(tx as unknown as Sql, folder.folder), []);
    await tx`reset role`;
    await tx`revoke all on schema_migrations from ${tx(`reader_${Deno.pid}`)}`;
    await tx`drop role ${tx(`reader_${Deno.pid}`)}`;
  });
});
