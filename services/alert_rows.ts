/** How an alert is read: a row becomes an {@link Alert} in its owner's language. */
import type { Alert } from "../contract/alerts.ts";
import type { EventPayload, EventType } from "../contract/events.ts";
import type { Locale } from "../contract/identity.ts";
import { pageOf, wordAlert } from "./alert_texts.ts";
import type { Sql } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";

/** What {@link selectAlerts} reads. */
export interface AlertRow {
  userId: string;
  /** Its event's: of each event a person gets one alert. */
  id: string;
  seq: number;
  type: EventType;
  partyId: string | null;
  payload: EventPayload;
  createdAt: Date;
  readAt: Date | null;
  deletedAt: Date | null;
  /** Whether it goes into streams: else its person has switched them off for the type. */
  streamed: boolean;
  locale: Locale;
  actorName: string;
}

/** `select … from alerts a join …`, with everything an {@link AlertRow} holds; the caller adds `where` and `order by`. */
export function selectAlerts(sql: Sql) {
  return sql`
    select a.user_id as "userId", a.event_id as id, a.seq, a.type, a.party_id as "partyId", a.payload, a.created_at as "createdAt",
      a.read_at as "readAt", a.deleted_at as "deletedAt", a.streamed, reader.locale,
      coalesce(actor.nickname, ${WITHDRAWN_NICKNAME}) as "actorName"
    from alerts a
    join users reader on reader.id = a.user_id
    left join users actor on actor.id = (a.payload ->> 'actorId')::uuid`;
}

/** Words the row. */
export function toAlert({ id, seq, type, partyId, payload, createdAt, readAt, locale, actorName }: AlertRow): Alert {
  return {
    id,
    seq,
    type,
    partyId,
    ...wordAlert(locale, type, { ...payload, actorName }),
    url: pageOf(type, partyId),
    createdAt: createdAt.toISOString(),
    readAt: readAt?.toISOString() ?? null,
  };
}
