/** Appeals against penalties. */
import { Hono } from "hono";
import { Appeal, NewAppeal } from "../contract/penalties.ts";
import { appealPenalty } from "../services/appeals.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody } from "./edge.ts";
import { signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";

/** POST `/{id}/appeal` under `/api/penalties`. */
export function appealRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().post(
    "/:id/appeal",
    signedIn(deps, {
      summary: "Appeal against a penalty of one's own, within 14 days",
      answers: { 201: Appeal },
      problems: ["invalid-input", "not-found", "appeal-closed", "idempotency-mismatch", "idempotency-in-flight"],
    }),
    ids("id"),
    jsonBody(NewAppeal),
    (c) => {
      const which = { penaltyId: c.req.valid("param").id, callerId: c.get("caller").userId };
      return created(deps, c, async (scope) => ({ body: await appealPenalty(scope, which, c.req.valid("json").text) }));
    },
  );
}
