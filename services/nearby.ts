/**
 * Joinable parties around a point. Markets come first, by index and from the nearest; in each market its parties come by
 * index, those already closed never touched. So a page costs what it shows, not what lies within the radius.
 */
import { z } from "zod";
import type { Page } from "../contract/common.ts";
import type { NearbyQuery, Party } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { cutPage, readCursor } from "./cursor.ts";
import { chordM, distanceM, type Point, shownDistanceM } from "./geo.ts";
import { loadParties, type PartyReader } from "./party_rows.ts";
import type { Deps, Sql } from "./ports.ts";
import { likeOf } from "./search_text.ts";

interface Search extends NearbyQuery {
  origin: Point;
  now: Date;
}

interface Hit {
  id: string;
  marketId: string;
  lat: number;
  lng: number;
  joinUntil: Date;
  startsAt: Date;
  chord: number;
}

/**
 * Parties that can still be joined within `radiusM` of the point, or of the caller's home, by the haversine distance to
 * their market. Throws `location-required` without either, `invalid-input` for a cursor of another list.
 */
export async function searchNearby(
  deps: PartyReader,
  query: NearbyQuery,
  callerId: string | null,
): Promise<Page<Party>> {
  const origin = query.lat === undefined ? await readHome(deps, callerId) : { lat: query.lat, lng: query.lng! };
  const { find, positionOf } = ORDERS[query.sort];
  const hits = await find(deps.sql, { ...query, origin, now: deps.clock.now() });
  const page = cutPage(hits, query.limit, positionOf);
  const inside = page.items.filter((hit) => distanceM(origin, hit) <= query.radiusM);
  // From the nearest on, one party outside means that all that follow are.
  const isLast = query.sort === "distance" && inside.length < page.items.length;
  const parties = await loadParties(deps, inside.map((hit) => hit.id), callerId);
  return {
    items: parties.map((party) => ({ ...party, distanceM: shownDistanceM(origin, party.market) })),
    nextCursor: isLast ? null : page.nextCursor,
  };
}

async function readHome({ sql }: Pick<Deps, "sql">, callerId: string | null): Promise<Point> {
  const [home] = await sql<Point[]>`
    select home_lat as lat, home_lng as lng
    from users
    where id = ${callerId} and home_lat is not null`;
  if (!home) throw new Problem("location-required", "Cannot search nearby: neither lat and lng nor a home");
  return home;
}

const ByDistance = z.tuple([z.number(), z.uuid(), z.iso.datetime(), z.uuid()]);

/** From the nearest market on; in a market, what closes soonest first. */
async function findByDistance(sql: Sql, search: Search): Promise<Hit[]> {
  const { cursor, limit, origin } = search;
  const after = cursor === undefined ? undefined : readCursor(ByDistance, cursor);
  const chord = sql`m.point <-> ll_to_earth(${origin.lat}, ${origin.lng})`;
  return await sql<Hit[]>`
    select p.id, m.id as "marketId", m.lat, m.lng, p.join_until as "joinUntil", p.starts_at as "startsAt",
      ${chord} as chord
    from markets m
    cross join lateral (
      select p.id, p.join_until, p.starts_at
      from parties p
      where ${joinable(sql, search)}
        ${after ? sql`and (m.id <> ${after[1]} or (p.join_until, p.id) > (${after[2]}, ${after[3]}))` : sql``}
      order by p.join_until, p.id
      limit ${limit + 1}
    ) p
    where ${around(sql, search)}
      ${after ? sql`and (${chord}, m.id) >= (${after[0]}::float8, ${after[1]})` : sql``}
    order by ${chord}, m.id, p.join_until, p.id
    limit ${limit + 1}`;
}

const ByStart = z.tuple([z.iso.datetime(), z.uuid()]);

/** What starts soonest, of the first few of each market. */
async function findByStart(sql: Sql, search: Search): Promise<Hit[]> {
  const { cursor, limit, now } = search;
  const after = cursor === undefined ? undefined : readCursor(ByStart, cursor);
  return await findOfEachMarket(sql, search, {
    // Nobody can join after the start, so this takes nothing away; the index knows it.
    condition: after
      ? sql`and p.starts_at > ${now} and (p.starts_at, p.id) > (${after[0]}, ${after[1]})`
      : sql`and p.starts_at > ${now}`,
    order: sql`p.starts_at, p.id`,
    limit,
  });
}

const ByAge = z.tuple([z.uuid()]);

/** What was opened last, of the first few of each market. Ids grow with time. */
async function findNewest(sql: Sql, search: Search): Promise<Hit[]> {
  const { cursor, limit } = search;
  const after = cursor === undefined ? undefined : readCursor(ByAge, cursor);
  return await findOfEachMarket(sql, search, {
    condition: after ? sql`and p.id < ${after[0]}` : sql``,
    order: sql`p.id desc`,
    limit,
  });
}

async function findOfEachMarket(
  sql: Sql,
  search: Search,
  { condition, order, limit }: { condition: Fragment; order: Fragment; limit: number },
): Promise<Hit[]> {
  return await sql<Hit[]>`
    select p.id, m.id as "marketId", m.lat, m.lng, p.join_until as "joinUntil", p.starts_at as "startsAt",
      0::float8 as chord
    from markets m
    cross join lateral (
      select p.id, p.join_until, p.starts_at
      from parties p
      where ${joinable(sql, search)}
        ${condition}
      order by ${order}
      limit ${limit + 1}
    ) p
    where ${around(sql, search)}
      and haversine_m(m.lat, m.lng, ${search.origin.lat}, ${search.origin.lng}) <= ${search.radiusM}
    order by ${order}
    limit ${limit + 1}`;
}

type Fragment = ReturnType<Sql<Record<string, never>>>;

/** Parties of market `m` that can be joined now, and are what was asked for. */
function joinable(sql: Sql, { now, itemId, q }: Search) {
  return sql`
    p.market_id = m.id
    and p.status = 'open'
    and p.quantity_left > 0
    and p.join_until > ${now}
    ${itemId === undefined ? sql`` : sql`and p.item_id = ${itemId}`}
    ${q === undefined ? sql`` : sql`and p.search_text like ${likeOf(q)}`}`;
}

/** Markets of which some may lie within the radius; the exact distance decides afterwards. */
function around(sql: Sql, { origin, radiusM, marketId }: Search) {
  return sql`
    m.listed
    and m.point <@ cube_enlarge(ll_to_earth(${origin.lat}, ${origin.lng}), ${chordM(radiusM)}, 3)
    ${marketId === undefined ? sql`` : sql`and m.id = ${marketId}`}`;
}

const ORDERS: Record<
  NearbyQuery["sort"],
  { find: (sql: Sql, search: Search) => Promise<Hit[]>; positionOf: (hit: Hit) => unknown }
> = {
  distance: { find: findByDistance, positionOf: (hit) => [hit.chord, hit.marketId, hit.joinUntil, hit.id] },
  startsAt: { find: findByStart, positionOf: (hit) => [hit.startsAt, hit.id] },
  newest: { find: findNewest, positionOf: (hit) => [hit.id] },
};
