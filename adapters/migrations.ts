/** Brings the schema up to date from `migrations/`: numbered files, forward only, each applied once and never edited after. */
import type { Deps, Sql, TransactionSql } from "../services/ports.ts";

/** What is known of a file: as it is in the folder, or as it was when it was applied. */
interface Known {
  name: string;
  checksum: string;
}

interface Migration extends Known {
  text: string;
}

const FOLDER = new URL("../migrations/", import.meta.url);

/** Of the advisory lock of those who migrate; any number that nothing else in the database uses. */
const LOCK = 7_305_806_150;

/**
 * Applies the files that the database has not seen, in order, each in a transaction of its own, and returns their names.
 * Any number of processes may do so at once: each file is applied by one of them, and all return when all are applied.
 * Throws, with nothing of that file applied, when a file fails, and when the folder is not what was applied and more.
 */
export async function migrate(
  { sql, log, folder = FOLDER }: Pick<Deps, "sql" | "log"> & { folder?: URL },
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const names: string[] = [];
  while (nextOf(migrations, await appliedTo(sql))) {
    const name = await sql.begin((tx) => applyNext(tx, migrations));
    if (!name) continue;
    log.info("schema migrated", { name });
    names.push(name);
  }
  return names;
}

async function applyNext(tx: TransactionSql, migrations: Migration[]): Promise<string | undefined> {
  await tx`set local statement_timeout = 0`;
  // Ends with the transaction, so that a transaction pooler may stand in between.
  await tx`select pg_advisory_xact_lock(${LOCK})`;
  await tx`
    create table if not exists schema_migrations (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`;
  const next = nextOf(migrations, await appliedTo(tx));
  if (!next) return undefined;
  await tx.unsafe(next.text).catch((cause) => {
    throw new Error(`Cannot migrate: ${next.name} failed: ${cause.message}`, { cause });
  });
  await tx`
    insert into schema_migrations (name, checksum)
    values (${next.name}, ${next.checksum})`;
  return next.name;
}

/** Reads without writing, so that a service may run as a role that may not create tables. */
async function appliedTo(sql: Sql | TransactionSql): Promise<Known[]> {
  const [found] = await sql`select to_regclass('schema_migrations') is not null as "isThere"`;
  if (!found!.isThere) return [];
  return await sql<Known[]>`
    select name, checksum
    from schema_migrations
    order by name`;
}

function nextOf(migrations: Migration[], applied: Known[]): Migration | undefined {
  for (const [i, { name, checksum }] of applied.entries()) {
    const file = migrations[i];
    if (file?.name !== name) {
      throw new Error(
        `Cannot migrate: ${name} was applied to this database and is not in the folder; this may be an older release`,
      );
    }
    if (file.checksum !== checksum) throw new Error(`Cannot migrate: ${name} was edited after it had been applied`);
  }
  return migrations[applied.length];
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const names = files.filter((name) => name.endsWith(".sql")).sort();
  for (const [i, name] of names.entries()) {
    const number = String(i + 1).padStart(4, "0");
    if (!name.startsWith(`${number}_`)) {
      throw new Error(`Cannot migrate: ${name} stands where ${number}_….sql should; numbers go up by one`);
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
