/** What a person wants to be told about: items they buy and markets they go to. */
import type { Favorites, Item, Market } from "../contract/catalogue.ts";
import { Problem } from "../contract/problems.ts";
import { itemColumns, marketColumns } from "./catalogue.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/** A person has at most so many favourite items, and as many markets: the list is answered whole. */
export const FAVORITES_MAX = 500;

type Writer = Pick<Deps, "sql" | "clock">;

/** A person's favourites, newest first. */
export async function listFavorites({ sql }: Pick<Deps, "sql">, userId: string): Promise<Favorites> {
  const [items, markets] = await Promise.all([
    sql<Item[]>`
      select ${itemColumns(sql)}
      from favorite_items join items on id = item_id
      where user_id = ${userId}
      order by created_at desc, id desc`,
    sql<Market[]>`
      select ${marketColumns(sql)}
      from favorite_markets join markets on id = market_id
      where user_id = ${userId}
      order by created_at desc, id desc`,
  ]);
  return { items, markets };
}

/** Makes an item a favourite; one already is stays as it was. Throws `not-found`, `too-many-favorites`. */
export async function favorItem({ sql, clock }: Writer, userId: string, itemId: string): Promise<void> {
  await inTransaction(sql, async (tx) => {
    await lockPerson(tx, userId);
    const [item] = await tx<Target[]>`
      select
        exists (select from favorite_items where item_id = id and user_id = ${userId}) as "isFavorite",
        (select count(*)::int from favorite_items where user_id = ${userId}) as "favoriteCount"
      from items
      where id = ${itemId}`;
    if (!mayAdd(item, "item")) return;
    await tx`
      insert into favorite_items (item_id, user_id, created_at)
      values (${itemId}, ${userId}, ${clock.now()})`;
  });
}

/** The same for a market of the catalogue; a party's own place is not found. Throws `not-found`, `too-many-favorites`. */
export async function favorMarket({ sql, clock }: Writer, userId: string, marketId: string): Promise<void> {
  await inTransaction(sql, async (tx) => {
    await lockPerson(tx, userId);
    const [market] = await tx<Target[]>`
      select
        exists (select from favorite_markets where market_id = id and user_id = ${userId}) as "isFavorite",
        (select count(*)::int from favorite_markets where user_id = ${userId}) as "favoriteCount"
      from markets
      where id = ${marketId} and source <> 'place'`;
    if (!mayAdd(market, "market")) return;
    await tx`
      insert into favorite_markets (market_id, user_id, created_at)
      values (${marketId}, ${userId}, ${clock.now()})`;
  });
}

/** Ends a favourite; one that is none stays none. */
export async function unfavorItem({ sql }: Pick<Deps, "sql">, userId: string, itemId: string): Promise<void> {
  await sql`delete from favorite_items where item_id = ${itemId} and user_id = ${userId}`;
}

/** Ends a favourite; one that is none stays none. */
export async function unfavorMarket({ sql }: Pick<Deps, "sql">, userId: string, marketId: string): Promise<void> {
  await sql`delete from favorite_markets where market_id = ${marketId} and user_id = ${userId}`;
}

interface Target {
  isFavorite: boolean;
  favoriteCount: number;
}

/** One at a time for each person, so that the count is right when the row is written. */
async function lockPerson(tx: TransactionSql, userId: string): Promise<void> {
  await tx`select from users where id = ${userId} for no key update`;
}

function mayAdd(target: Target | undefined, what: "item" | "market"): boolean {
  if (!target) throw new Problem("not-found", `Cannot favourite the ${what}: no such id`);
  if (target.isFavorite) return false;
  if (target.favoriteCount >= FAVORITES_MAX) {
    throw new Problem("too-many-favorites", `Cannot favourite the ${what}: ${FAVORITES_MAX} are favourites already`);
  }
  return true;
}
