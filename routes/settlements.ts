/** Who pays what of a party. */
import { Hono } from "hono";
import { PaidMark, Settlement, SettlementOrder } from "../contract/settlements.ts";
import type { Deps } from "../services/ports.ts";
import { readSettlement } from "../services/settlement_rows.ts";
import { markPaid, settleParty } from "../services/settlements.ts";
import { type EdgeEnv, ids, jsonBody } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** Under a party: GET and PUT `/{id}/settlement`, PUT `/{id}/settlement/lines/{userId}`. */
export function settlementRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/:id/settlement",
      signedIn(deps, {
        summary: "Who pays what (members)",
        answers: { 200: Settlement },
        problems: ["invalid-input", "not-found", "forbidden"],
      }),
      ids("id"),
      async (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        return c.json(await readSettlement(deps, which));
      },
    )
    .put(
      "/:id/settlement",
      signedIn(deps, {
        summary: "Announce the settlement of a done party, or correct it (leader)",
        answers: { 200: Settlement },
        problems: ["invalid-input", "not-found", "forbidden", "party-state"],
      }),
      ids("id"),
      jsonBody(SettlementOrder),
      async (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        return c.json(await settleParty(deps, which, c.req.valid("json")));
      },
    )
    .put(
      "/:id/settlement/lines/:userId",
      signedIn(deps, {
        summary: "Mark a line as paid, or as open again (its own person, or the leader)",
        answers: { 200: Settlement },
        problems: ["invalid-input", "not-found", "forbidden"],
      }),
      ids("id", "userId"),
      jsonBody(PaidMark),
      async (c) => {
        const { id: partyId, userId } = c.req.valid("param");
        const which = { partyId, userId, callerId: c.get("caller").userId };
        return c.json(await markPaid(deps, which, c.req.valid("json").paid));
      },
    );
}
