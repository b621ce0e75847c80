/** Parties: opening, finding, changing, and moving them through their life. */
import { type Context, Hono } from "hono";
import { Cancellation, NearbyQuery, NewParty, Party, PartyChange, PartyList } from "../contract/parties.ts";
import { invalid } from "../contract/problems.ts";
import { LIMITS } from "../services/limits.ts";
import { searchNearby } from "../services/nearby.ts";
import { openParty } from "../services/parties.ts";
import { changeParty } from "../services/party_changes.ts";
import { readParty } from "../services/party_rows.ts";
import { cancelParty, completeParty, confirmParty, type PartyMove } from "../services/party_state.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody, noBody, query } from "./edge.ts";
import { anyone, signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";
import { answerPage } from "./page.ts";

/**
 * POST and GET `/` (open one; nearby), GET and PATCH `/{id}`, POST `/{id}/confirm`, `/complete`, `/cancel`. A party's
 * version is its `ETag`.
 */
export function partyRoutes(deps: Deps) {
  const move = (summary: string, problems: "party-not-started"[] = []) =>
    signedIn(deps, {
      summary,
      answers: { 200: Party },
      problems: ["invalid-input", "not-found", "forbidden", "party-state", ...problems],
    });
  return new Hono<EdgeEnv>()
    .post(
      "/",
      signedIn(deps, {
        summary: "Open a party",
        answers: { 201: Party },
        problems: ["invalid-input", "idempotency-mismatch", "idempotency-in-flight"],
        limit: LIMITS.parties,
      }),
      jsonBody(NewParty),
      (c) =>
        created(deps, c, async (scope) => ({
          body: await openParty(scope, c.get("caller").userId, c.req.valid("json")),
        })),
    )
    .get(
      "/",
      anyone(deps, {
        summary: "Joinable parties around a point or the caller's home",
        answers: { 200: PartyList },
        problems: ["invalid-input", "location-required"],
      }),
      query(NearbyQuery),
      async (c) => answerPage(c, await searchNearby(deps, c.req.valid("query"), c.get("caller")?.userId ?? null)),
    )
    .get(
      "/:id",
      anyone(deps, { summary: "One party", answers: { 200: Party }, problems: ["not-found"] }),
      ids("id"),
      async (c) => answerParty(c, await readParty(deps, c.req.valid("param").id, c.get("caller")?.userId ?? null)),
    )
    .patch(
      "/:id",
      signedIn(deps, {
        summary: "Change a party (its leader)",
        answers: { 200: Party },
        problems: ["invalid-input", "not-found", "forbidden", "party-state", "stale-version"],
      }),
      ids("id"),
      jsonBody(PartyChange),
      async (c) => {
        const which = { ...moveOf(c, c.req.valid("param").id), ifVersion: readVersion(c.req.header("if-match")) };
        return answerParty(c, await changeParty(deps, which, c.req.valid("json")));
      },
    )
    .post("/:id/confirm", move("Close the recruiting (leader)"), ids("id"), noBody, async (c) => {
      return answerParty(c, await confirmParty(deps, moveOf(c, c.req.valid("param").id)));
    })
    .post("/:id/complete", move("End a party (leader)", ["party-not-started"]), ids("id"), noBody, async (c) => {
      return answerParty(c, await completeParty(deps, moveOf(c, c.req.valid("param").id)));
    })
    .post(
      "/:id/cancel",
      move("Call a party off (leader)"),
      ids("id"),
      jsonBody(Cancellation),
      async (c) => {
        const which = { ...moveOf(c, c.req.valid("param").id), ...c.req.valid("json") };
        return answerParty(c, await cancelParty(deps, which));
      },
    );
}

function moveOf(c: Context, partyId: string): PartyMove {
  return { partyId, callerId: c.get("caller").userId };
}

function answerParty(c: Context, party: Party): Response {
  return c.json(party, 200, { etag: `"${party.version}"` });
}

/** The version that `If-Match` names, or `null` for none and for `*`. */
function readVersion(ifMatch: string | undefined): number | null {
  if (ifMatch === undefined || ifMatch.trim() === "*") return null;
  const version = /^\s*(?:W\/)?"?(\d{1,9})"?\s*$/.exec(ifMatch)?.[1];
  if (version === undefined) throw invalid("/header/if-match", 'must be a version such as "3"');
  return Number(version);
}
