/** The caller's own penalties. */
import { Hono } from "hono";
import { PageQuery } from "../contract/common.ts";
import { PenaltyList } from "../contract/penalties.ts";
import { listPenalties } from "../services/appeal_rows.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, query } from "./edge.ts";
import { signedIn } from "./guard.ts";
import { answerPage } from "./page.ts";

/** Under `/api/me`: GET `/penalties`. */
export function myPenaltyRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/penalties",
    signedIn(deps, {
      summary: "The caller's penalties, newest first, with their appeals",
      answers: { 200: PenaltyList },
      problems: ["invalid-input"],
    }),
    query(PageQuery),
    async (c) => answerPage(c, await listPenalties(deps, c.get("caller").userId, c.req.valid("query"))),
  );
}
