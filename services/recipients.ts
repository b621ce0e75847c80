/** Whom an event concerns: the audiences of the table of events, in SQL. */
import { type Audience, type EventPayload, EVENTS, type EventType } from "../contract/events.ts";
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

/** A part of a statement. */
type Fragment = ReturnType<Sql>;

/**
 * The ids of everyone concerned, each once, in order: as things stand now, whoever caused the event and withdrawn people
 * left out.
 */
export async function recipientsOf({ sql }: Pick<Deps, "sql">, event: StoredEvent): Promise<string[]> {
  const concerned = EVENTS[event.type].audience
    .map((audience) => AUDIENCES[audience](sql, event))
    .reduce((all, some) => sql`${all} union all ${some}`);
  const rows = await sql<{ id: string }[]>`
    select u.id
    from (${concerned}) as concerned (user_id)
    join users u on u.id = concerned.user_id
    where u.withdrawn_at is null and u.id is distinct from ${event.payload.actorId}::uuid
    group by u.id
    order by u.id`;
  return rows.map((row) => row.id);
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

function favouring(sql: Sql, { payload: { itemId, marketId } }: StoredEvent): Fragment {
  // A person without a home has no distance, and is left out by the null.
  return sql`
    select f.user_id
    from favorite_items f
    join users h on h.id = f.user_id
    join markets m on m.id = ${marketId}
    where f.item_id = ${itemId}
      and haversine_m(h.home_lat, h.home_lng, m.lat, m.lng) <= ${FAVORITE_REACH_M}
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
