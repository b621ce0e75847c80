/**
 * Items as people look them up, best first. A broad search ("ㅅ" is in most items) would have to grade every row it finds:
 * instead grades are read in three steps, each by an index of its own, and only until the page is full.
 */
import { z } from "zod";
import type { Item, ItemQuery } from "../contract/catalogue.ts";
import type { Page } from "../contract/common.ts";
import { itemColumns } from "./catalogue.ts";
import { cutPage, readCursor } from "./cursor.ts";
import type { Deps, Sql } from "./ports.ts";
import { likeOf, type Reading, readingsOf, searchTextOf } from "./search_text.ts";

type Reader = Pick<Deps, "sql">;
/** A part of a statement. */
type Fragment = ReturnType<Sql>;

/** An item with where it stands in the order. */
interface Hit extends Item {
  grade: number;
  rank: number;
}

const Position = z.tuple([
  z.int().min(0).max(4),
  z.int().min(-32_768).max(32_767),
  z.string(),
  z.string(),
  z.uuid(),
]);
type Position = z.infer<typeof Position>;

/**
 * Items of which name, variety or category hold every word of `q`. First by their best-placed word: 0 it is the name, 1 the
 * name begins with it, 2 it begins a word, 3 it is anywhere in name or variety, 4 only in the category. Then everyday food.
 */
export async function searchItems(deps: Reader, query: ItemQuery): Promise<Page<Item>> {
  const { limit, cursor, q = "" } = query;
  const after = readCursor(Position, cursor);
  const words = readingsOf(q);
  const hits: Hit[] = [];
  for (const { lastGrade, find } of words.length > 0 ? STEPS : [LIST]) {
    if (after && after[0] > lastGrade) continue;
    hits.push(...await find(deps, { ...query, words, after, wanted: limit + 1 - hits.length }));
    if (hits.length > limit) break;
  }
  const page = cutPage(hits, limit, (hit) => [hit.grade, hit.rank, hit.name, hit.variety, hit.id]);
  return { ...page, items: page.items.map(({ grade: _, rank: __, ...item }) => item) };
}

interface Search {
  words: Reading[][];
  category?: string | undefined;
  after: Position | undefined;
  wanted: number;
}

interface Step {
  lastGrade: number;
  find(deps: Reader, search: Search): Promise<Hit[]>;
}

/** Everything, when nothing is looked for. */
const LIST: Step = {
  lastGrade: 4,
  find: ({ sql }, search) => readInOrder(sql, search, { grade: 0, condition: sql`true` }),
};

const STEPS: Step[] = [
  { lastGrade: 1, find: findByName },
  { lastGrade: 3, find: findInside },
  { lastGrade: 4, find: findByCategory },
];

/** Names that are a word of the query or begin with one. */
async function findByName({ sql }: Reader, search: Search): Promise<Hit[]> {
  const readings = search.words.flat();
  const isName = anyOf(sql, readings.map(({ pattern }) => sql`lower(name) ~ ${`^${pattern}$`}`));
  return await readGraded(sql, search, {
    grade: sql`case when ${isName} then 0 else 1 end`,
    condition: sql`${beginsName(sql, readings)} and ${everyWord(sql, search.words)}`,
  });
}

/** A word of the query within name or variety, but not where the name begins. */
async function findInside({ sql }: Reader, search: Search): Promise<Hit[]> {
  const readings = search.words.flat();
  const beginsWord = sql`${head(sql)} ~ ${`[^[:alnum:]](${readings.map(({ pattern }) => pattern).join("|")})`}`;
  const inside = anyOf(sql, readings.map((reading) => isInside(sql, reading)));
  // Of a single word that says all.
  const holdsAll = search.words.length > 1 ? sql`${everyWord(sql, search.words)} and ${inside}` : inside;
  return await readGraded(sql, search, {
    grade: sql`case when ${beginsWord} then 2 else 3 end`,
    condition: sql`${holdsAll} and not ${beginsName(sql, readings)}`,
  });
}

/** Every word in the category, none before it. Categories are few: those that hold the words are found out first. */
async function findByCategory({ sql }: Reader, search: Search): Promise<Hit[]> {
  const all = search.category === undefined ? await readCategories(sql) : [search.category];
  const categories = all.filter((category) =>
    search.words.every((word) => word.some(({ pattern }) => new RegExp(pattern).test(searchTextOf(category))))
  );
  if (categories.length === 0) return [];
  const one = categories.length === 1 && categories[0];
  return await readInOrder(sql, search, {
    grade: 4,
    // Of one category the order is that of an index.
    condition: sql`${one ? sql`category = ${one}` : sql`category = any(${categories})`} and not ${
      inHead(sql, search.words.flat())
    }`,
  });
}

