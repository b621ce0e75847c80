/** What an admin sees of the catalogue's ingest. */
import { z } from "zod";
import { Id, Instant, listOf, PageQuery } from "./common.ts";

/** A run of one source. */
export const IngestRun = z.object({
  id: Id,
  source: z.enum(["items", "markets", "stores", "sample"]),
  state: z.enum(["running", "complete", "incomplete", "held", "failed"]),
  /** Why it is not complete. */
  reason: z.string().nullable(),
  /** How many rows the source claims to hold, once it has said so. */
  totalClaimed: z.int().nullable(),
  pages: z.int(),
  fetched: z.int(),
  inserted: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  retired: z.int(),
  rejected: z.int(),
  startedAt: Instant,
  finishedAt: Instant.nullable(),
}).meta({ id: "IngestRun" });
/** See the schema. */
export type IngestRun = z.infer<typeof IngestRun>;

/** A row that a run kept aside: its natural key, why, and the row as it came. */
export const IngestReject = z.object({ key: z.string(), reason: z.string(), raw: z.unknown() })
  .meta({ id: "IngestReject" });
/** See the schema. */
export type IngestReject = z.infer<typeof IngestReject>;

/** Query of both lists. */
export const IngestQuery = PageQuery;
/** See the schema. */
export type IngestQuery = z.infer<typeof IngestQuery>;

/** Answer of GET /api/admin/ingest-runs. */
export const IngestRunList = listOf(IngestRun).meta({ id: "IngestRunList" });
/** Answer of GET /api/admin/ingest-runs/{id}/rejects. */
export const IngestRejectList = listOf(IngestReject).meta({ id: "IngestRejectList" });
