/** What a run would change, worked out by reading alone. */
import type { Share } from "./catalogue_writes.ts";
import { heldReason, shortReason } from "./ingest_ends.ts";
import { type JudgedPage, markOf, type RunReport, type SourceName } from "./ingest_runs.ts";
import type { Deps } from "./ports.ts";

type Hashed = { row_hash: string };

/** Gathers pages, in whatever order they come. */
export interface Preview {
  add(page: JudgedPage<Hashed>): Promise<void>;
  /** How the run would end, all pages added. */
  end(total: number | null): Promise<RunReport>;
  /** How it would end now, for this reason. */
  endEarly(reason: string): RunReport;
}

/** A preview of a run that begins now. Nothing is written, locked or claimed. */
export function openPreview({ sql }: Pick<Deps, "sql">, source: SourceName, share: Share): Preview {
  const seen = new Set<string>();
  const report: RunReport = {
    source,
    state: "incomplete",
    reason: null,
    pages: 0,
    fetched: 0,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    retired: 0,
    rejected: 0,
    corrected: 0,
    rejectReasons: {},
  };
  let unkeyed = 0, present = 0, revived = 0;

  async function add({ keysSeen, rows, rejects, corrected }: JudgedPage<Hashed>): Promise<void> {
    const fresh = new Set(keysSeen).difference(seen);
    const known = await knownOf({ sql }, share, [...fresh]);
    for (const key of fresh) {
      seen.add(key);
      if (key.startsWith(markOf("unkeyed", ""))) unkeyed++;
      if (known.get(key)?.isInUse) present++;
    }
    for (const { key, row } of rows) {
      const there = known.get(key);
      if (!fresh.has(key) || (there?.isInUse && there.hash === row.row_hash)) report.unchanged++;
      else if (there) report.updated++;
      else report.inserted++;
      if (there && !there.isInUse) revived++;
    }
    for (const { reason } of rejects) report.rejectReasons[reason] = (report.rejectReasons[reason] ?? 0) + 1;
    report.pages++;
    report.fetched += keysSeen.length;
    report.rejected += rejects.length;
    report.corrected += corrected;
  }

  async function end(total: number | null): Promise<RunReport> {
    const short = shortReason(seen.size, total);
    if (short) return endEarly(short);
    const inUse = await countInUse({ sql }, share);
    const missing = inUse - present;
    const held = heldReason({ missing, unkeyed, knownBefore: inUse + revived });
    if (held) return { ...report, state: "held", reason: held };
    return { ...report, state: "complete", retired: unkeyed > 0 ? 0 : missing };
  }

  function endEarly(reason: string): RunReport {
    return { ...report, reason };
  }

  return { add, end, endEarly };
}

async function knownOf(
  { sql }: Pick<Deps, "sql">,
  { table, keyColumn, source }: Share,
  keys: string[],
): Promise<Map<string, { hash: string; isInUse: boolean }>> {
  const rows = await sql<{ key: string; hash: string; isInUse: boolean }[]>`
    select ${sql(keyColumn)} as key, encode(row_hash, 'hex') as hash, retired_at is null as "isInUse"
    from ${sql(table)}
    where source = ${source} and ${sql(keyColumn)} = any(${keys})`;
  return new Map(rows.map(({ key, ...known }) => [key, known]));
}

async function countInUse({ sql }: Pick<Deps, "sql">, { table, source }: Share): Promise<number> {
  const [counts] = await sql<{ inUse: number }[]>`
    select count(*)::int as "inUse" from ${sql(table)} where source = ${source} and retired_at is null`;
  return counts!.inUse;
}