/** Jumps in the index from one category to the next, instead of reading every item. */
async function readCategories(sql: Sql): Promise<string[]> {
  const rows = await sql<{ category: string }[]>`
    with recursive categories as (
      select min(category) as category
      from items
      where retired_at is null
      union all
      select (select min(category) from items where retired_at is null and category > categories.category)
      from categories
      where category is not null
    )
    select category
    from categories
    where category is not null`;
  return rows.map(({ category }) => category);
}

/** Of one grade: the order is that of an index. */
async function readInOrder(
  sql: Sql,
  { category, after, wanted }: Search,
  { grade, condition }: { grade: 0 | 4; condition: Fragment },
): Promise<Hit[]> {
  const [afterGrade, rank, name, variety, id] = after ?? [];
  return await sql<Hit[]>`
    select ${itemColumns(sql)}, rank, ${grade}::int as grade
    from items
    where retired_at is null and ${condition}
      ${category === undefined ? sql`` : sql`and category = ${category}`}
      ${afterGrade === grade ? sql`and (rank, name, variety, id) > (${rank!}, ${name!}, ${variety!}, ${id!})` : sql``}
    order by rank, name, variety, id
    limit ${wanted}`;
}

/** Of more than one. */
async function readGraded(
  sql: Sql,
  { category, after, wanted }: Search,
  { grade, condition }: { grade: Fragment; condition: Fragment },
): Promise<Hit[]> {
  return await sql<Hit[]>`
    select ${itemColumns(sql)}, rank, ${grade} as grade
    from items
    where retired_at is null and ${condition}
      ${category === undefined ? sql`` : sql`and category = ${category}`}
      ${
    after
      ? sql`and (${grade}, rank, name, variety, id) > (${after[0]}::int, ${after[1]}, ${after[2]}, ${after[3]}, ${
        after[4]
      })`
      : sql``
  }
    order by grade, rank, name, variety, id
    limit ${wanted}`;
}

/** Name and variety as searches compare them: what stands before the category. */
function head(sql: Sql): Fragment {
  return sql`left(search_text, -char_length(category) - 1)`;
}

function everyWord(sql: Sql, words: Reading[][]): Fragment {
  return words.map((word) => anyOf(sql, word.map((reading) => holds(sql, reading)))).reduce((all, one) =>
    sql`${all} and ${one}`
  );
}

/** Without three letters in a row a trigram index would be read from end to end: `strpos` is not for it. */
function holds(sql: Sql, reading: Reading): Fragment {
  const { text, hasTrigrams } = reading;
  if (text === null) return holdsInitials(sql, reading);
  return hasTrigrams ? sql`search_text like ${likeOf(text)}` : sql`strpos(search_text, ${text}) > 0`;
}

/** `initials` is that of name and variety. It narrows; of one consonant alone it tells everything. */
function holdsInitials(sql: Sql, { pattern, initials, hasTrigrams }: Reading): Fragment {
  const narrowed: Fragment = hasTrigrams
    ? sql`initials like ${`%${initials}%`}`
    : sql`strpos(initials, ${initials}) > 0`;
  return pattern.length === ONE_INITIAL ? narrowed : sql`${narrowed} and ${head(sql)} ~ ${pattern}`;
}

const ONE_INITIAL = "[가-깋]".length;

/** Whether name or variety holds a reading behind their first letter; also of a row that begins with it, it may tell so. */
function isInside(sql: Sql, reading: Reading): Fragment {
  const { text, hasTrigrams } = reading;
  if (text === null || !/^[\p{L}\p{N}]{1,2}$/u.test(text)) {
    return hasTrigrams ? sql`(${holds(sql, reading)} and ${inHead(sql, [reading])})` : inHead(sql, [reading]);
  }
  // As in the index items_letters_idx: every letter a word.
  return sql`regexp_replace(${head(sql)}, '(.)', '\\1 ', 'g') like ${`% ${[...text].join(" ")} %`}`;
}

function inHead(sql: Sql, readings: Reading[]): Fragment {
  return anyOf(
    sql,
    readings.map((reading) =>
      reading.text === null ? holdsInitials(sql, reading) : sql`strpos(${head(sql)}, ${reading.text}) > 0`
    ),
  );
}

/** Whether a name begins with a reading. The range is for the index; after an initial consonant the rest is looked at. */
function beginsName(sql: Sql, readings: Reading[]): Fragment {
  return anyOf(
    sql,
    readings.map(({ text, from, to, pattern }) => {
      const inRange: Fragment = sql`search_text collate "C" >= ${from} and search_text collate "C" < ${to}`;
      const isWhole = text !== null || pattern.length === ONE_INITIAL;
      return isWhole ? inRange : sql`${inRange} and search_text || '' ~ ${`^${pattern}`}`;
    }),
  );
}

function anyOf(sql: Sql, conditions: Fragment[]): Fragment {
  return sql`(${conditions.reduce((any, one) => sql`${any} or ${one}`)})`;
}
