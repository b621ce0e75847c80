/** Items and markets, as anyone may look one up by its id. */
import type { Item, Market } from "../contract/catalogue.ts";
import { Problem } from "../contract/problems.ts";
import type { Deps, Sql } from "./ports.ts";

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

/** The columns that make an {@link Item}. */
export function itemColumns(sql: Sql) {
  return sql`id, code, category, name, variety`;
}

/** The columns that make a {@link Market}. */
export function marketColumns(sql: Sql) {
  return sql`id, name, kind, road_address as "roadAddress", lat, lng, region_code as "regionCode"`;
}
