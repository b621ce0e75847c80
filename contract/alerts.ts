/** Alerts: what events become in people's inboxes. */
import { z } from "zod";
import { Id, Instant, listOf, PageQuery } from "./common.ts";
import { EventType } from "./events.ts";
import { Locale } from "./identity.ts";

/** A line of a person's inbox. `seq` counts 1, 2, 3 … per person without gaps. */
export const Alert = z.object({
  id: Id,
  seq: z.int(),
  type: EventType,
  partyId: Id.nullable(),
  title: z.string(),
  body: z.string(),
  url: z.string(),
  createdAt: Instant,
  readAt: Instant.nullable(),
}).meta({ id: "Alert" });
/** See the schema. */
export type Alert = z.infer<typeof Alert>;

/**
 * What the nodes are told of an event's alerts once they are written, on the relay's channel `alerts`: all of it may be lost. With
 * the words in the languages of its people, and the alerts that are not for streams.
 */
export const WrittenAlerts = z.object({
  id: Id,
  type: EventType,
  partyId: Id,
  url: z.string(),
  createdAt: Instant,
  texts: z.partialRecord(Locale, z.object({ title: z.string(), body: z.string() })),
  to: z.array(z.object({ userId: Id, seq: z.int(), locale: Locale, streamed: z.boolean() })),
});
/** See the schema. */
export type WrittenAlerts = z.infer<typeof WrittenAlerts>;

/** Query of GET /api/alerts. */
export const AlertQuery = PageQuery.extend({ unread: z.enum(["true", "false"]).optional() });
/** See the schema. */
export type AlertQuery = z.infer<typeof AlertQuery>;

/** Answer of GET /api/alerts, newest first. */
export const AlertList = listOf(Alert).extend({ unreadCount: z.int(), lastSeq: z.int() }).meta({ id: "AlertList" });
/** See the schema. */
export type AlertList = z.infer<typeof AlertList>;

/** Body of PATCH /api/alerts/{id}. */
export const AlertChange = z.strictObject({ read: z.literal(true) });

/** Where a stream goes on: the `seq` of the last alert that the client has, 0 for none. */
export const LastEventId = z.string().regex(/^\d{1,10}$/, "must be the id of the last alert received, or 0")
  .transform(Number);

/** Query of GET /api/alerts/stream, for clients that cannot send headers. */
export const AlertStreamQuery = z.object({
  ticket: z.string().min(1).max(200).optional(),
  lastEventId: LastEventId.optional(),
});

/** Data of the stream's first event, `ready`. */
export const StreamReady = z.object({ lastSeq: z.int().min(0), unreadCount: z.int().min(0) });

/** Data of its event `reconnect`: the stream ends, and another is to be opened after this time. */
export const StreamReconnect = z.object({ afterMs: z.int().min(0) });
