/** A party's chat over HTTP. */
import { type Context, Hono } from "hono";
import {
  ChatState,
  Entry,
  EntryPath,
  History,
  HistoryQuery,
  NewEntry,
  ReadPointer,
  ReadPointers,
  TextChange,
} from "../contract/chat.ts";
import { openChat, readHistory } from "../services/chat_access.ts";
import { deleteText, editText } from "../services/chat_changes.ts";
import type { ChatHub } from "../services/chat_hub.ts";
import { moveReadPointer, readReadPointers } from "../services/chat_reads.ts";
import { LIMITS } from "../services/limits.ts";
import type { AccessClaims, Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody, noBody, path, query } from "./edge.ts";
import { type CallerEnv, signedIn } from "./guard.ts";
import { created } from "./idempotency.ts";

/** Everything is for accepted members alone; opening for the leader. */
const REFUSALS = ["forbidden", "not-found"] as const;
const CHANGE_PROBLEMS = [...REFUSALS, "invalid-input" as const, "chat-closed" as const, "not-changeable" as const];

/**
 * POST `/{id}/chat` opens it (201, or 200 when it was open), GET `/{id}/chat/entries` reads the log, POST
 * `/{id}/chat/entries` sends a text (201, or 200 for a repeated `clientMsgId`); PATCH and DELETE
 * `/{id}/chat/entries/{seq}` change one, PUT and GET `/{id}/chat/read` tell how far was read.
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
    )
    .patch(
      "/:id/chat/entries/:seq",
      signedIn(deps, {
        summary: "Edit your text: an entry tells its new wording",
        answers: { 200: Entry },
        problems: CHANGE_PROBLEMS,
        limit: LIMITS.messages,
      }),
      path(EntryPath),
      jsonBody(TextChange),
      async (c) => c.json(await editText(deps, textOf(c), c.req.valid("json").text)),
    )
    .delete(
      "/:id/chat/entries/:seq",
      signedIn(deps, {
        summary: "Delete your text, or as the leader any: an entry tells so, and it is erased",
        answers: { 204: null },
        problems: CHANGE_PROBLEMS,
        limit: LIMITS.messages,
      }),
      path(EntryPath),
      noBody,
      async (c) => {
        await deleteText(deps, textOf(c));
        return c.body(null, 204);
      },
    )
    .put(
      "/:id/chat/read",
      signedIn(deps, {
        summary: "Say how far you have read; the answer is where your pointer is now",
        answers: { 200: ReadPointer },
        problems: [...REFUSALS, "invalid-input", "chat-closed"],
      }),
      ids("id"),
      jsonBody(ReadPointer),
      async (c) => c.json(await moveReadPointer(deps, { ...roomOf(c), ...c.req.valid("json") })),
    )
    .get(
      "/:id/chat/read",
      signedIn(deps, {
        summary: "How far each member has read",
        answers: { 200: ReadPointers },
        problems: [...REFUSALS],
      }),
      ids("id"),
      async (c) => c.json(await readReadPointers(deps, roomOf(c))),
    );
}

type PathContext<Param> = Context<CallerEnv<AccessClaims>, string, { out: { param: Param } }>;

function roomOf(c: PathContext<{ id: string }>) {
  return { partyId: c.req.valid("param").id, userId: c.get("caller").userId };
}

function textOf(c: PathContext<{ id: string; seq: number }>) {
  return { ...roomOf(c), seq: c.req.valid("param").seq };
}
