/** The pages for people who look at the service itself: a first page, and the API reference. Nothing comes from elsewhere. */
import { Hono } from "hono";
import { html } from "hono/html";
import type { EdgeEnv } from "./edge.ts";

/** A file that a page needs, by name. Throws when there is no such file. */
export type Asset = (name: "swagger-ui-bundle.js" | "swagger-ui.css") => Promise<Uint8Array<ArrayBuffer>>;

const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** GET `/`, `/docs`, and what the latter is made of: `start.js`, `swagger-ui-bundle.js`, `swagger-ui.css`. */
export function pageRoutes(asset: Asset) {
  return new Hono<EdgeEnv>()
    .get("/", (c) => c.html(firstPage, 200, { "content-security-policy": CSP }))
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

const STYLE = `
  body { font: 17px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 0 auto; padding: 3rem 1.25rem; word-break: keep-all }
  :root { color-scheme: light dark }
  h1 { font-size: 1.75rem; line-height: 1.25 }
  a { color: light-dark(#0b5c3b, #7fd6ac) }
  li { margin: .25rem 0; min-height: 44px }`;

const firstPage = html`<!doctype html>
<html lang="ko">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>모아장 · 이웃과 나누어 사는 장보기</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>모아장: 많이 파는 것을, 이웃과 조금씩</h1>
      <p>
        양파 10 kg, 달걀 한 판, 창고형 마트의 큰 묶음. 혼자 사기에는 많은 것을 가까운 이웃과 파티를 만들어 함께 사고
        나눕니다. 반경 10 km 안의 파티를 찾고, 참여하고, 채팅하고, 알림을 받습니다.
      </p>
      <p lang="en">Moajang brings together people near a mart who each want a little of what is sold only in bulk.</p>
      <ul>
        <li><a href="/docs">API 문서 (API reference)</a></li>
        <li><a href="/openapi.json">OpenAPI 3.1</a></li>
        <li><a href="/asyncapi.json">AsyncAPI 3.0</a></li>
        <li><a href="/readyz">상태 (Readiness)</a></li>
      </ul>
    </main>
  </body>
</html>`;

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
