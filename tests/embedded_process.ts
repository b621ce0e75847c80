/** A process of its own on an embedded database: says what it found, stays until told to leave, and says that it left. */
import { openEmbeddedPostgres } from "../adapters/postgres_embedded.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import { quietLog } from "./quiet_log.ts";

const [dataDir = "."] = Deno.args;
const told = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => told.resolve());

function say(words: unknown): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(words) + "\n"));
}

try {
  const embedded = await openEmbeddedPostgres({ dataDir, log: quietLog });
  const { sql, ...pool } = await openSql({ target: embedded.connection, max: 2, log: quietLog });
  const [row] = await sql`select current_user as name`;
  say({ reused: embedded.reused, connection: embedded.connection, name: row!.name });
  await told.promise;
  const [after] = await sql`select 1 as one`;
  await pool[Symbol.asyncDispose]();
  await embedded[Symbol.asyncDispose]();
  say({ left: true, answered: after!.one });
} catch (error) {
  say({ error: (error as Error).message });
}
Deno.exit(0);
