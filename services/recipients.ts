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

/** Somebody concerned by the event in this place. */
type Concerned = Recipient & { place: number };

/**
 * Everyone concerned by each of the events, once, by id: as things stand now, whoever caused the event and withdrawn people left
 * out. One statement for all of them, and one more for each event that concerns those who favour something.
 */
export async function recipientsOf({ sql }: Pick<Deps, "sql">, events: StoredEvent[]): Promise<Recipient[][]> {
  const places = events.keys().toArray();
  const found = await Promise.all([
    ...placesOf(events, "fans").map((place) => fansOf(sql, place, events[place]!)),
    othersOf(sql, events),
  ]);
  const byPlace = Map.groupBy(found.flat(), ({ place }) => place);
  return places.map((place) => {
    const concerned = new Map(byPlace.get(place)?.map(({ userId, locale }) => [userId, locale]));
    const { actorId } = events[place]!.payload;
    if (actorId) concerned.delete(actorId);
    return [...concerned].sort(([a], [b]) => a < b ? -1 : 1).map(([userId, locale]) => ({ userId, locale }));
  });
}

function placesOf(events: StoredEvent[], audience: Audience): number[] {
  return events.flatMap(({ type }, place) => EVENTS[type].audience.includes(audience) ? [place] : []);
}

/** As {@link FAVORITE_REACH_M}, for the box that is read before the haversine decides. */
const REACH = wideAngle(FAVORITE_REACH_M);

async function fansOf(sql: Sql, place: number, { payload: { itemId, marketId } }: StoredEvent): Promise<Concerned[]> {
  // A person without a home has no distance, and is not in the index. Bounds that are single values are sure to be looked up
  // in it, whatever PostgreSQL thinks of the join.
  return await sql<Concerned[]>`
    with box as materialized (
      select lat, lng, degrees(${REACH}::float8) as up, degrees(asin(sin(${REACH}::float8) / cos(radians(lat)))) as aside
      from markets
      where id = ${marketId}
    )
    select ${place}::int as place, u.id as "userId", u.locale
    from (
      select user_id
      from favorite_items
      where item_id = ${itemId}
        and home_lat between (select lat - up from box) and (select lat + up from box)
        and home_lng between (select lng - aside from box) and (select lng + aside from box)
        and haversine_m(home_lat, home_lng, (select lat from box), (select lng from box)) <= ${FAVORITE_REACH_M}
      union
      select user_id
      from favorite_markets
      where market_id = ${marketId}) as fan
    join users u on u.id = fan.user_id
    where u.withdrawn_at is null`;
}

/** The standing of members who are an audience. An audience that is neither here nor read otherwise does not compile. */
const STANDINGS: Record<Exclude<Audience, "fans" | "leader" | "subject">, string> = {
  accepted: "accepted",
  pending: "pending",
  waiting: "waiting",
};

/** Members, leaders, and those whom it is about. */
async function othersOf(sql: Sql, events: StoredEvent[]): Promise<Concerned[]> {
  const members = Object.entries(STANDINGS).flatMap(([audience, status]) =>
    placesOf(events, audience as Audience).map((place) => ({ place, status }))
  );
  const leaders = placesOf(events, "leader"), subjects = placesOf(events, "subject");
  if (members.length + leaders.length + subjects.length === 0) return [];
  const partyIdsOf = (places: number[]) => places.map((place) => events[place]!.partyId);
  // Put together once, however few people PostgreSQL takes the table of users for.
  return await sql<Concerned[]>`
    with concerned as materialized (
      select asked.place, member.user_id
      from unnest(${members.map(({ place }) => place)}::int[], ${partyIdsOf(members.map(({ place }) => place))}::uuid[],
        ${members.map(({ status }) => status)}::text[]) as asked (place, party_id, status)
      join party_members member on member.party_id = asked.party_id and member.status = asked.status
      union all
      select asked.place, party.leader_id
      from unnest(${leaders}::int[], ${partyIdsOf(leaders)}::uuid[]) as asked (place, party_id)
      join parties party on party.id = asked.party_id
      union all
      select place, user_id
      from unnest(${subjects}::int[], ${subjects.map((place) => subjectOf(events[place]!))}::uuid[])
        as asked (place, user_id)
    )
    select concerned.place, u.id as "userId", u.locale
    from concerned
    join users u on u.id = concerned.user_id
    where u.withdrawn_at is null`;
}

function subjectOf({ payload }: StoredEvent): string | null {
  return "userId" in payload ? payload.userId : null;
}
