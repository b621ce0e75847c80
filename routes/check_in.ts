/** Checking in at a party. */
import { Hono } from "hono";
import { CheckIn, CheckInCode, Membership } from "../contract/parties.ts";
import { checkIn, readCheckInCode } from "../services/check_in.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** Under a party: GET and POST `/{id}/check-in`. */
export function checkInRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/:id/check-in",
      signedIn(deps, {
        summary: "The code that members check in with, new each 30 s (leader, from the start on)",
        answers: { 200: CheckInCode },
        problems: ["invalid-input", "not-found", "forbidden", "party-state", "party-not-started"],
      }),
      ids("id"),
      async (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        c.header("cache-control", "no-store");
        return c.json(await readCheckInCode(deps, which));
      },
    )
    .post(
      "/:id/check-in",
      signedIn(deps, {
        summary: "Check in with the leader's code (members, from the start on)",
        answers: { 200: Membership },
        problems: ["invalid-input", "not-found", "forbidden", "party-state", "party-not-started"],
      }),
      ids("id"),
      jsonBody(CheckIn),
      async (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        return c.json(await checkIn(deps, which, c.req.valid("json").code));
      },
    );
}
