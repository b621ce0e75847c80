/** Markets of the catalogue. */
import { Hono } from "hono";
import { Market, MarketList, MarketQuery } from "../contract/catalogue.ts";
import { readMarket } from "../services/catalogue.ts";
import { searchMarkets } from "../services/market_search.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, query } from "./edge.ts";
import { anyone } from "./guard.ts";
import { answerPage } from "./page.ts";

/** GET `/` searches, GET `/{id}` reads one, a party's own place too. Public. */
export function marketRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/",
      anyone(deps, {
        summary: "Markets: with a point nearest first, else by name",
        answers: { 200: MarketList },
        problems: ["invalid-input"],
      }),
      query(MarketQuery),
      async (c) => answerPage(c, await searchMarkets(deps, c.req.valid("query"))),
    )
    .get(
      "/:id",
      anyone(deps, { summary: "One market", answers: { 200: Market }, problems: ["not-found"] }),
      ids("id"),
      async (c) => c.json(await readMarket(deps, c.req.valid("param").id)),
    );
}
