/** Where an address is. */
import { Hono } from "hono";
import { AddressList, AddressQuery } from "../contract/catalogue.ts";
import { findAddresses } from "../services/addresses.ts";
import { LIMITS } from "../services/limits.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, query } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** GET `/` looks an address or a place's name up, for signed-in people. */
export function addressRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/",
    signedIn(deps, {
      summary: "Places by address or name, best first, ten at most",
      answers: { 200: AddressList },
      problems: ["invalid-input"],
      limit: LIMITS.addresses,
    }),
    query(AddressQuery),
    async (c) => c.json(await findAddresses(deps, c.req.valid("query").q)),
  );
}
