/** What only an admin may see. */
import { Hono } from "hono";
import { IngestQuery, IngestRejectList, IngestRunList } from "../contract/ingest.ts";
import { listIngestRejects, listIngestRuns } from "../services/ingest_reports.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, query } from "./edge.ts";
import { adminOnly } from "./guard.ts";
import { answerPage } from "./page.ts";

/** GET `/ingest-runs` lists the runs of the catalogue's ingest, GET `/ingest-runs/{id}/rejects` what one kept aside. Admins. */
export function adminRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/ingest-runs",
      adminOnly(deps, {
        summary: "Runs of the catalogue's ingest, newest first",
        answers: { 200: IngestRunList },
        problems: ["invalid-input"],
      }),
      query(IngestQuery),
      async (c) => answerPage(c, await listIngestRuns(deps, c.req.valid("query"))),
    )
    .get(
      "/ingest-runs/:id/rejects",
      adminOnly(deps, {
        summary: "Rows that a run kept aside, each with the reason and as it came",
        answers: { 200: IngestRejectList },
        problems: ["not-found", "invalid-input"],
      }),
      ids("id"),
      query(IngestQuery),
      async (c) => answerPage(c, await listIngestRejects(deps, c.req.valid("param").id, c.req.valid("query"))),
    );
}
