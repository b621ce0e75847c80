/** A dry run of one source: read and judged like a real one, compared with the catalogue, and nothing written. */
import { openPreview } from "../services/ingest_preview.ts";
import type { JudgedPage, SourceName } from "../services/ingest_runs.ts";
import type { Deps } from "../services/ports.ts";
import { type Drive, earlyEnd, type Reading, readPages, type Way } from "./ingest_reading.ts";
import type { Outcome } from "./ingest_run.ts";

/** Reads a source and tells how a run that begins now would end. Neither the catalogue nor the book of runs is touched. */
export async function previewSource<Fields, Row extends { row_hash: string }>(
  deps: Pick<Deps, "sql" | "log">,
  source: SourceName,
  way: Way<Fields, Row>,
  drive: Drive,
): Promise<Outcome> {
  const reading: Reading = { source, total: null, finished: new Set() };
  const preview = openPreview(deps, source, way.intake.share);
  try {
    const add = async (pages: JudgedPage<Row>[]) => {
      for (const page of pages) await preview.add(page);
    };
    await readPages(deps, reading, way, add, drive);
    return await preview.end(reading.total);
  } catch (error) {
    const early = earlyEnd(error, drive.signal);
    if (early) return preview.endEarly(early.reason);
    throw error;
  }
}
