/** What only an admin may see. */
import { Hono } from "hono";
import { IngestQuery, IngestRejectList, IngestRunList } from "../contract/ingest.ts";
import { Appeal, AppealDecision, AppealList, AppealQuery } from "../contract/penalties.ts";
import { listAppeals } from "../services/appeal_rows.ts";
import { decideAppeal } from "../services/appeals.ts";
import { listIngestRejects, listIngestRuns } from "../services/ingest_reports.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody, query } from "./edge.ts";
import { adminOnly } from "./guard.ts";
import { answerPage } from "./page.ts";

/**
 * GET `/ingest-runs` lists the runs of the catalogue's ingest, GET `/ingest-runs/{id}/rejects` what one kept aside;
 * GET `/appeals` lists appeals, PATCH `/appeals/{id}` decides one. Admins.
 */
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
    )
    .get(
      "/appeals",
      adminOnly(deps, {
        summary: "Appeals against penalties, oldest first",
        answers: { 200: AppealList },
        problems: ["invalid-input"],
      }),
      query(AppealQuery),
      async (c) => answerPage(c, await listAppeals(deps, c.req.valid("query"))),
    )
    .patch(
      "/appeals/:id",
      adminOnly(deps, {
        summary: "Decide an appeal, once",
        answers: { 200: Appeal },
        problems: ["invalid-input", "not-found", "appeal-closed"],
      }),
      ids("id"),
      jsonBody(AppealDecision),
      async (c) => {
        const which = { appealId: c.req.valid("param").id, adminId: c.get("caller").userId };
        return c.json(await decideAppeal(deps, which, c.req.valid("json")));
      },
    );
}
