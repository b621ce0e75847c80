/** The ingest runs as an admin reads them. */
import { z } from "zod";
import type { Page } from "../contract/common.ts";
import type { IngestQuery, IngestReject, IngestRun } from "../contract/ingest.ts";
import { Problem } from "../contract/problems.ts";
import { cutPage, readCursor } from "./cursor.ts";
import type { Deps } from "./ports.ts";

type Reader = Pick<Deps, "sql">;

/** All runs, newest first. */
export async function listIngestRuns({ sql }: Reader, { limit, cursor }: IngestQuery): Promise<Page<IngestRun>> {
  const before = readCursor(z.uuid(), cursor);
  // An id begins with the time at which its run began.
  const rows = await sql<
    (Omit<IngestRun, "startedAt" | "finishedAt"> & { startedAt: Date; finishedAt: Date | null })[]
  >`
    select id, source, state, reason, total_claimed as "totalClaimed", pages, fetched, inserted, updated, unchanged,
      retired, rejected, started_at as "startedAt", finished_at as "finishedAt"
    from ingest_runs
    ${before === undefined ? sql`` : sql`where id < ${before}`}
    order by id desc
    limit ${limit + 1}`;
  const { items, nextCursor } = cutPage(rows, limit, (row) => row.id);
  return {
    items: items.map((run) => ({
      ...run,
      startedAt: run.startedAt.toISOString(),
      finishedAt: run.finishedAt?.toISOString() ?? null,
    })),
    nextCursor,
  };
}

/**
 * The rows that a run kept aside, by key. They are let go when a later run of the source is complete. Throws `not-found`
 * for what is no run.
 */
export async function listIngestRejects(
  { sql }: Reader,
  runId: string,
  { limit, cursor }: IngestQuery,
): Promise<Page<IngestReject>> {
  const after = readCursor(z.string(), cursor);
  const [run] = await sql`select 1 from ingest_runs where id = ${runId}`;
  if (!run) throw new Problem("not-found", "Cannot list the rejects: no such run");
  const rows = await sql<IngestReject[]>`
    select key, reason, raw
    from ingest_rejects
    where run_id = ${runId} ${after === undefined ? sql`` : sql`and key > ${after}`}
    order by key
    limit ${limit + 1}`;
  return cutPage(rows, limit, (row) => row.key);
}
