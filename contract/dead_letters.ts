/** What an admin sees of messages that were given up, and does with them. */
import { z } from "zod";
import { Id, Instant } from "./common.ts";

/** An event whose message was given up, once or more often: it stays due and is published again meanwhile. */
export const DeadLetter = z.object({
  regionCode: z.string(),
  /** The message's own id where it is about no event that can be told. */
  eventId: z.string(),
  partyId: Id.nullable(),
  type: z.string(),
  /** Why its last delivery failed. */
  reason: z.string(),
  /** When it was given up first. */
  since: Instant,
  times: z.int(),
}).meta({ id: "DeadLetter" });
/** See the schema. */
export type DeadLetter = z.infer<typeof DeadLetter>;

/** Query of the list; without a region, of all. */
export const DeadLetterQuery = z.strictObject({
  regionCode: z.string().min(1).max(20).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
/** See the schema. */
export type DeadLetterQuery = z.infer<typeof DeadLetterQuery>;

/** Answer of GET /api/admin/dead-letters, longest dead first. */
export const DeadLetterList = z.object({ items: z.array(DeadLetter) }).meta({ id: "DeadLetterList" });
/** See the schema. */
export type DeadLetterList = z.infer<typeof DeadLetterList>;

/** The id of an event, or whatever the message has for one. */
export const DeadLetterId = z.string().min(1).max(255);

/** Body of POST /api/admin/dead-letters/replay; without ids, all. */
export const DeadLetterReplay = z.strictObject({ eventIds: z.array(DeadLetterId).min(1).max(1000).optional() })
  .meta({ id: "DeadLetterReplay" });
/** See the schema. */
export type DeadLetterReplay = z.infer<typeof DeadLetterReplay>;

/** Answer to it: how many events are on their queues again. */
export const DeadLettersReplayed = z.object({ replayed: z.int() }).meta({ id: "DeadLettersReplayed" });
/** See the schema. */
export type DeadLettersReplayed = z.infer<typeof DeadLettersReplayed>;
