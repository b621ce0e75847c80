/** The caller's favourite items and markets. */
import { Hono } from "hono";
import { Favorites } from "../contract/catalogue.ts";
import { favorItem, favorMarket, listFavorites, unfavorItem, unfavorMarket } from "../services/favorites.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, noBody } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** GET `/` lists them, PUT and DELETE `/items/{id}` and `/markets/{id}` add and take away, each as often as one likes. */
export function favoriteRoutes(deps: Deps) {
  const put = (summary: string) =>
    signedIn(deps, { summary, answers: { 204: null }, problems: ["invalid-input", "not-found", "too-many-favorites"] });
  const remove = (summary: string) =>
    signedIn(deps, { summary, answers: { 204: null }, problems: ["invalid-input", "not-found"] });
  return new Hono<EdgeEnv>()
    .get(
      "/",
      signedIn(deps, { summary: "The caller's favourites, newest first", answers: { 200: Favorites } }),
      async (c) => c.json(await listFavorites(deps, c.get("caller").userId)),
    )
    .put("/items/:id", put("Make an item a favourite"), ids("id"), noBody, async (c) => {
      await favorItem(deps, c.get("caller").userId, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .delete("/items/:id", remove("End a favourite item"), ids("id"), noBody, async (c) => {
      await unfavorItem(deps, c.get("caller").userId, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .put("/markets/:id", put("Make a market a favourite"), ids("id"), noBody, async (c) => {
      await favorMarket(deps, c.get("caller").userId, c.req.valid("param").id);
      return c.body(null, 204);
    })
    .delete("/markets/:id", remove("End a favourite market"), ids("id"), noBody, async (c) => {
      await unfavorMarket(deps, c.get("caller").userId, c.req.valid("param").id);
      return c.body(null, 204);
    });
}
