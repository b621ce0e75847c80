/** Reading a source: the total with the first page, then the other pages in parallel, each judged and kept one at a time. */
import PQueue from "p-queue";
import { hashOf } from "../services/ingest_rows.ts";
import { type JudgedPage, markOf, type Run, type SourceName } from "../services/ingest_runs.ts";
import { type Deps, PAGE_ROWS, type PublicSource } from "../services/ports.ts";
import { gather } from "./gather.ts";
import type { Intake } from "./ingest_intakes.ts";
import { askFewerWhenBusy } from "./ingest_asking.ts";
import { type Page, pageReader, type Patience, SourceFailure } from "./ingest_pages.ts";

/** How a run is driven, and who watches. */
export interface Drive {
  signal: AbortSignal;
  /** Pages asked for at once; fewer while the source is busy. */
  concurrency: number;
  patience: Patience;
  /** Called after each kept page. */
  onPage(progress: Progress): void;
}

/** How far this process has come. `pages` counts those of an earlier process too, `rows` and `retries` (questions asked again) do not. */
export interface Progress {
  source: SourceName;
  pages: number;
  pagesAll: number;
  rows: number;
  retries: number;
}

/** A source's way into the catalogue: how a page is asked for, and what becomes of its rows. */
export interface Way<Fields, Row> {
  readPage: NonNullable<PublicSource<Fields>["readPage"]>;
  intake: Intake<Fields, Row>;
}

/** What is read: pages are added to `finished` as they are kept. */
export type Reading = Pick<Run, "source" | "total" | "finished">;

/** Thrown when a source says another total than before: what was read belongs to two states of it. */
class TotalMoved extends Error {
  override name = "TotalMoved";
}

/** Pages that are kept together, and how often at once. More would save little, and cost memory. */
const KEEPING = { most: 2, atOnce: 2 };

/**
 * Reads the pages that are not finished yet, all with one total, and has them kept: those that arrive while others are
 * being kept, together. Throws what ends the reading early.
 */
export async function readPages<Fields, Row>(
  { log }: Pick<Deps, "log">,
  run: Reading,
  { readPage, intake }: Way<Fields, Row>,
  keepAll: (pages: JudgedPage<Row>[]) => Promise<void>,
  { signal, concurrency, patience, onPage }: Drive,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  // A page under way holds its place until it is kept, so that no more than these are in memory: as many as are asked for
  // at once, and those that are being kept meanwhile.
  const taking = new PQueue({ concurrency: concurrency + KEEPING.most * KEEPING.atOnce });
  let rows = 0, retries = 0;
  const onRetry = () => void retries++;
  const read = pageReader(askFewerWhenBusy(readPage, concurrency), { log, signal: stop, patience, onRetry });
  const keep = gather(KEEPING, keepAll);

  /** The answer is let go here: while it waits to be kept, a page is only what was made of it. */
  async function readJudged(page: number): Promise<JudgedPage<Row>> {
    const answer = await read(page);
    checkTotal(run, answer.total);
    return judgePage(page, answer, intake);
  }

  async function take(page: number): Promise<void> {
    const judged = await readJudged(page);
    await keep(judged);
    run.finished.add(page);
    rows += judged.keysSeen.length;
    onPage({ source: run.source, pages: run.finished.size, pagesAll: pagesOf(run), rows, retries });
  }

  if (run.total === null) await take(1);
  try {
    await Promise.all(unfinishedPages(run).map((page) => taking.add(() => take(page))));
  } catch (error) {
    failed.abort(error);
    taking.clear();
    await taking.onIdle();
    throw error;
  }
}

function checkTotal(run: Reading, total: number): void {
  if (total === 0) throw new TotalMoved("the source claims to hold no rows");
  if (run.total !== null && run.total !== total) {
    throw new TotalMoved(`the source's total moved from ${run.total} to ${total} while it was read`);
  }
  run.total = total;
}

function pagesOf({ total }: Reading): number {
  return Math.ceil((total ?? 0) / PAGE_ROWS);
}

function unfinishedPages(run: Reading): number[] {
  return Array.from({ length: pagesOf(run) }, (_, i) => i + 1).filter((page) => !run.finished.has(page));
}

/** Every row of a page leaves one key behind, also the bad ones, so that rows can be counted and none is taken for missing. */
function judgePage<Fields, Row>(
  page: number,
  { total, rows }: Page<Fields>,
  intake: Intake<Fields, Row>,
): JudgedPage<Row> {
  const judged: JudgedPage<Row> = { page, total, keysSeen: [], rows: [], corrected: 0, rejects: [] };
  const times = new Map<string, number>();
  for (const { fields, raw } of rows) {
    const verdict = intake.judge(fields);
    const told = "outOfUse" in verdict
      ? markOf("out of use", verdict.key)
      : verdict.key ?? markOf("unkeyed", hashOf(raw));
    const time = (times.get(told) ?? 0) + 1;
    times.set(told, time);
    // Within one page the source itself tells a row twice; the same over two pages may be a page served twice.
    const key = time === 1 ? told : markOf("repeat", `${time} ${told.trim()}`);
    const reason = time > 1 ? "repeats another row" : "reason" in verdict ? verdict.reason : null;
    judged.keysSeen.push(key);
    if (reason !== null) judged.rejects.push({ key: key.trim(), reason, raw: raw ?? "nothing" });
    else if ("row" in verdict) {
      judged.rows.push({ key, row: verdict.row });
      if (verdict.isCorrected) judged.corrected++;
    }
  }
  return judged;
}

/** Why a reading ended early, and whether what was read may be gone on with; `null` for an error of our own. */
export function earlyEnd(error: unknown, signal: AbortSignal): { reason: string; isStale: boolean } | null {
  if (error instanceof TotalMoved) return { reason: error.message, isStale: true };
  if (error instanceof SourceFailure) return { reason: error.message, isStale: false };
  return signal.aborted ? { reason: "stopped before its end", isStale: false } : null;
}
