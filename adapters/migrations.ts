/** Brings the schema up to date from `migrations/`: numbered files, forward only, each applied once and never edited after. */
import type { Deps, Sql, TransactionSql } from "../services/ports.ts";

/** A file of the folder, as it is now. */
interface Migration {
  name: string;
  text: string;
  checksum: string;
}

const FOLDER = new URL("../migrations/", import.meta.url);

/** Of the advisory lock that migrating transactions hold: any number, as long as nothing else of the database uses it. */
const LOCK = 7_305_806_150_211_931;

/**
 * Applies the files that the database has not seen, in order, each in a transaction of its own, and returns their names.
 * Any number of processes may do so at once: each file is applied by one of them, and all return when all are applied.
 * Throws, with nothing of that file applied, when numbers have gaps or an applied file was edited or is missing.
 */
export async function migrate(
  { sql, log, folder = FOLDER }: Pick<Deps, "sql" | "log"> & { folder?: URL },
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  await locked(sql, (tx) =>
    tx`
      create table if not exists schema_migrations (
        name text primary key,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`);
  const applied: string[] = [];
  while (true) {
    const name = await locked(sql, (tx) => applyNext(tx, migrations));
    if (name === null) return applied;
    log.info("migrated", { name });
    applied.push(name);
  }
}

/** The lock ends with the transaction, so that a transaction pooler may stand in between. */
function locked<T>(sql: Sql, work: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`;
    return await work(tx);
  }) as Promise<T>;
}

async function applyNext(tx: TransactionSql, migrations: Migration[]): Promise<string | null> {
  const applied = await tx<{ name: string; checksum: string }[]>`
    select name, checksum
    from schema_migrations
    order by name`;
  for (const [i, { name, checksum }] of applied.entries()) {
    const file = migrations[i];
    if (file?.name !== name) {
      throw new Error(`Cannot migrate: ${name} is applied to this database but not in the folder`);
    }
    if (file.checksum !== checksum) throw new Error(`Cannot migrate: ${name} was edited after it had been applied`);
  }
  const next = migrations[applied.length];
  if (!next) return null;
  await tx.unsafe(next.text).catch((cause) => {
    throw new Error(`Cannot migrate: ${next.name} failed: ${cause.message}`, { cause });
  });
  await tx`insert into schema_migrations ${tx({ name: next.name, checksum: next.checksum })}`;
  return next.name;
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".sql")) names.push(name);
  names.sort();
  for (const [i, name] of names.entries()) {
    const number = String(i + 1).padStart(4, "0");
    if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(name) || !name.startsWith(`${number}_`)) {
      throw new Error(`Cannot migrate: ${name} stands where ${number}_….sql should; numbers go up by one without gaps`);
    }
  }
  return await Promise.all(names.map(async (name) => {
    const text = await Deno.readTextFile(new URL(name, folder));
    return { name, text, checksum: await sha256(text) };
  }));
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}
