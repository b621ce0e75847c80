/** The API reference for people. Nothing comes from elsewhere. */
import { Hono } from "hono";
import { html } from "hono/html";
import type { EdgeEnv } from "./edge.ts";

/** A file that a page needs, by name. Throws when there is no such file. */
export type Asset = (name: "swagger-ui-bundle.js" | "swagger-ui.css") => Promise<Uint8Array<ArrayBuffer>>;

const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** GET `/docs`, and what it is made of: `start.js`, `swagger-ui-bundle.js`, `swagger-ui.css`. */
export function pageRoutes(asset: Asset) {
  return new Hono<EdgeEnv>()
    .get("/docs", (c) => c.html(docsPage, 200, { "content-security-policy": CSP }))
    .get("/docs/start.js", (c) => c.body(START, 200, { "content-type": "text/javascript; charset=utf-8" }))
    .get(
      "/docs/swagger-ui-bundle.js",
      async (c) => c.body(await asset("swagger-ui-bundle.js"), 200, cached("text/javascript")),
    )
    .get("/docs/swagger-ui.css", async (c) => c.body(await asset("swagger-ui.css"), 200, cached("text/css")));
}

const cached = (type: string) => ({
  "content-type": `${type}; charset=utf-8`,
  "cache-control": "public, max-age=86400",
});

const docsPage = html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Moajang API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>`;

const START =
  `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", deepLinking: true, validatorUrl: null });\n`;
