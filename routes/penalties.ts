/** Penalties given at a party. */
import { Hono } from "hono";
import { LeaderReport, PenaltyOrder, PenaltyResult } from "../contract/penalties.ts";
import { reportLeader } from "../services/leader_reports.ts";
import { penalise } from "../services/penalties.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody, noBody } from "./edge.ts";
import { signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";

/** Under a party: POST `/{id}/penalties` and `/{id}/leader-report`. */
export function penaltyRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .post(
      "/:id/penalties",
      signedIn(deps, {
        summary: "Give a penalty to those who were in and did not come (leader of a done party)",
        answers: { 201: PenaltyResult },
        problems: [
          ...[
            "invalid-input",
            "not-found",
            "forbidden",
            "party-state",
            "party-not-started",
            "not-penalisable",
          ] as const,
          ...["idempotency-mismatch", "idempotency-in-flight"] as const,
        ],
      }),
      ids("id"),
      jsonBody(PenaltyOrder),
      (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        return created(deps, c, async (scope) => ({ body: await penalise(scope, which, c.req.valid("json")) }));
      },
    )
    .post(
      "/:id/leader-report",
      signedIn(deps, {
        summary: "Say that the leader did not come (members, from the start on)",
        answers: { 201: LeaderReport },
        problems: [
          ...["invalid-input", "not-found", "forbidden", "party-state", "party-not-started"] as const,
          ...["idempotency-mismatch", "idempotency-in-flight"] as const,
        ],
      }),
      ids("id"),
      noBody,
      (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        return created(deps, c, async (scope) => ({ body: await reportLeader(scope, which) }));
      },
    );
}
