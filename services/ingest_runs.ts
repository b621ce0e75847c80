/**
 * The book of ingest runs. A run owns its source by its epoch: whoever comes later raises it, and from then on the earlier
 * one cannot write. Each finished page is a row written with the page's own rows, so that nothing is asked for twice.
 */
import type { Keyed, Written } from "./catalogue_writes.ts";
import { newId } from "./ids.ts";
import type { Deps, PublicSources, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

type Keeper = Pick<Deps, "sql" | "clock">;

/** A source by its name on the command line. */
export type SourceName = keyof PublicSources;

/** A run that this process holds. */
export interface Run {
  id: string;
  source: SourceName;
  epoch: number;
  /** What the source claims to hold, once it has said so. */
  total: number | null;
  /** Pages already finished, by an earlier process. */
  finished: Set<number>;
}

/** How a run stands, as the book has it. */
export interface RunReport {
  source: SourceName;
  state: "running" | "complete" | "incomplete" | "held" | "failed";
  reason: string | null;
  pages: number;
  fetched: number;
  inserted: number;
  updated: number;
  unchanged: number;
  retired: number;
  rejected: number;
  /** Rows that went in after something plainly wrong in them was set right. */
  corrected: number;
  /** How many rows were kept aside for which reason. */
  rejectReasons: Record<string, number>;
}

/** A page, read and judged. `keysSeen` has one entry per row: its natural key, or {@link markOf} one that is none. */
export interface JudgedPage<Row> {
  page: number;
  total: number;
  keysSeen: string[];
  rows: Keyed<Row>[];
  /** How many of `rows` were set right. */
  corrected: number;
  rejects: { key: string; reason: string; raw: unknown }[];
}

/** Thrown where a run would write although a later one has taken its source over. */
export class Superseded extends Error {
  override name = "Superseded";
}

/** An unfinished run is gone on with for this long; after that its pages tell of another time. */
const RESUME_MS_MAX = 24 * 3600_000;

/** A key of no row: what stands in `keysSeen` for a row that is not in use, repeats another, or has no key. */
export function markOf(kind: "out of use" | "repeat" | "unkeyed", detail: string): string {
  // Natural keys are one line of text: none begins with a tab.
  return `\t${kind} ${detail}`;
}

/** Takes a source over: goes on with its unfinished run, or begins one. Whoever held it before can write no more. */
export async function beginRun({ sql, clock }: Keeper, source: SourceName): Promise<Run> {
  while (true) {
    const run = await inTransaction(sql, async (tx) => {
      const last = await lastRun(tx, source);
      const isYoung = last && clock.now().getTime() - last.startedAt.getTime() < RESUME_MS_MAX;
      if (isYoung && last.isUnfinished && last.finished.length > 0) return await resumeRun(tx, source, last);
      if (last?.isUnfinished) await closeStale({ clock }, tx, last.id);
      return await newRun({ clock }, tx, source, (last?.epoch ?? 0) + 1);
    });
    if (run) return run;
  }
}

interface LastRun {
  id: string;
  epoch: number;
  isUnfinished: boolean;
  total: number | null;
  startedAt: Date;
  finished: number[];
}

async function lastRun(tx: TransactionSql, source: SourceName): Promise<LastRun | undefined> {
  const [last] = await tx<Omit<LastRun, "finished">[]>`
    select id, epoch, state in ('running', 'incomplete', 'failed') as "isUnfinished", total_claimed as total,
      started_at as "startedAt"
    from ingest_runs
    where source = ${source}
    order by epoch desc
    limit 1
    -- Waits for a page that the holder is writing just now.
    for update`;
  if (!last) return undefined;
  const pages = await tx<{ page: number }[]>`select page from ingest_pages where run_id = ${last.id}`;
  return { ...last, finished: pages.map(({ page }) => page) };
}

async function resumeRun(tx: TransactionSql, source: SourceName, { id, total, finished }: LastRun): Promise<Run> {
  const [raised] = await tx<{ epoch: number }[]>`
    update ingest_runs
    set epoch = epoch + 1, state = 'running', reason = null, finished_at = null
    where id = ${id}
    returning epoch`;
  return { id, source, epoch: raised!.epoch, total, finished: new Set(finished) };
}

async function closeStale({ clock }: Pick<Deps, "clock">, tx: TransactionSql, id: string): Promise<void> {
  await tx`delete from ingest_pages where run_id = ${id}`;
  await tx`
    update ingest_runs
    set state = 'incomplete', reason = coalesce(reason, 'a later run took over'),
      finished_at = coalesce(finished_at, ${clock.now()})
    where id = ${id}`;
}

async function newRun(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  source: SourceName,
  epoch: number,
): Promise<Run | undefined> {
  const id = newId({ clock });
  const [begun] = await tx`
    insert into ingest_runs (id, source, epoch, state, started_at)
    values (${id}, ${source}, ${epoch}, 'running', ${clock.now()})
    on conflict (source, epoch) do nothing
    returning 1`;
  return begun && { id, source, epoch, total: null, finished: new Set() };
}

/**
 * Writes pages, each with its checkpoint: all or none of them. Several calls may be under way: their rows are written side
 * by side. Throws {@link Superseded} when the run is no longer the newest.
 */
export async function writePages<Row>(
  { sql }: Pick<Deps, "sql">,
  run: Run,
  pages: JudgedPage<Row>[],
  write: (tx: TransactionSql, rows: Keyed<Row>[]) => Promise<Written>,
): Promise<void> {
  await inTransaction(sql, async (tx) => {
    await holdRun(tx, run, "shared");
    const [written] = await Promise.all([
      write(tx, lastOfEach(pages.flatMap(({ rows }) => rows))),
      writeRejects(tx, run, pages.flatMap(({ rejects }) => rejects)),
    ]);
    await Promise.all([countPages(tx, run, pages, written), ...pages.map((page) => finishPage(tx, run, page))]);
  });
}

async function finishPage(tx: TransactionSql, { id }: Run, { page, keysSeen }: JudgedPage<unknown>): Promise<void> {
  await tx`
    insert into ingest_pages (run_id, page, keys_seen)
    values (${id}, ${page}, ${keysSeen})`;
}

async function countPages(
  tx: TransactionSql,
  { id }: Run,
  pages: JudgedPage<unknown>[],
  { inserted, updated }: Written,
): Promise<void> {
  const sum = (count: (page: JudgedPage<unknown>) => number) => pages.reduce((all, page) => all + count(page), 0);
  const rows = sum((page) => page.rows.length), fetched = sum((page) => page.keysSeen.length);
  await Promise.all([
    // One after the other. At the row itself they would wait behind whoever waits for all of them to take the run over.
    tx`select pg_advisory_xact_lock(hashtextextended(${id}, 0))`,
    tx`
    update ingest_runs
    set total_claimed = ${pages[0]!.total}, pages = pages + ${pages.length}, fetched = fetched + ${fetched},
      inserted = inserted + ${inserted}, updated = updated + ${updated},
      unchanged = unchanged + ${rows - inserted - updated},
      rejected = rejected + ${sum((page) => page.rejects.length)},
      corrected = corrected + ${sum((page) => page.corrected)}
    where id = ${id}`,
  ]);
}

/** Two pages may tell the same row, which one statement cannot write twice. The later one stands, as in transactions apart. */
function lastOfEach<Row>(rows: Keyed<Row>[]): Keyed<Row>[] {
  const last = new Map(rows.map((row) => [row.key, row]));
  return last.size === rows.length ? rows : [...last.values()];
}

/**
 * The guard: holds the run for this transaction, if it is still ours, alone or beside others that share it. Nobody takes it
 * over meanwhile; a process that stands still may not hold it for long.
 */
export async function holdRun(
  tx: TransactionSql,
  { id, epoch }: Run,
  how: "alone" | "shared" = "alone",
): Promise<void> {
  const [held] = await tx`
    select set_config('idle_in_transaction_session_timeout', '20s', true)
    from ingest_runs
    where id = ${id} and epoch = ${epoch} and state = 'running'
    ${how === "alone" ? tx`for update` : tx`for key share`}`;
  if (!held) throw new Superseded("Cannot write to the run: a later one has taken over");
}

async function writeRejects(tx: TransactionSql, { id }: Run, rejects: JudgedPage<unknown>["rejects"]): Promise<void> {
  if (rejects.length === 0) return;
  // jsonb takes neither NUL nor half a surrogate pair.
  const storable = (_: string, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "") : value;
  await tx`
    insert into ingest_rejects (run_id, key, reason, raw)
    select ${id}, key, reason, raw
    from json_to_recordset(${
    JSON.stringify(rejects, storable)
  }::text::json) as rejects (key text, reason text, raw jsonb)
    on conflict (run_id, key) do nothing`;
}

/** How a run stands now. */
export async function readReport({ sql }: Pick<Deps, "sql">, { id }: Run): Promise<RunReport> {
  const [report] = await sql<RunReport[]>`select ${reportColumns(sql)} from ingest_runs where id = ${id}`;
  return report!;
}

/** The columns of a {@link RunReport}, in a statement about `ingest_runs`. */
export function reportColumns(sql: Deps["sql"] | TransactionSql) {
  return sql`
    source, state, reason, pages, fetched, inserted, updated, unchanged, retired, rejected, corrected,
    (select coalesce(json_object_agg(reason, rows), '{}')
      from (
        select rejects.reason, count(*) as rows
        from ingest_rejects rejects
        where rejects.run_id = ingest_runs.id
        group by rejects.reason
      ) counted) as "rejectReasons"`;
}

/** Whether a source has ever been read to its end. */
export async function hasCompleted({ sql }: Pick<Deps, "sql">, source: SourceName): Promise<boolean> {
  const [run] = await sql`select 1 from ingest_runs where source = ${source} and state = 'complete' limit 1`;
  return run !== undefined;
}
