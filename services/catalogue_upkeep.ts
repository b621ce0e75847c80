/** What the catalogue's tables need after many of their rows were written. */
import type { Deps } from "./ports.ts";

/**
 * Sorts new rows into the text indexes, where they wait in a list that every search reads to its end, and renews what the
 * planner knows of the tables. Autovacuum does the same, some minutes later.
 */
export async function settleCatalogue({ sql }: Pick<Deps, "sql">): Promise<void> {
  await sql`
    select gin_clean_pending_list(index)
    from unnest(array['items_search_idx', 'items_initials_idx', 'items_letters_idx', 'markets_search_idx']::regclass[])
      as index`;
  await sql`analyze items, markets`;
}
