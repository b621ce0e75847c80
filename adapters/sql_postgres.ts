/**
 * The SQL port on postgres.js: its tagged templates and transactions, on connections of our own care (postgres_pool.ts).
 * Instants come out as `Date`, bigint and count(*) as number; a parameter that is undefined throws.
 */
import postgres from "postgres";
import type { Deps, Sql } from "../services/ports.ts";
import { type Link, LINK_OPTIONS, openLink, type Statement, unless } from "./postgres_link.ts";
import { createPool, type Pool } from "./postgres_pool.ts";
import { transact } from "./postgres_transaction.ts";

/** Where a database is: a URL, also with a socket folder as `?host=`, or the socket of an embedded server. */
export type SqlTarget = string | { host: string; port?: number; user: string; database: string };

/**
 * Opens at most `max` connections, kept and replaced as needed. Waits up to 30 s for a database that is on its way up.
 * While the database is away or silent every call rejects within about 5 s, and the next ones succeed once it is back; a
 * transaction whose connection was lost rejects and nothing of it remains, unless its commit was on its way already.
 * `listen`, `reserve`, savepoints, options of `begin`, and cursors outside a transaction are not offered.
 */
export async function openSql(
  { target, max, log }: { target: SqlTarget; max: number } & Pick<Deps, "log">,
): Promise<{ sql: Sql } & AsyncDisposable> {
  const template = templateOf(target, log);
  const first = await firstLink(() => openLink(template.options), log);
  const pool = createPool({ open: () => openLink(template.options), first, max, log });
  return { sql: sqlOver(template, pool), [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}

/** An instance that never connects: it makes statements, and holds the options and types for those that do. */
function templateOf(target: SqlTarget, log: Deps["log"]) {
  const { url, socket } = addressOf(target);
  const options: postgres.Options<{ bigint: postgres.PostgresType<number> }> = {
    ...socket,
    ...LINK_OPTIONS,
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
    onnotice: ({ message }) => log.debug("database notice", { message }),
    connection: {
      application_name: "moajang",
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    },
  };
  return url ? postgres(url, options) : postgres(options);
}

const STATEMENT_MS = 30_000;
const IDLE_IN_TRANSACTION_MS = 60_000;

/** A socket folder as `?host=` is libpq's way; postgres.js would send it to the server as a setting. */
function addressOf(target: SqlTarget): { url?: string; socket?: { host: string; port?: number } } {
  if (typeof target !== "string") return { socket: target };
  const url = new URL(target);
  const host = url.searchParams.get("host");
  url.searchParams.delete("host");
  return { url: url.href, ...(host && { socket: { host, port: Number(url.port) || 5432 } }) };
}

const START_MS = 30_000;
const START_PAUSE_MS = 250;

async function firstLink(open: () => Promise<Link>, log: Deps["log"]): Promise<Link> {
  const deadline = performance.now() + START_MS;
  for (let attempt = 1;; attempt++) {
    try {
      return await open();
    } catch (cause) {
      const { message, code } = cause as { message: string; code?: string };
      const isFinal = code && FINAL.test(code);
      if (isFinal || performance.now() > deadline) {
        throw new Error(`Cannot open the database: ${message}${isFinal ? "" : ` (tried for ${START_MS / 1000} s)`}`, {
          cause,
        });
      }
      if (attempt === 1) log.info("waiting for the database", { error: message });
      await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
    }
  }
}

/** What waiting does not cure: refused credentials, no such database, a setting the server does not know, no TLS. */
const FINAL = /^(28...|3D...|42...|22...|NO_TLS)$/;

function sqlOver(template: ReturnType<typeof templateOf>, pool: Pool): Sql {
  async function run(statement: Statement): Promise<void> {
    if (statement.cursorFn || statement.streaming) {
      return statement.reject(new TypeError("cursors and copies need a transaction"));
    }
    try {
      const link = await pool.take();
      // It may have been given up while it waited.
      if (!statement.cancelled) link.execute(statement);
      await statement.catch(() => {});
      pool.give(link);
    } catch (error) {
      statement.reject(error);
    }
  }

  async function begin(...args: [string, Work] | [Work]): Promise<unknown> {
    if (args.length > 1) throw new TypeError("transactions take no options");
    const link = await pool.take();
    try {
      return await unless(link.line.lost, transact(link, (run) => statementsOf(template, run), args.at(-1) as Work));
    } finally {
      pool.give(link);
    }
  }

  return Object.assign(statementsOf(template, run), { begin }) as unknown as Sql;
}

type Work = (tx: unknown) => Promise<unknown>;

/** The driver's functions that make statements; theirs are run by `run`. */
function statementsOf(template: ReturnType<typeof templateOf>, run: (statement: Statement) => void): Sql {
  function handled<T>(made: T): T {
    if (made instanceof Promise) (made as unknown as Statement).handler = run;
    return made;
  }
  const call = (...args: Parameters<typeof template>) => handled(template(...args));
  const { options, types, typed, array, json } = template;
  const unsafe: typeof template.unsafe = (...args) => handled(template.unsafe(...args));
  return Object.assign(call, { options, types, typed, array, json, unsafe }) as unknown as Sql;
}
