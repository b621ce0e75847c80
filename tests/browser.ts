/** A real browser: the machine's own Chromium or Chrome, else, on Linux, the one that comes as a package. */
import { dirname } from "node:path";
import { type Browser, type BrowserContext, chromium, type LaunchOptions, type Page } from "playwright-core";
import packaged from "./chromium/deno.json" with { type: "json" };

const OWN = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const PACKAGE = new URL("./chromium/", import.meta.url).pathname;
/** Where the package is unpacked to, 211 MB, once a version. */
const HOME = new URL(
  `../.data/chromium/${packaged.imports["@sparticuz/chromium"].split("@").at(-1)}`,
  import.meta.url,
).pathname;

const own = Deno.env.get("CHROMIUM") || await firstOf(OWN);

/** Whether there is a browser to test in. */
export const hasBrowser = own !== undefined || Deno.build.target === "x86_64-unknown-linux-gnu";
if (!hasBrowser) {
  const reason =
    "Tests in a browser are skipped: no Chromium in its usual places, none named by CHROMIUM, no package\n";
  Deno.stderr.writeSync(new TextEncoder().encode(reason));
}

/** Starts it without a window, in a profile of its own that is forgotten. Closed by `await using`. */
export async function openBrowser(): Promise<BrowserContext> {
  return await chromium.launchPersistentContext("", await launchOptions());
}

/** Starts it for several people, each in a context of their own. Closed by `await using`. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch(await launchOptions());
}

async function launchOptions(): Promise<LaunchOptions> {
  return {
    ...(own ? { executablePath: own } : await unpacked()),
    chromiumSandbox: false, // root may not have one
    args: ["--disable-gpu", "--disable-quic"],
  };
}

async function firstOf(paths: string[]): Promise<string | undefined> {
  const there = await Promise.all(paths.map(exists));
  return paths.find((_, i) => there[i]);
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

/** The packaged one, with the libraries that it brings along: the machine may have none. */
async function unpacked(): Promise<LaunchOptions> {
  await Deno.mkdir(dirname(HOME), { recursive: true });
  using turn = await Deno.open(`${HOME}.lock`, { create: true, write: true });
  await turn.lock(true);
  if (!(await exists(HOME))) await unpack();
  return {
    executablePath: `${HOME}/chromium`,
    env: { ...Deno.env.toObject(), LD_LIBRARY_PATH: `${HOME}/al2023/lib` },
  };
}

/** It is there whole or not at all. */
async function unpack(): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: dirname(HOME) });
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--config", `${PACKAGE}deno.json`, `${PACKAGE}unpack.ts`],
    // It unpacks its libraries only where it takes itself to be on a machine without them.
    env: { TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" },
  }).output();
  if (!success) throw new Error(`Cannot unpack Chromium: ${new TextDecoder().decode(stderr).trim()}`);
  await Deno.rename(folder, HOME);
}

/** An origin of its own with a blank page, as a web client has one. */
export interface Site extends AsyncDisposable {
  origin: string;
}

/** Opens one on a free port. */
export function openSite(): Site {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("<!doctype html><title>Moajang</title>", { headers: { "content-type": "text/html" } }),
  );
  return { origin: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Opens the site's page; these headers go with all it asks for. What it calls `told` with is in the log. */
export async function openPage<Told>(
  browser: BrowserContext,
  { origin }: Site,
  headers: Record<string, string> = {},
): Promise<{ page: Page; log: Told[] }> {
  const page = await browser.newPage(), log: Told[] = [];
  await page.setExtraHTTPHeaders(headers);
  await page.exposeFunction("told", (what: Told) => void log.push(what));
  await page.goto(origin);
  return { page, log };
}
