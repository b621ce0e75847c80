/** What operators and machines ask of the service itself. */
import { Hono } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import { z } from "zod";
import type { Readiness } from "../services/readiness.ts";
import type { EdgeEnv } from "./edge.ts";

const Alive = z.object({ status: z.literal("alive") });
const Ready = z.object({ status: z.enum(["ready", "not ready"]), down: z.array(z.string()) });

/** GET `/healthz` (the process lives) and `/readyz` (its stores answer, and it is not draining; else 503 and their names). */
export function serviceRoutes(readiness: Readiness) {
  return new Hono<EdgeEnv>()
    .get(
      "/healthz",
      describeRoute({ summary: "Whether the process lives", security: [], responses: { 200: json("Alive", Alive) } }),
      (c) => c.json({ status: "alive" }),
    )
    .get(
      "/readyz",
      describeRoute({
        summary: "Whether this node should be sent traffic",
        security: [],
        responses: { 200: json("Ready", Ready), 503: json("Not ready: the stores that are down", Ready) },
      }),
      async (c) => {
        const down = await readiness.down();
        return c.json({ status: down.length === 0 ? "ready" : "not ready", down }, down.length === 0 ? 200 : 503);
      },
    );
}

function json(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema: resolver(schema) } } };
}
