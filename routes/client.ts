/** The web client: one page at every address that is a screen of its own, and the files that the page needs. */
import { type Context, Hono } from "hono";
import { Problem } from "../contract/problems.ts";
import { SCREENS } from "../contract/screens.ts";
import type { EdgeEnv } from "./edge.ts";

/** What the client is made of, by name, each as it is to be sent. */
export type ClientFiles = ReadonlyMap<string, { content: Uint8Array<ArrayBuffer>; type: string }>;

/** What the pages depend on. */
export interface ClientDeps {
  client: ClientFiles;
  /** Where map tiles come from, such as `https://tiles.example/{z}/{x}/{y}.png`; without it the map draws outlines. */
  tileUrl: string | undefined;
}

/** GET of every screen, of `/sw.js` and `/manifest.webmanifest`, and of `/client/{file}`, which may be kept for ever. */
export function clientRoutes({ client, tileUrl }: ClientDeps) {
  const policy = policyOf(tileUrl);
  const app = new Hono<EdgeEnv>();
  for (const path of Object.values(SCREENS)) {
    app.get(path, (c) => {
      const page = pageOf(client, tileUrl);
      if (page === undefined) {
        throw new Problem("unavailable", "Cannot show the client: deno task client has not built it");
      }
      return c.html(page, 200, { "content-security-policy": policy, "cache-control": "no-cache" });
    });
  }
  return app
    .get("/sw.js", (c) => {
      c.header("content-security-policy", WORKER_POLICY);
      return answerFile(c, client, "sw.js", "no-cache");
    })
    .get("/manifest.webmanifest", (c) => answerFile(c, client, "manifest.webmanifest", "no-cache"))
    .get("/client/:file", (c) => {
      const name = c.req.param("file");
      return answerFile(c, client, BY_CONTENT.test(name) ? name : "", "public, max-age=31536000, immutable");
    });
}

/** A worker has the policy that it comes with, not that of its page: it reads the client's files to keep them. */
const WORKER_POLICY = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/** Names that stand for one content. */
const BY_CONTENT = /-[0-9a-zA-Z]{8,10}\.\w+$/;

function pageOf(client: ClientFiles, tileUrl: string | undefined): string | undefined {
  const file = client.get("index.html");
  return file && new TextDecoder().decode(file.content).replace("{{tiles}}", () => attribute(tileUrl ?? ""));
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

/** Scripts, styles and calls are the service's own; pictures of the map may come from its tile server. */
function policyOf(tileUrl: string | undefined): string {
  const pictures = ["'self'", "data:", ...(tileUrl ? [new URL(tileUrl).origin] : [])];
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src ${
    pictures.join(" ")
  }; connect-src 'self'; ` +
    "worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
}

function answerFile(c: Context, client: ClientFiles, name: string, cacheControl: string): Response {
  const file = client.get(name);
  if (!file) throw new Problem("not-found", `Cannot find ${c.req.path}: no such file`);
  return c.body(file.content, 200, { "content-type": file.type, "cache-control": cacheControl });
}
