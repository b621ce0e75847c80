/** Markets as people look them up. */
import { z } from "zod";
import type { Market, MarketQuery } from "../contract/catalogue.ts";
import type { Page } from "../contract/common.ts";
import { marketColumns } from "./catalogue.ts";
import { cutPage, readCursor } from "./cursor.ts";
import { chordM, distanceM, type Point, shownDistanceM } from "./geo.ts";
import type { Deps, Sql } from "./ports.ts";
import { likeOf, type Reading, readingsOf } from "./search_text.ts";

type Reader = Pick<Deps, "sql">;
type Fragment = ReturnType<Sql>;

/** Markets of the catalogue of which name or address hold every word of `q`: nearest first with a point, else best first. */
export async function searchMarkets(deps: Reader, { lat, lng, ...query }: MarketQuery): Promise<Page<Market>> {
  return lat === undefined || lng === undefined
    ? await bestMarkets(deps, query)
    : await marketsNear(deps, { lat, lng }, query);
}

const BestPosition = z.tuple([z.int().min(0).max(4), z.string(), z.uuid()]);

/** By their best-placed word, graded as items are, the address last; then by name. */
async function bestMarkets({ sql }: Reader, { q, kind, limit, cursor }: MarketQuery): Promise<Page<Market>> {
  const after = readCursor(BestPosition, cursor);
  const words = readingsOf(q ?? "");
  const grade = gradeOf(sql, words.flat());
  const rows = await sql<(Market & { grade: number })[]>`
    select ${marketColumns(sql)}, ${grade} as grade
    from markets
    where retired_at is null and source <> 'place'
    ${kind === undefined ? sql`` : sql`and kind = ${kind}`}
    ${everyWord(sql, words)}
    ${after && words.length > 0 ? sql`and (${grade}, name, id) > (${after[0]}::int, ${after[1]}, ${after[2]})` : sql``}
    -- Without words the order is that of the index.
    ${after && words.length === 0 ? sql`and (name, id) > (${after[1]}, ${after[2]})` : sql``}
    order by grade, name, id
    limit ${limit + 1}`;
  const page = cutPage(rows, limit, (row) => [row.grade, row.name, row.id]);
  return { ...page, items: page.items.map(({ grade: _, ...market }) => market) };
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
      ${everyWord(sql, readingsOf(q ?? ""))}
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

/** 0 a word is the name, 1 begins it, 2 begins a word in it, 3 is within it, 4 only in the address. */
function gradeOf(sql: Sql, readings: Reading[]): Fragment {
  if (readings.length === 0) return sql`0`;
  const any = `(${readings.map(({ pattern }) => pattern).join("|")})`;
  return sql`
    -- Most are found by their address: that is asked first.
    case when lower(name) !~ ${any} then 4
      when lower(name) ~ ${`^${any}$`} then 0
      when lower(name) ~ ${`^${any}`} then 1
      when lower(name) ~ ${`[^[:alnum:]]${any}`} then 2
      else 3 end`;
}

/** Without three letters in a row a trigram index would be read from end to end: `strpos` and `|| ''` are not for it. */
function everyWord(sql: Sql, words: Reading[][]): Fragment {
  return words
    .map((word) => word.map((reading) => holds(sql, reading)).reduce((any, one) => sql`${any} or ${one}`))
    .reduce<Fragment>((all, word) => sql`${all} and (${word})`, sql``);
}

function holds(sql: Sql, { text, pattern, hasTrigrams }: Reading): Fragment {
  if (text === null) return sql`search_text || '' ~ ${pattern}`;
  return hasTrigrams ? sql`search_text like ${likeOf(text)}` : sql`strpos(search_text, ${text}) > 0`;
}
