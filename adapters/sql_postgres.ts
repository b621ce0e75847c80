/** The SQL port on postgres.js. */
import postgres from "postgres";
import type { Deps, Sql } from "../services/ports.ts";

/** Where a database is: a URL, or the socket of an embedded server. */
export type SqlTarget = string | { host: string; user: string; database: string };

/** First form. */
export async function openSql(
  { target, max, log }: { target: SqlTarget; max: number } & Pick<Deps, "log">,
): Promise<{ sql: Sql } & AsyncDisposable> {
  const { url, host } = addressOf(target);
  const options: postgres.Options<{ bigint: postgres.PostgresType<number> }> = {
    ...host,
    max,
    connect_timeout: 5,
    keep_alive: 30,
    backoff: () => 0.2,
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
    onnotice: ({ message }) => log.debug("postgres notice", { message }),
    connection: {
      application_name: "moajang",
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 60_000,
    },
  };
  const sql = url ? postgres(url, options) : postgres(options);
  await sql`select 1`;
  return { sql: sql as unknown as Sql, [Symbol.asyncDispose]: () => sql.end({ timeout: 5 }) };
}

/** A socket folder as `?host=` is libpq's way; postgres.js would send it to the server as a setting. */
function addressOf(target: SqlTarget): { url?: string; host?: { host: string } } {
  if (typeof target !== "string") return { host: target };
  const url = new URL(target);
  const folder = url.searchParams.get("host");
  url.searchParams.delete("host");
  return { url: url.href, ...(folder && { host: { host: folder } }) };
}
