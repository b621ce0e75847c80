/** Whom an event concerns: the audiences of the table of events, in SQL. */
import { type Audience, type EventPayload, EVENTS, type EventType } from "../contract/events.ts";
import type { Locale } from "../contract/identity.ts";
import { wideAngle } from "./geo.ts";
import type { Deps, Sql } from "./ports.ts";

/** How far a favourite item reaches: from the market to the person's home, in metres, by haversine. */
export const FAVORITE_REACH_M = 10_000;

/** An event as the workers read it. */
export interface StoredEvent {
  partyId: string;
  eventId: string;
  type: EventType;
  payload: EventPayload;
}

/** Someone whom an event concerns. */
export interface Recipient {
  userId: string;
  locale: Locale;
}

/** A part of a statement. */
type Fragment = ReturnType<Sql>;

/** Everyone concerned, once, by id: as things stand now, whoever caused the event and withdrawn people left out. */
export async function recipientsOf({ sql }: Pick<Deps, "sql">, event: StoredEvent): Promise<Recipient[]> {
  const concerned = EVENTS[event.type].audience
    .map((audience) => AUDIENCES[audience](sql, event))
    .reduce((all, some) => sql`${all} union all ${some}`);
  return await sql<Recipient[]>`
    select u.id as "userId", u.locale
    from (${concerned}) as concerned (user_id)
    join users u on u.id = concerned.user_id
    where u.withdrawn_at is null and u.id is distinct from ${event.payload.actorId}::uuid
    group by u.id
    order by u.id`;
}

/** For each audience a query of user ids, which may repeat. One without a row here does not compile. */
const AUDIENCES: Record<Audience, (sql: Sql, event: StoredEvent) => Fragment> = {
  fans: favouring,
  accepted: (sql, { partyId }) => membersOf(sql, partyId, "accepted"),
  pending: (sql, { partyId }) => membersOf(sql, partyId, "pending"),
  waiting: (sql, { partyId }) => membersOf(sql, partyId, "waiting"),
  leader: (sql, { partyId }) => sql`select leader_id from parties where id = ${partyId}`,
  subject: (sql, { payload }) => sql`select ${"userId" in payload ? payload.userId : null}::uuid`,
};

/** As {@link FAVORITE_REACH_M}, for the box that is read before the haversine decides. */
const REACH = wideAngle(FAVORITE_REACH_M);

function favouring(sql: Sql, { payload: { itemId, marketId } }: StoredEvent): Fragment {
  // A person without a home has no distance, and is not in the index. Bounds that are single values are sure to be looked up
  // in it, whatever PostgreSQL thinks of the join.
  return sql`
    (with box as materialized (
      select lat, lng, degrees(${REACH}::float8) as up, degrees(asin(sin(${REACH}::float8) / cos(radians(lat)))) as aside
      from markets
      where id = ${marketId}
    )
    select user_id
    from favorite_items
    where item_id = ${itemId}
      and home_lat between (select lat - up from box) and (select lat + up from box)
      and home_lng between (select lng - aside from box) and (select lng + aside from box)
      and haversine_m(home_lat, home_lng, (select lat from box), (select lng from box)) <= ${FAVORITE_REACH_M})
    union all
    select user_id
    from favorite_markets
    where market_id = ${marketId}`;
}

function membersOf(sql: Sql, partyId: string, status: "accepted" | "pending" | "waiting"): Fragment {
  return sql`
    select user_id
    from party_members
    where party_id = ${partyId} and status = ${status}`;
}
