/** Events: what happens to parties and is worth an alert. One table: a type that is not here does not exist. */
import { z } from "zod";
import { Id, Instant } from "./common.ts";

/** Groups of people of which an event concerns one or several, as things stand when its alerts are written. */
export type Audience =
  /** Those who favour the item and live near the market, and those who favour the market. */
  | "fans"
  /** Everyone who is in, the leader too. */
  | "accepted"
  /** Everyone who has asked and waits for an answer. */
  | "pending"
  /** Everyone who is in the queue. */
  | "waiting"
  | "leader"
  /** The one whom it is about: `userId`. */
  | "subject";

/** What can change of a party, as its alerts name it. */
export const PartyField = z.enum(["title", "note", "priceKrw", "capacity", "startsAt", "endsAt", "joinUntil"]);
/** See the schema. */
export type PartyField = z.infer<typeof PartyField>;

/**
 * What every event tells: the party as it is after the change, and who caused it, `null` for what time has brought about.
 * It holds no nickname: people change theirs, and take it back when they withdraw.
 */
const party = {
  v: z.literal(1),
  partyTitle: z.string(),
  itemId: Id,
  itemName: z.string(),
  marketId: Id,
  marketName: z.string(),
  startsAt: Instant,
  actorId: Id.nullable(),
};
const subject = { userId: Id };
const reason = { reason: z.string().nullable() };

const to = <Payload extends z.ZodObject>(payload: Payload, ...audience: Audience[]) => ({ payload, audience });

/** For each type what it tells and whom it concerns; never the one who caused it. */
export const EVENTS = {
  "party.created": to(z.object(party), "fans"),
  "party.updated": to(z.object({ ...party, changed: z.array(PartyField).min(1) }), "accepted", "pending", "waiting"),
  "party.confirmed": to(z.object(party), "accepted"),
  "party.cancelled": to(z.object({ ...party, ...reason }), "fans", "accepted", "pending", "waiting"),
  "party.reminder": to(z.object({ ...party, hoursBefore: z.literal([24, 2]) }), "accepted"),
  "chat.opened": to(z.object(party), "accepted"),
  "join.requested": to(z.object({ ...party, ...subject }), "leader"),
  "join.accepted": to(z.object({ ...party, ...subject }), "subject"),
  "join.rejected": to(z.object({ ...party, ...subject }), "subject"),
  "offer.made": to(z.object({ ...party, ...subject, quantity: z.int(), until: Instant }), "subject"),
  "member.removed": to(z.object({ ...party, ...subject }), "subject"),
  "settlement.requested": to(z.object({ ...party, ...subject, openKrw: z.int() }), "subject"),
  "penalty.received": to(z.object({ ...party, ...subject, ...reason }), "subject"),
};

/** See the table. */
export type EventType = keyof typeof EVENTS;
/** See the table. */
export const EVENT_TYPES = Object.keys(EVENTS) as [EventType, ...EventType[]];
/** See the table. */
export const EventType = z.enum(EVENT_TYPES);

/** What an event of this type tells. */
export type EventPayload<Type extends EventType = EventType> = {
  [Each in Type]: z.infer<(typeof EVENTS)[Each]["payload"]>;
}[Type];

/** What only an event of this type tells, besides what all do. */
export type EventFacts<Type extends EventType> = Omit<EventPayload<Type>, keyof typeof party>;

/** An event that nobody is told of: others of a person's penalties count than before. A worker brings the cached count up to date. */
export const PENALTIES_CHANGED = "penalties.changed";
/** What it tells. */
export const PenaltiesChanged = z.object({ ...party, ...subject });

/** What travels on a region queue: the worker reads the rest from the events table. */
export const EventMessage = z.object({ partyId: Id, eventId: Id });
/** See the schema. */
export type EventMessage = z.infer<typeof EventMessage>;
