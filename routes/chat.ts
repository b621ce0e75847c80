/** A party's chat over HTTP. */
import { type Context, Hono } from "hono";
import { ChatState, Entry, History, HistoryQuery, NewEntry } from "../contract/chat.ts";
import { openChat, readHistory } from "../services/chat_access.ts";
import type { ChatHub } from "../services/chat_hub.ts";
import { LIMITS } from "../services/limits.ts";
import type { AccessClaims, Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody, noBody, query } from "./edge.ts";
import { type CallerEnv, signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";

/** Everything is for accepted members alone; opening for the leader. */
const REFUSALS = ["forbidden", "not-found"] as const;

/**
 * POST `/{id}/chat` opens it (201, or 200 when it was open), GET `/{id}/chat/entries` reads the log, POST
 * `/{id}/chat/entries` sends a text (201, or 200 for a repeated `clientMsgId`).
 */
export function chatRoutes(deps: Deps & { hub: ChatHub }) {
  return new Hono<EdgeEnv>()
    .post(
      "/:id/chat",
      signedIn(deps, {
        summary: "Open the party's chat",
        answers: { 200: ChatState, 201: ChatState },
        problems: [...REFUSALS, "invalid-input", "party-state", "idempotency-mismatch", "idempotency-in-flight"],
      }),
      ids("id"),
      noBody,
      (c) =>
        created(deps, c, async (scope) => {
          const { isNew, lastSeq } = await openChat(scope, roomOf(c));
          return { status: isNew ? 201 : 200, body: { open: true, lastSeq } };
        }),
    )
    .get(
      "/:id/chat/entries",
      signedIn(deps, {
        summary: "Read the chat's log",
        answers: { 200: History },
        problems: [...REFUSALS, "invalid-input"],
      }),
      ids("id"),
      query(HistoryQuery),
      async (c) => c.json(await readHistory(deps, roomOf(c), c.req.valid("query"))),
    )
    .post(
      "/:id/chat/entries",
      signedIn(deps, {
        summary: "Send a text to the chat",
        answers: { 200: Entry, 201: Entry },
        problems: [
          ...[...REFUSALS, "invalid-input", "chat-closed", "client-msg-id-reused"] as const,
          ...["idempotency-mismatch", "idempotency-in-flight"] as const,
        ],
        limit: LIMITS.messages,
      }),
      ids("id"),
      jsonBody(NewEntry),
      (c) =>
        created(deps, c, async ({ sql }) => {
          const { entry, isNew } = await deps.hub.append({ ...roomOf(c), ...c.req.valid("json") }, sql);
          return { status: isNew ? 201 : 200, body: entry };
        }),
    );
}

type RoomContext = Context<CallerEnv<AccessClaims>, string, { out: { param: { id: string } } }>;

function roomOf(c: RoomContext) {
  return { partyId: c.req.valid("param").id, userId: c.get("caller").userId };
}
