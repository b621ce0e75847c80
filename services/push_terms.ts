/** On what terms an alert is pushed: how long it is worth something, how soon, and what it replaces. */
import type { Alert } from "../contract/alerts.ts";
import type { EventPayload, EventType } from "../contract/events.ts";
import type { PushMessage } from "./ports.ts";
import { sha256 } from "./secrets.ts";

interface Terms {
  /** It is dropped when it could not be delivered for so long. */
  ttlS: number;
  urgency: PushMessage["urgency"];
  /** It is worth nothing any more once the party begins. */
  endsAtStart?: true;
  /**
   * It tells how the party stands, so that the newest of these is all that one who was away needs. Not so what speaks of
   * persons: of two requests to join each is another's.
   */
  isStateOfParty?: true;
}

const HOUR_S = 3600, DAY_S = 24 * HOUR_S;

/** A type without a row here does not compile. */
const TERMS: Record<EventType, Terms> = {
  "party.created": { ttlS: DAY_S, urgency: "normal", endsAtStart: true, isStateOfParty: true },
  "party.updated": { ttlS: 3 * DAY_S, urgency: "normal", endsAtStart: true, isStateOfParty: true },
  "party.confirmed": { ttlS: 3 * DAY_S, urgency: "normal", endsAtStart: true, isStateOfParty: true },
  "party.cancelled": { ttlS: 3 * DAY_S, urgency: "high", isStateOfParty: true },
  // After half a day "a day away" is wrong; "soon" is so from the start on.
  "party.reminder": { ttlS: 12 * HOUR_S, urgency: "high", endsAtStart: true, isStateOfParty: true },
  "chat.opened": { ttlS: DAY_S, urgency: "normal" },
  "join.requested": { ttlS: 3 * DAY_S, urgency: "normal", endsAtStart: true },
  "join.accepted": { ttlS: 3 * DAY_S, urgency: "normal" },
  "join.rejected": { ttlS: 3 * DAY_S, urgency: "normal" },
  "member.removed": { ttlS: 3 * DAY_S, urgency: "normal" },
  "offer.made": { ttlS: DAY_S, urgency: "high", endsAtStart: true },
  "settlement.requested": { ttlS: 7 * DAY_S, urgency: "normal" },
  "penalty.received": { ttlS: 3 * DAY_S, urgency: "normal" },
};

/** Until when it is worth pushing. In the past for what comes too late already. */
export function pushedUntil(type: EventType, { startsAt }: EventPayload, now: Date): Date {
  const { ttlS, endsAtStart } = TERMS[type];
  const until = now.getTime() + ttlS * 1_000;
  return new Date(endsAtStart ? Math.min(until, Date.parse(startsAt)) : until);
}

/** The message for one browser, which `expiresAt` ends. */
export async function toPushMessage(
  alert: Alert,
  { subscriptionId, expiresAt, now }: { subscriptionId: string; expiresAt: Date; now: Date },
): Promise<PushMessage> {
  const { urgency, isStateOfParty } = TERMS[alert.type];
  return {
    payload: payloadOf(alert),
    ttlS: Math.max(0, Math.ceil((expiresAt.getTime() - now.getTime()) / 1_000)),
    urgency,
    ...(isStateOfParty && alert.partyId && { topic: await topicOf(subscriptionId, alert.partyId) }),
  };
}

/** Of one browser and party. A hash of both, so that a push service does not see who is in the same party. */
async function topicOf(subscriptionId: string, partyId: string): Promise<string> {
  const hash = await sha256(`${subscriptionId} ${partyId}`);
  return hash.toBase64({ alphabet: "base64url" }).slice(0, 32);
}

/**
 * The JSON that the browser gets. A letter takes six bytes at most, so that no texts make it longer than
 * a push may be: titles and reasons are people's own.
 */
function payloadOf({ title, body, url, seq, type, id }: Alert): string {
  return JSON.stringify({ title: cut(title, TITLE_MAX), body: cut(body, BODY_MAX), url, seq, type, id });
}

/** Letters of a title and a body. What is shown of a notification is less. */
const TITLE_MAX = 100, BODY_MAX = 500;

/** At most so many letters, none of them cut in two. */
function cut(text: string, letters: number): string {
  const all = [...text];
  return all.length <= letters ? text : all.slice(0, letters - 1).join("") + "…";
}
