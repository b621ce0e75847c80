/**
 * One run of one source: the total with the first page, then the other pages in parallel, each written with its checkpoint,
 * and at the end the truth about whether all of it was seen.
 */
import PQueue from "p-queue";
import { hashOf } from "../services/ingest_rows.ts";
import {
  beginRun,
  closeRun,
  type JudgedPage,
  markOf,
  readReport,
  type Run,
  type RunReport,
  type SourceName,
  stopRun,
  Superseded,
  writePage,
} from "../services/ingest_runs.ts";
import { type Deps, PAGE_ROWS, type PublicSource } from "../services/ports.ts";
import type { Intake } from "./ingest_intakes.ts";
import { type Page, pageReader, type Patience, SourceFailure } from "./ingest_pages.ts";

type Engine = Pick<Deps, "sql" | "clock" | "log">;

/** How a run went for this process: as the book has it, or taken over by a later one. */
export type Outcome = Omit<RunReport, "state"> & { state: RunReport["state"] | "superseded" };

/** How a run is driven, and who watches. */
export interface Drive {
  signal: AbortSignal;
  /** Pages asked for at once; fewer after the source has asked for a pause. */
  concurrency: number;
  patience: Patience;
  /** Called after each written page. */
  onPage(progress: { source: SourceName; pages: number; pagesAll: number; rows: number }): void;
}

/** Thrown when a source says another total than before: what was read belongs to two states of it. */
class TotalMoved extends Error {
  override name = "TotalMoved";
}

/** Reads a source into the catalogue, going on where an unfinished run stopped. Resolves with how it ended; only bugs throw. */
export async function runSource<Fields, Row>(
  deps: Engine,
  source: SourceName,
  { readPage, intake }: { readPage: NonNullable<PublicSource<Fields>["readPage"]>; intake: Intake<Fields, Row> },
  drive: Drive,
): Promise<Outcome> {
  const run = await beginRun(deps, source);
  if (run.finished.size > 0) deps.log.info("ingest goes on", { source, finishedPages: run.finished.size });
  try {
    await readPages(deps, run, readPage, intake, drive);
    return await closeRun(deps, run, intake.share, (tx) => intake.replaceSample(deps, tx));
  } catch (error) {
    return await endEarly(deps, run, error, drive.signal).catch((late) => {
      if (late instanceof Superseded) return superseded(deps, run, late);
      throw late;
    });
  }
}

async function endEarly(deps: Engine, run: Run, error: unknown, signal: AbortSignal): Promise<Outcome> {
  if (error instanceof Superseded) return await superseded(deps, run, error);
  if (error instanceof TotalMoved) {
    return await stopRun(deps, run, { state: "incomplete", reason: error.message, dropPages: true });
  }
  if (error instanceof SourceFailure) {
    return await stopRun(deps, run, { state: "incomplete", reason: error.message, dropPages: false });
  }
  if (signal.aborted) {
    return await stopRun(deps, run, { state: "incomplete", reason: "stopped before its end", dropPages: false });
  }
  await stopRun(deps, run, { state: "failed", reason: "an error of the service", dropPages: false })
    .catch((late) => deps.log.warn("ingest run not closed", { source: run.source, error: late }));
  throw error;
}

async function superseded(deps: Engine, run: Run, { message }: Superseded): Promise<Outcome> {
  return { ...await readReport(deps, run), state: "superseded", reason: message };
}

async function readPages<Fields, Row>(
  deps: Engine,
  run: Run,
  readPage: NonNullable<PublicSource<Fields>["readPage"]>,
  intake: Intake<Fields, Row>,
  { signal, concurrency, patience, onPage }: Drive,
): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const asking = new PQueue({ concurrency });
  // Pages of a run are written one after the other: they would wait for each other at the run's row anyway, each holding a
  // connection that the service needs.
  const writing = new PQueue({ concurrency: 1 });
  const onPressure = () => void (asking.concurrency = Math.max(1, Math.floor(asking.concurrency / 2)));
  const read = pageReader(readPage, { log: deps.log, signal: stop, patience, onPressure });
  let rows = 0;

  async function take(page: number): Promise<void> {
    const answer = await read(page);
    checkTotal(run, answer.total);
    const judged = judgePage(page, answer, intake);
    await writing.add(() => writePage(deps, run, judged, (tx, each) => intake.write(deps, tx, each)));
    run.finished.add(page);
    rows += answer.rows.length;
    onPage({ source: run.source, pages: run.finished.size, pagesAll: pagesOf(run), rows });
  }

  if (run.total === null) await take(1);
  try {
    await Promise.all(unfinishedPages(run).map((page) => asking.add(() => take(page))));
  } catch (error) {
    failed.abort(error);
    asking.clear();
    await asking.onIdle();
    throw error;
  }
}

function checkTotal(run: Run, total: number): void {
  if (total === 0) throw new TotalMoved("the source claims to hold no rows");
  if (run.total !== null && run.total !== total) {
    throw new TotalMoved(`the source's total moved from ${run.total} to ${total} while it was read`);
  }
  run.total = total;
}

function pagesOf({ total }: Run): number {
  return Math.ceil((total ?? 0) / PAGE_ROWS);
}

function unfinishedPages(run: Run): number[] {
  return Array.from({ length: pagesOf(run) }, (_, i) => i + 1).filter((page) => !run.finished.has(page));
}

/** Every row of a page leaves one key behind, also the bad ones, so that rows can be counted and none is taken for missing. */
function judgePage<Fields, Row>(
  page: number,
  { total, rows }: Page<Fields>,
  intake: Intake<Fields, Row>,
): JudgedPage<Row> {
  const judged: JudgedPage<Row> = { page, total, keysSeen: [], rows: [], rejects: [] };
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
    else if ("row" in verdict) judged.rows.push({ key, row: verdict.row });
  }
  return judged;
}
