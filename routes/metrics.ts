/** What Prometheus reads. */
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import type { Metrics } from "../services/ports.ts";
import type { EdgeEnv } from "./edge.ts";

/** GET `/metrics`, for the inside: a proxy in front does not let it through. */
export function metricsRoutes(metrics: Metrics) {
  return new Hono<EdgeEnv>().get(
    "/metrics",
    describeRoute({
      summary: "Figures in the text format of Prometheus",
      security: [],
      responses: { 200: { description: "Figures", content: { "text/plain": { schema: { type: "string" } } } } },
    }),
    async (c) => c.body(await metrics.text(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
}
