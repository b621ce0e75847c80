/** The caller's own parties. */
import { Hono } from "hono";
import { MyPartiesQuery, PartyList } from "../contract/parties.ts";
import { listMyParties } from "../services/my_parties.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, query } from "./edge.ts";
import { signedIn } from "./guard.ts";
import { answerPage } from "./page.ts";

/** GET `/parties` under `/api/me`. */
export function myPartyRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/parties",
    signedIn(deps, {
      summary: "The caller's parties, newest first",
      answers: { 200: PartyList },
      problems: ["invalid-input"],
    }),
    query(MyPartiesQuery),
    async (c) => answerPage(c, await listMyParties(deps, c.get("caller").userId, c.req.valid("query"))),
  );
}
