/** Who is in a party. */
import { Hono } from "hono";
import { PageQuery } from "../contract/common.ts";
import {
  Attendance,
  JoinRequest,
  LeaveQuery,
  MemberDecision,
  MemberList,
  Membership,
  OfferAnswer,
} from "../contract/parties.ts";
import { joinParty } from "../services/joining.ts";
import { LIMITS } from "../services/limits.ts";
import { listMembers } from "../services/member_rows.ts";
import { decideMember, leaveParty, markAttendance } from "../services/members.ts";
import type { Deps } from "../services/ports.ts";
import { answerOffer } from "../services/waiting_list.ts";
import { type EdgeEnv, ids, jsonBody, noBody, query } from "./edge.ts";
import { signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";
import { answerPage } from "./page.ts";

/**
 * Under a party: POST `/{id}/join`, POST `/{id}/offer`, GET `/{id}/members`, PATCH `/{id}/members/{userId}`,
 * DELETE `/{id}/members/me`, PUT `/{id}/members/{userId}/attendance`.
 */
export function memberRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .post(
      "/:id/join",
      signedIn(deps, {
        summary: "Ask for a place in a party, or wait for one",
        answers: { 201: Membership },
        problems: [
          ...[
            "invalid-input",
            "not-found",
            "already-member",
            "join-refused",
            "join-suspended",
            "party-full",
            "party-closed",
          ] as const,
          ...["quantity-unavailable", "idempotency-mismatch", "idempotency-in-flight"] as const,
        ],
        limit: LIMITS.parties,
      }),
      ids("id"),
      jsonBody(JoinRequest),
      (c) => {
        const request = { partyId: c.req.valid("param").id, userId: c.get("caller").userId, ...c.req.valid("json") };
        return created(deps, c, async (scope) => ({ body: await joinParty(scope, request) }));
      },
    )
    .post(
      "/:id/offer",
      signedIn(deps, {
        summary: "Take the place that one has waited for, or decline it",
        answers: { 200: Membership },
        problems: ["invalid-input", "not-found", "no-offer", "join-suspended"],
      }),
      ids("id"),
      jsonBody(OfferAnswer),
      async (c) => {
        const which = { partyId: c.req.valid("param").id, userId: c.get("caller").userId };
        return c.json(await answerOffer(deps, which, c.req.valid("json").accept));
      },
    )
    .get(
      "/:id/members",
      signedIn(deps, {
        summary: "All members (leader), or the accepted ones (members)",
        answers: { 200: MemberList },
        problems: ["invalid-input", "not-found", "forbidden"],
      }),
      ids("id"),
      query(PageQuery),
      async (c) => {
        const which = { partyId: c.req.valid("param").id, callerId: c.get("caller").userId };
        return answerPage(c, await listMembers(deps, which, c.req.valid("query")));
      },
    )
    .patch(
      "/:id/members/:userId",
      signedIn(deps, {
        summary: "Accept, reject or remove a person (leader)",
        answers: { 200: Membership },
        problems: ["invalid-input", "not-found", "forbidden", "party-state", "party-full", "quantity-unavailable"],
      }),
      ids("id", "userId"),
      jsonBody(MemberDecision),
      async (c) => {
        const { id: partyId, userId } = c.req.valid("param");
        const which = { partyId, userId, callerId: c.get("caller").userId };
        return c.json(await decideMember(deps, which, c.req.valid("json")));
      },
    )
    .delete(
      "/:id/members/me",
      signedIn(deps, {
        summary: "Leave a party, its queue, or take an application back (?late=true: confirmed)",
        answers: { 204: null },
        problems: ["invalid-input", "not-found", "party-state"],
      }),
      ids("id"),
      query(LeaveQuery),
      noBody,
      async (c) => {
        const isLate = c.req.valid("query").late === "true";
        await leaveParty(deps, { partyId: c.req.valid("param").id, userId: c.get("caller").userId, isLate });
        return c.body(null, 204);
      },
    )
    .put(
      "/:id/members/:userId/attendance",
      signedIn(deps, {
        summary: "Note whether a member came (leader, from the start on)",
        answers: { 200: Membership },
        problems: ["invalid-input", "not-found", "forbidden", "party-state", "party-not-started", "checked-in"],
      }),
      ids("id", "userId"),
      jsonBody(Attendance),
      async (c) => {
        const { id: partyId, userId } = c.req.valid("param");
        const which = { partyId, userId, callerId: c.get("caller").userId };
        return c.json(await markAttendance(deps, which, c.req.valid("json").attended));
      },
    );
}
