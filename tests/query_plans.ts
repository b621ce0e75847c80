/** What PostgreSQL does for the statements of a test. */
import postgres from "postgres";
import type { Sql } from "../services/ports.ts";
import type { TestDatabase } from "./harness.ts";

/** How PostgreSQL went about a statement. */
export interface Plan {
  text: string;
  nodes: Record<string, unknown>[];
  /** Rows that a scan of a table gave or threw away. */
  rowsRead: number;
  /** Pages that it looked into. */
  pagesRead: number;
}

/** A connection, and the plans of what is done over it. */
export interface Watched {
  sql: Sql;
  /** Twice for each statement: planned for its values, and for any. */
  plansOf(search: () => Promise<unknown>): Promise<Plan[]>;
}

/** Opens a connection that remembers its statements, to have them explained; what they write is rolled back then. */
export function watchStatements({ environment }: Pick<TestDatabase, "environment">): Watched {
  const url = environment["DATABASE_URL"]!;
  const seen: { text: string; parameters: unknown[] }[] = [];
  const { searchParams, username, pathname } = new URL(url);
  const socket = searchParams.get("host");
  const sql = postgres(socket ? "" : url, {
    // The driver itself does not know the socket of the embedded server by its URL.
    ...(socket && { host: socket, user: username, database: pathname.slice(1) }),
    max: 1,
    debug: (_, text, parameters) => void seen.push({ text, parameters }),
  });
  return {
    sql,
    async plansOf(search) {
      // What the driver asks for itself when it connects does not count.
      await sql`select`;
      seen.length = 0;
      await search();
      const plans: Plan[] = [];
      for (const { text, parameters } of seen.splice(0)) {
        if (/^(begin|commit|rollback)/.test(text)) continue;
        const values = parameters.map(literal).join(", ");
        await sql.unsafe(`prepare probe as ${text}`).simple();
        // PostgreSQL plans a statement for its first values, and after some runs perhaps for any: both have to do.
        for (const mode of ["force_custom_plan", "force_generic_plan"]) {
          await sql.unsafe(`set plan_cache_mode = ${mode}`).simple();
          const execute = `execute probe${values && `(${values})`}`;
          await sql.unsafe("begin").simple();
          const [row] = await sql.unsafe(`explain (analyze, buffers, format json) ${execute}`).simple();
          await sql.unsafe("rollback").simple();
          plans.push(planOf(row!["QUERY PLAN"][0].Plan));
        }
        await sql.unsafe("deallocate probe").simple();
      }
      return plans;
    },
  };
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `array[${value.map(literal).join(", ")}]`;
  return `'${String(value).replaceAll("'", "''")}'`;
}

function planOf(root: Record<string, unknown>): Plan {
  const nodes = nodesOf(root);
  const scans = nodes.filter((node) => String(node["Node Type"]).includes("Scan") && node["Relation Name"]);
  const rowsRead = scans.reduce(
    (sum, node) => sum + Number(node["Actual Rows"]) + Number(node["Rows Removed by Filter"] ?? 0),
    0,
  );
  const pagesRead = Number(root["Shared Hit Blocks"]) + Number(root["Shared Read Blocks"]);
  return { text: JSON.stringify(root), nodes, rowsRead, pagesRead };
}

function nodesOf(node: Record<string, unknown>): Record<string, unknown>[] {
  return [node, ...((node["Plans"] as Record<string, unknown>[] | undefined) ?? []).flatMap(nodesOf)];
}
