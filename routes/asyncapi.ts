/** What the socket and the alert stream speak, for machines. */
import { Hono } from "hono";
import { describeRoute } from "hono-openapi";
import { asyncApiDocument } from "./asyncapi_document.ts";
import type { EdgeEnv } from "./edge.ts";

/** GET `/asyncapi.json`: AsyncAPI 3.0, built at the first call and the same ever after. */
export function asyncApiRoutes() {
  let text: string | undefined;
  return new Hono<EdgeEnv>().get(
    "/asyncapi.json",
    describeRoute({
      summary: "The socket and the alert stream as AsyncAPI 3.0",
      security: [],
      responses: { 200: { description: "OK", content: { "application/json": { schema: { type: "object" } } } } },
    }),
    (c) => c.body(text ??= JSON.stringify(asyncApiDocument()), 200, { "content-type": "application/json" }),
  );
}
