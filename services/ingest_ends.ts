/** How ingest runs end: complete, short of that with a reason, held for a person, and released by one. */
import { retireMissing, type Share } from "./catalogue_writes.ts";
import { holdRun, markOf, reportColumns, type Run, type RunReport, type SourceName } from "./ingest_runs.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

type Keeper = Pick<Deps, "sql" | "clock">;

/** More than this share of the known rows missing is not believed. */
const MISSING_SHARE_MAX = 0.05;

/** Why a run that read all pages has still not seen everything; `null` when it has. */
export function shortReason(distinct: number, total: number | null): string | null {
  return distinct === total ? null : `saw ${distinct} different rows where the source claims ${total}`;
}

/** Why what a run would retire is not believed; `null` when it is. */
export function heldReason(
  { missing, unkeyed, knownBefore }: { missing: number; unkeyed: number; knownBefore: number },
): string | null {
  // Any of the rows without a key may be one of the missing.
  const gone = Math.max(0, missing - unkeyed);
  if (gone <= knownBefore * MISSING_SHARE_MAX) return null;
  return `${gone} of ${knownBefore} known rows are missing: a person has to look`;
}

/**
 * Ends a run whose pages are all read. Complete only if the distinct rows seen are as many as the source claims: then what
 * it no longer tells is retired, unless that is too much to believe (held), and `replace` runs in the same transaction.
 */
export async function closeRun(
  { sql, clock }: Keeper,
  run: Run,
  share: Share,
  replace: (tx: TransactionSql) => Promise<void>,
): Promise<RunReport> {
  return await inTransaction(sql, async (tx) => {
    await holdRun(tx, run);
    // All rows against all keys, while the planner still takes the tables for as small as before the run: only a hash will do.
    await tx`set local enable_nestloop = off`;
    const { distinct, unkeyed, missing, knownBefore } = await compare(tx, run, share);
    const short = shortReason(distinct, run.total);
    if (short) return await settle({ clock }, tx, run, { state: "incomplete", reason: short, dropPages: true });
    const held = heldReason({ missing, unkeyed, knownBefore });
    if (held) return await settle({ clock }, tx, run, { state: "held", reason: held, dropPages: false });
    const retired = missing === 0 || unkeyed > 0 ? 0 : await retireMissing({ clock }, tx, share, run.id);
    return await complete({ clock }, tx, run, { retired, replace });
  });
}

/**
 * Ends a held run as a person wants it: complete, with what it did not see retired. `null` when the newest run of the source
 * is not held. Rows without a key do not spare anything here: what was retired wrongly is back with the next run.
 */
export async function releaseRun(
  { sql, clock }: Keeper,
  source: SourceName,
  share: Share,
  replace: (tx: TransactionSql) => Promise<void>,
): Promise<RunReport | null> {
  return await inTransaction(sql, async (tx) => {
    const run = await holdHeld(tx, source);
    if (!run) return null;
    await tx`set local enable_nestloop = off`;
    const retired = await retireMissing({ clock }, tx, share, run.id);
    return await complete({ clock }, tx, run, { retired, replace });
  });
}

/** Locks the held run of a source. A run that begins waits for the same row, and one that has begun since is newer. */
async function holdHeld(tx: TransactionSql, source: SourceName): Promise<Pick<Run, "id" | "source"> | undefined> {
  const [held] = await tx<{ id: string; epoch: number }[]>`
    select id, epoch
    from ingest_runs
    where source = ${source} and state = 'held'
    order by epoch desc
    limit 1
    for update`;
  if (!held) return undefined;
  // What the held run did not see may have come with a later one: only the newest may be released.
  const [later] = await tx`select 1 from ingest_runs where source = ${source} and epoch > ${held.epoch} limit 1`;
  return later ? undefined : { id: held.id, source };
}

/** What every complete run leaves behind: its count, no samples, nothing of earlier runs. */
async function complete(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  run: Pick<Run, "id" | "source">,
  { retired, replace }: { retired: number; replace: (tx: TransactionSql) => Promise<void> },
): Promise<RunReport> {
  await tx`update ingest_runs set retired = ${retired} where id = ${run.id}`;
  await replace(tx);
  await dropEarlier(tx, run);
  return await settle({ clock }, tx, run, { state: "complete", reason: null, dropPages: true });
}

/** Ends a run before its time, the data as they are. With `dropPages` the next run begins anew, else it goes on here. */
export async function stopRun(
  { sql, clock }: Keeper,
  run: Run,
  end: { state: "incomplete" | "failed"; reason: string; dropPages: boolean },
): Promise<RunReport> {
  return await inTransaction(sql, async (tx) => {
    await holdRun(tx, run);
    return await settle({ clock }, tx, run, end);
  });
}

interface Comparison {
  /** Different rows that the run has seen. */
  distinct: number;
  /** Rows, of all that it has seen, that had no key. */
  unkeyed: number;
  /** Rows in use that it has not seen. */
  missing: number;
  /** Rows in use, less those that it wrote itself. */
  knownBefore: number;
}

/** What the run has seen beside what the catalogue has of its source. */
async function compare(tx: TransactionSql, { id }: Run, { table, keyColumn, source }: Share): Promise<Comparison> {
  const [comparison] = await tx<Comparison[]>`
    select count(seen.key)::int as distinct,
      (coalesce(sum(times) filter (where starts_with(seen.key, ${markOf("unkeyed", "")})), 0))::int as unkeyed,
      (count(known.key) filter (where seen.key is null))::int as missing,
      (count(known.key) - (select inserted from ingest_runs where id = ${id}))::int as "knownBefore"
    from (
      -- By a hash: to count distinct values PostgreSQL would sort them.
      select key, count(*) as times
      from ingest_pages, unnest(keys_seen) as key
      where run_id = ${id}
      group by key
    ) seen
    full join (
      select ${tx(keyColumn)} as key from ${tx(table)} where source = ${source} and retired_at is null
    ) known on known.key = seen.key`;
  return comparison!;
}

/** What earlier runs kept for a person or for a resumption is settled by a complete one. */
async function dropEarlier(tx: TransactionSql, { id, source }: Pick<Run, "id" | "source">): Promise<void> {
  const earlier = tx`select id from ingest_runs where source = ${source} and id <> ${id}`;
  await tx`delete from ingest_pages where run_id in (${earlier})`;
  await tx`delete from ingest_rejects where run_id in (${earlier})`;
}

async function settle(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  { id }: Pick<Run, "id">,
  { state, reason, dropPages }: { state: RunReport["state"]; reason: string | null; dropPages: boolean },
): Promise<RunReport> {
  if (dropPages) await tx`delete from ingest_pages where run_id = ${id}`;
  const [report] = await tx<RunReport[]>`
    update ingest_runs
    set state = ${state}, reason = ${reason}, finished_at = ${clock.now()}
    where id = ${id}
    returning ${reportColumns(tx)}`;
  return report!;
}
