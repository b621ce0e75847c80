/** Other people, as far as anyone signed in may see them. */
import { Hono } from "hono";
import { Profile } from "../contract/identity.ts";
import type { Deps } from "../services/ports.ts";
import { readProfile } from "../services/profiles.ts";
import { type EdgeEnv, ids } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** GET `/{id}`. */
export function userRoutes(deps: Pick<Deps, "sql" | "cache" | "tokens" | "limiter" | "clock" | "log">) {
  return new Hono<EdgeEnv>()
    .get(
      "/:id",
      signedIn(deps, { summary: "A person's profile", answers: { 200: Profile }, problems: ["not-found"] }),
      ids("id"),
      async (c) => c.json(await readProfile(deps, c.req.valid("param").id)),
    );
}
