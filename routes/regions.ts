/** The division of the country that region codes come from. */
import { Hono } from "hono";
import { RegionList } from "../contract/catalogue.ts";
import type { Deps } from "../services/ports.ts";
import { listRegions } from "../services/regions.ts";
import type { EdgeEnv } from "./edge.ts";
import { anyone } from "./guard.ts";

/** GET `/` lists all regions. Public. */
export function regionRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/",
    anyone(deps, { summary: "All 시군구 of the 2026 division, by code", answers: { 200: RegionList } }),
    (c) => c.json(listRegions()),
  );
}
