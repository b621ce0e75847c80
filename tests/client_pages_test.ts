/** The client as the service hands it out: one page at every screen's address, files for ever, nothing from elsewhere. */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { SCREENS } from "../contract/screens.ts";
import { answerError, type EdgeEnv } from "../routes/edge.ts";
import { clientRoutes } from "../routes/client.ts";
import { buildClient } from "../tools/client.ts";
import { ensureClientBuilt } from "./client_built.ts";
import { assertProblem } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";
import { testService } from "./set_up.ts";

Deno.test.beforeAll(ensureClientBuilt);
const service = testService({ environment: { MAP_TILE_URL: "https://tiles.example/{z}/{x}/{y}.png?key=a&b" } });

Deno.test("every screen's address answers the one page, which names nothing of another host but the map's tiles", async () => {
  const pages = await Promise.all(
    Object.values(SCREENS).map((path) => service.call("GET", path.replace(":id", crypto.randomUUID()))),
  );
  const [first] = pages;
  for (const { status, headers, body } of pages) {
    assert.equal(status, 200);
    assert.equal(body, first!.body);
    assert.match(headers.get("content-type")!, /^text\/html/);
    assert.equal(headers.get("cache-control"), "no-cache");
    assert.equal(headers.get("x-frame-options"), "DENY");
    const policy = headers.get("content-security-policy")!;
    assert.match(
      policy,
      /default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:\/\/tiles\.example;/,
    );
    assert.doesNotMatch(policy, /unsafe/);
  }
  assert.match(first!.body, /content="https:\/\/tiles\.example\/\{z\}\/\{x\}\/\{y\}\.png\?key=a&amp;b"/);
  const hosts = first!.body.matchAll(/(?:src|href)="([^"]*)"/g);
  for (const [, address] of hosts) assert.match(address!, /^\/(?!\/)/);
  assert.doesNotMatch(first!.body, /\{\{|<script(?! type="module" src=)|\son\w+=/);
});

Deno.test("what the page is made of may be kept for ever, the worker and the manifest are asked for anew", async () => {
  const { body: page } = await service.call("GET", "/");
  const files = [...page.matchAll(/(?:src|href)="(\/client\/[^"]*)"/g)].map(([, path]) => path!);
  assert.ok(files.some((path) => path.endsWith(".js")) && files.some((path) => path.endsWith(".css")), files.join());
  for (const path of files) {
    const { status, headers } = await service.call("GET", path);
    assert.equal(status, 200, path);
    assert.equal(headers.get("cache-control"), "public, max-age=31536000, immutable");
  }
  const worker = await service.call("GET", "/sw.js"), manifest = await service.call("GET", "/manifest.webmanifest");
  for (const { status, headers } of [worker, manifest]) {
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "no-cache");
  }
  assert.match(worker.headers.get("content-type")!, /^text\/javascript/);
  const named = JSON.parse(/^self\.FILES=(\[.*?\]);/.exec(worker.body)![1]!) as string[];
  for (const path of files) assert.ok(named.includes(path.slice("/client/".length)), path);
  for (const { src } of manifest.body.icons) assert.equal((await service.call("GET", src)).status, 200, src);
});

Deno.test("what is no file of the client's, and no screen, is not found", async () => {
  const paths = [
    "/client/index.html",
    "/client/sw.js",
    "/client/app.js",
    "/client/..%2F..%2Fmain.ts",
    "/client/",
    "/nowhere",
  ];
  for (const path of paths) assertProblem(await service.call("GET", path), 404, "not-found");
});

Deno.test("a service without a built client says so where its page would be, and does without", async () => {
  const app = new Hono<EdgeEnv>()
    .onError(answerError(quietLog))
    .route("/", clientRoutes({ client: new Map(), tileUrl: undefined }));
  const answer = await app.request("/");
  assert.equal(answer.status, 503);
  assert.match((await answer.json()).detail, /deno task client has not built it/);
});

Deno.test("what has been built already is left as it is, by however many who build at once", async () => {
  const folder = async () => (await Deno.stat(new URL("../client/dist/", import.meta.url))).ino;
  await buildClient();
  const before = await folder(), now = new Date();
  // As after a checkout: newer than what was built, and the same.
  await Deno.utime(new URL("../client/icon.svg", import.meta.url), now, now);
  await Promise.all([buildClient(), buildClient()]);
  assert.equal(await folder(), before);
  const left = await Array.fromAsync(Deno.readDir(new URL("../client/", import.meta.url)), ({ name }) => name);
  assert.deepEqual(left.filter((name) => name.startsWith("dist")), ["dist"]);
});
