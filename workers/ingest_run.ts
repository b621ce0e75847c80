/** One run of one source: each page written with its checkpoint, and at the end the truth about whether all of it was seen. */
import type { Keyed } from "../services/catalogue_writes.ts";
import { closeRun, stopRun } from "../services/ingest_ends.ts";
import { readKnownRows } from "../services/ingest_known.ts";
import {
  beginRun,
  type JudgedPage,
  readReport,
  type Run,
  type RunReport,
  type SourceName,
  Superseded,
  writePages,
} from "../services/ingest_runs.ts";
import type { Deps, TransactionSql } from "../services/ports.ts";
import { type Drive, earlyEnd, readPages, type Way } from "./ingest_reading.ts";

type Engine = Pick<Deps, "sql" | "clock" | "log">;

/** How a run went for this process: as the book has it, or taken over by a later one. */
export type Outcome = Omit<RunReport, "state"> & { state: RunReport["state"] | "superseded" };

/** Reads a source into the catalogue, going on where an unfinished run stopped. Resolves with how it ended; only bugs throw. */
export async function runSource<Fields, Row extends { row_hash: string }>(
  deps: Engine,
  source: SourceName,
  way: Way<Fields, Row>,
  drive: Drive,
): Promise<Outcome> {
  const { intake } = way;
  const run = await beginRun(deps, source);
  if (run.finished.size > 0) deps.log.info("ingest goes on", { source, finishedPages: run.finished.size });
  try {
    // Read behind the epoch: from here on nobody else writes for this source.
    const known = await readKnownRows(deps, intake.share);
    const write = async (tx: TransactionSql, rows: Keyed<Row>[]) => {
      const told = rows.filter(({ key, row }) => !known.has(key, row.row_hash));
      return told.length > 0 ? await intake.write(deps, tx, told) : { inserted: 0, updated: 0 };
    };
    const keep = (pages: JudgedPage<Row>[]) => writePages(deps, run, pages, write);
    await readPages(deps, run, way, keep, drive);
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
  const early = earlyEnd(error, signal);
  if (early) {
    return await stopRun(deps, run, { state: "incomplete", reason: early.reason, dropPages: early.isStale });
  }
  await stopRun(deps, run, { state: "failed", reason: "an error of the service", dropPages: false })
    .catch((late) => deps.log.warn("ingest run not closed", { source: run.source, error: late }));
  throw error;
}

async function superseded(deps: Engine, run: Run, { message }: Superseded): Promise<Outcome> {
  return { ...await readReport(deps, run), state: "superseded", reason: message };
}
