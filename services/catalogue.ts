/** Items and markets, as anyone may look them up. */
import { z } from "zod";
import type { Item, ItemQuery, Market, MarketQuery } from "../contract/catalogue.ts";
import type { Page } from "../contract/common.ts";
import { Problem } from "../contract/problems.ts";
import { cutPage, readCursor } from "./cursor.ts";
import { chordM, distanceM, type Point, shownDistanceM } from "./geo.ts";
import type { Deps, Sql } from "./ports.ts";
import { searchWordsOf } from "./search_text.ts";

type Reader = Pick<Deps, "sql">;

/** One item, also a retired one: parties refer to it. Throws `not-found`. */
export async function readItem({ sql }: Reader, id: string): Promise<Item> {
  const [item] = await sql<Item[]>`select ${itemColumns(sql)} from items where id = ${id}`;
  if (!item) throw new Problem("not-found", "Cannot find the item: no such id");
  return item;
}

/** One market, also a retired one or a party's own place. Throws `not-found`. */
export async function readMarket({ sql }: Reader, id: string): Promise<Market> {
  const [market] = await sql<Market[]>`select ${marketColumns(sql)} from markets where id = ${id}`;
  if (!market) throw new Problem("not-found", "Cannot find the market: no such id");
  return market;
}

const ItemPosition = z.tuple([z.int().min(-32_768).max(32_767), z.string(), z.string(), z.uuid()]);

/** Items of which name, variety or category hold every word of `q`, everyday food first. */
export async function searchItems({ sql }: Reader, { q, category, limit, cursor }: ItemQuery): Promise<Page<Item>> {
  const after = readCursor(ItemPosition, cursor);
  const rows = await sql<(Item & { rank: number })[]>`
    select ${itemColumns(sql)}, rank
    from items
    where retired_at is null
    ${category === undefined ? sql`` : sql`and category = ${category}`}
    ${everyWord(sql, q, { hasInitials: true })}
    ${after ? sql`and (rank, name, variety, id) > (${after[0]}, ${after[1]}, ${after[2]}, ${after[3]})` : sql``}
    order by rank, name, variety, id
    limit ${limit + 1}`;
  const page = cutPage(rows, limit, (row) => [row.rank, row.name, row.variety, row.id]);
  return { ...page, items: page.items.map(({ rank: _, ...item }) => item) };
}

/** Markets of the catalogue of which name or address hold every word of `q`: nearest first with a point, else by name. */
export async function searchMarkets(deps: Reader, { lat, lng, ...query }: MarketQuery): Promise<Page<Market>> {
  return lat === undefined || lng === undefined
    ? await marketsByName(deps, query)
    : await marketsNear(deps, { lat, lng }, query);
}

const NamePosition = z.tuple([z.string(), z.uuid()]);

async function marketsByName({ sql }: Reader, { q, kind, limit, cursor }: MarketQuery): Promise<Page<Market>> {
  const after = readCursor(NamePosition, cursor);
  const rows = await sql<Market[]>`
    select ${marketColumns(sql)}
    from markets
    where retired_at is null and source <> 'place'
    ${kind === undefined ? sql`` : sql`and kind = ${kind}`}
    ${everyWord(sql, q, { hasInitials: false })}
    ${after ? sql`and (name, id) > (${after[0]}, ${after[1]})` : sql``}
    order by name, id
    limit ${limit + 1}`;
  return cutPage(rows, limit, (row) => [row.name, row.id]);
}

const NearPosition = z.tuple([z.number(), z.uuid()]);

/**
 * The index walks outwards from the point in the order of the straight line through the globe, which is that of the
 * distance; markets at one spot follow by id. Where it ends is settled by the haversine distance.
 */
async function marketsNear(
  { sql }: Reader,
  point: Point,
  { q, kind, radiusM, limit, cursor }: MarketQuery,
): Promise<Page<Market>> {
  const after = readCursor(NearPosition, cursor);
  const here = sql`ll_to_earth(${point.lat}, ${point.lng})`;
  const rows = await sql<(Market & { chord: number })[]>`
    select *
    from (
      select ${marketColumns(sql)}, point <-> ${here} as chord
      from markets
      where listed and retired_at is null and source <> 'place'
      ${kind === undefined ? sql`` : sql`and kind = ${kind}`}
      ${everyWord(sql, q, { hasInitials: false })}
      ${radiusM === undefined ? sql`` : sql`and point <@ cube_enlarge(${here}, ${chordM(radiusM)}, 3)`}
      ${after ? sql`and (point <-> ${here}, id) > (${after[0]}::float8, ${after[1]})` : sql``}
      -- Only the distance, which the index knows; with the id here PostgreSQL 15 would sort every market.
      order by point <-> ${here}
      fetch first (${limit + 1}) rows with ties
    ) nearest
    order by chord, id
    limit ${limit + 1}`;
  const within = rows.filter((row) => radiusM === undefined || distanceM(point, row) <= radiusM);
  const page = cutPage(within, limit, (row) => [row.chord, row.id]);
  const items = page.items.map(({ chord: _, ...market }) => ({ ...market, distanceM: shownDistanceM(point, market) }));
  return { ...page, items };
}

/** The columns that make an {@link Item}. */
export function itemColumns(sql: Sql) {
  return sql`id, code, category, name, variety`;
}

/** The columns that make a {@link Market}. */
export function marketColumns(sql: Sql) {
  return sql`id, name, kind, road_address as "roadAddress", lat, lng, region_code as "regionCode"`;
}

/**
 * The condition that every word of `q` is found; a table with the column `initials` narrows by its index first. Without
 * three letters in a row a trigram index would be read from end to end: `|| ''` keeps it out of the plan.
 */
function everyWord(sql: Sql, q: string | undefined, { hasInitials }: { hasInitials: boolean }) {
  const conditions = searchWordsOf(q ?? "").map((word) => {
    const unlessTrigrams = word.hasTrigrams ? sql`` : sql`|| ''`;
    if ("like" in word) return sql`and search_text ${unlessTrigrams} like ${word.like}`;
    const narrowed = hasInitials ? sql`and initials ${unlessTrigrams} like ${word.initialsLike}` : sql``;
    return sql`${narrowed} and search_text || '' ~ ${word.pattern}`;
  });
  return conditions.length > 0 ? conditions : sql``;
}
