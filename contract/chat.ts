/** Chat entries, and the frames of the `moajang.v1` socket. */
import { z } from "zod";
import { Id, Instant, paragraphs } from "./common.ts";
import { PartyStatus } from "./parties.ts";
import { type ProblemCode, PROBLEMS } from "./problems.ts";

/** Longest text of an entry, in UTF-16 units. */
export const TEXT_MAX = 2_000;
/** Entries from a log's end in which unread ones are counted. */
export const UNREAD_SPAN = 1_000;
/** Largest frame a client may send, in bytes. */
export const FRAME_BYTES_MAX = 16 * 1024;

/**
 * One line of a party's log. `seq` counts 1, 2, 3 … per party without gaps. An `edit` tells by `text` what the text
 * `targetSeq` says from then on, a `delete` that it was taken back; a text and edits that were taken back have `text` "".
 */
export const Entry = z.object({
  partyId: Id,
  seq: z.int(),
  id: Id,
  kind: z.enum(["text", "join", "leave", "removed", "system", "edit", "delete"]),
  sender: z.object({ id: Id, nickname: z.string() }).nullable(),
  text: z.string(),
  clientMsgId: z.string().nullable(),
  targetSeq: z.int().nullable(),
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

/** Path of PATCH and DELETE /api/parties/{id}/chat/entries/{seq}. */
export const EntryPath = z.object({ id: Id, seq: z.coerce.number().int().min(1).max(2 ** 31 - 1) });

/** Body of PATCH /api/parties/{id}/chat/entries/{seq}. */
export const TextChange = z.strictObject({ text: Text });
/** See the schema. */
export type TextChange = z.infer<typeof TextChange>;

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

/** Body and answer of PUT /api/parties/{id}/chat/read. A seq beyond the last entry counts as the last. */
export const ReadPointer = z.strictObject({ seq: Seq }).meta({ id: "ReadPointer" });
/** See the schema. */
export type ReadPointer = z.infer<typeof ReadPointer>;

/** Answer of GET /api/parties/{id}/chat/read: how far each member has read, 0 for who never said so. */
export const ReadPointers = z.object({ items: z.array(z.object({ userId: Id, seq: z.int() })) })
  .meta({ id: "ReadPointers" });
/** See the schema. */
export type ReadPointers = z.infer<typeof ReadPointers>;

/**
 * One open chat of the caller's. `unread` counts texts of others, those taken back left out, beyond `readSeq` and beyond the
 * entry that let the caller in, among the last {@link UNREAD_SPAN} entries.
 */
export const ChatSummary = z.object({
  partyId: Id,
  title: z.string(),
  lastSeq: z.int(),
  readSeq: z.int(),
  unread: z.int(),
  last: Entry.nullable(),
}).meta({ id: "ChatSummary" });
/** See the schema. */
export type ChatSummary = z.infer<typeof ChatSummary>;

/** Answer of GET /api/chats: the most recently active first. */
export const Chats = z.array(ChatSummary);

/** What a client may say on the socket, one JSON value a message. */
export const ClientFrame = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), accessToken: z.string().max(4096) }),
  z.strictObject({ type: z.literal("subscribe"), partyId: Id, after: Seq.optional() }),
  z.strictObject({ type: z.literal("unsubscribe"), partyId: Id }),
  z.strictObject({ type: z.literal("send"), partyId: Id, clientMsgId: ClientMsgId, text: Text }),
  z.strictObject({ type: z.literal("read"), partyId: Id, seq: Seq }),
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
  z.object({ type: z.literal("read"), partyId: Id, userId: Id, seq: Seq }),
  z.object({
    type: z.literal("party"),
    partyId: Id,
    version: z.int(),
    status: PartyStatus,
    memberCount: z.int(),
    quantityLeft: z.int(),
  }),
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

/** An entry from a node that may still be of the version before `targetSeq`. */
const RelayedEntry = Entry.extend({ targetSeq: Entry.shape.targetSeq.default(null) });

/**
 * What nodes tell each other about a room; `presence`: who is connected has changed; `party`: the party has; `head`: how far
 * the log goes.
 */
export const RoomMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("entries"), shownBy: Id.optional(), entries: z.array(RelayedEntry) }),
  z.object({ type: z.literal("read"), userId: Id, seq: Seq }),
  z.object({ type: z.literal("typing"), userId: Id }),
  z.object({ type: z.literal("presence") }),
  z.object({ type: z.literal("party") }),
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
