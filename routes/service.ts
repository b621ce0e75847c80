/** What operators and machines ask of the service itself. */
import { Hono } from "hono";
import type { Readiness } from "../services/readiness.ts";
import type { EdgeEnv } from "./edge.ts";

/** GET `/healthz` (the process lives) and `/readyz` (its stores answer, and it is not draining). */
export function serviceRoutes(readiness: Readiness) {
  return new Hono<EdgeEnv>()
    .get("/healthz", (c) => c.json({ status: "alive" }))
    .get("/readyz", async (c) => {
      const down = await readiness.down();
      return c.json({ status: down.length === 0 ? "ready" : "not ready", down }, down.length === 0 ? 200 : 503);
    });
}
