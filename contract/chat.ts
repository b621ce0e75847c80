/** Chat entries, and the frames of the `moajang.v1` socket. */
import { z } from "zod";
import { Id, Instant, paragraphs } from "./common.ts";
import { type ProblemCode, PROBLEMS } from "./problems.ts";

/** Longest text of an entry, in UTF-16 units. */
export const TEXT_MAX = 2_000;
/** Largest frame a client may send, in bytes. */
export const FRAME_BYTES_MAX = 16 * 1024;

/** One line of a party's log. `seq` counts 1, 2, 3 … per party without gaps. */
export const Entry = z.object({
  partyId: Id,
  seq: z.int(),
  id: Id,
  kind: z.enum(["text", "join", "leave", "removed", "system"]),
  sender: z.object({ id: Id, nickname: z.string() }).nullable(),
  text: z.string(),
  clientMsgId: z.string().nullable(),
  sentAt: Instant,
}).meta({ id: "Entry" });
/** See the schema. */
export type Entry = z.infer<typeof Entry>;

const Text = paragraphs(1, TEXT_MAX);
const ClientMsgId = z.string().min(1).max(64).regex(/^[\x21-\x7e]+$/, "must be printable ASCII without spaces");
const Seq = z.int().min(0);

/** Body of POST /api/parties/{id}/chat/entries. */
export const NewEntry = z.strictObject({ clientMsgId: ClientMsgId, text: Text });
/** See the schema. */
export type NewEntry = z.infer<typeof NewEntry>;

/** Query of GET /api/parties/{id}/chat/entries: after a seq upwards, before one downwards, or the newest. */
export const HistoryQuery = z.object({
  after: z.coerce.number().int().min(0).optional(),
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
}).refine((query) => query.after === undefined || query.before === undefined, {
  path: ["before"],
  message: "give either after or before",
});
/** See the schema. */
export type HistoryQuery = z.infer<typeof HistoryQuery>;

/** Answer of GET /api/parties/{id}/chat/entries; ascending by seq, whichever way it was asked. */
export const History = z.object({ items: z.array(Entry), lastSeq: z.int() }).meta({ id: "History" });
/** See the schema. */
export type History = z.infer<typeof History>;

/** Answer of POST /api/parties/{id}/chat. */
export const ChatState = z.object({ open: z.boolean(), lastSeq: z.int() }).meta({ id: "ChatState" });

/** What a client may say on the socket, one JSON value a message. */
export const ClientFrame = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), accessToken: z.string().max(4096) }),
  z.strictObject({ type: z.literal("subscribe"), partyId: Id, after: Seq.optional() }),
  z.strictObject({ type: z.literal("unsubscribe"), partyId: Id }),
  z.strictObject({ type: z.literal("send"), partyId: Id, clientMsgId: ClientMsgId, text: Text }),
  z.strictObject({ type: z.literal("typing"), partyId: Id }),
  z.strictObject({ type: z.literal("ping") }),
]);
/** See the schema. */
export type ClientFrame = z.infer<typeof ClientFrame>;

/** What the server says on the socket. It describes, for `/asyncapi.json` and the tests: on the way out nothing is validated. */
export const ServerFrame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("welcome"), userId: Id, heartbeatS: z.int().min(1) }),
  z.object({ type: z.literal("subscribed"), partyId: Id, lastSeq: Seq, online: z.array(Id) }),
  z.object({ type: z.literal("entry"), ...Entry.shape }),
  z.object({ type: z.literal("ack"), partyId: Id, clientMsgId: ClientMsgId, seq: Seq, id: Id, sentAt: Instant }),
  z.object({ type: z.literal("presence"), partyId: Id, userId: Id, online: z.boolean() }),
  z.object({ type: z.literal("typing"), partyId: Id, userId: Id }),
  z.object({ type: z.literal("unsubscribed"), partyId: Id, reason: z.enum(["requested", "left", "removed"]) }),
  z.object({
    type: z.literal("problem"),
    code: z.enum(Object.keys(PROBLEMS) as ProblemCode[]),
    detail: z.string(),
    partyId: z.string().max(64).optional(),
    clientMsgId: z.string().max(64).optional(),
    retryAfterS: z.int().min(1).optional(),
  }),
  z.object({ type: z.literal("reconnect"), afterMs: z.int().min(0) }),
  z.object({ type: z.literal("pong") }),
]);
/** See the schema. */
export type ServerFrame = z.infer<typeof ServerFrame>;

/** What nodes tell each other about a room; `presence`: who is connected has changed; `head`: how far the log goes. */
export const RoomMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("entries"), entries: z.array(Entry) }),
  z.object({ type: z.literal("typing"), userId: Id }),
  z.object({ type: z.literal("presence") }),
  z.object({ type: z.literal("head"), seq: Seq }),
]);
/** See the schema. */
export type RoomMessage = z.infer<typeof RoomMessage>;

/** Close codes of the socket. */
export const CLOSE = { goingAway: 1001, tooBig: 1009, unauthenticated: 4401, tooSlow: 4408, tooMany: 4429 } as const;

/** What the socket speaks; without an offer the first. */
export const PROTOCOLS = ["moajang.v1", "v12.stomp"] as const;
/** One of them. */
export type Protocol = (typeof PROTOCOLS)[number];
