/** Items of the catalogue. */
import { Hono } from "hono";
import { Item, ItemList, ItemQuery } from "../contract/catalogue.ts";
import { readItem } from "../services/catalogue.ts";
import { searchItems } from "../services/item_search.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, query } from "./edge.ts";
import { anyone } from "./guard.ts";
import { answerPage } from "./page.ts";

/** GET `/` searches, GET `/{id}` reads one. Public. */
export function itemRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/",
      anyone(deps, {
        summary: "Items by name, variety, category or initial consonants, everyday food first",
        answers: { 200: ItemList },
        problems: ["invalid-input"],
      }),
      query(ItemQuery),
      async (c) => answerPage(c, await searchItems(deps, c.req.valid("query"))),
    )
    .get(
      "/:id",
      anyone(deps, { summary: "One item", answers: { 200: Item }, problems: ["not-found"] }),
      ids("id"),
      async (c) => c.json(await readItem(deps, c.req.valid("param").id)),
    );
}
