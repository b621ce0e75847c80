/**
 * Builds the client into `client/dist/`: its scripts bundled by `deno bundle`, everything but the page named by its content,
 * so that browsers may keep it for ever. The folder is there whole or not at all, whoever else builds at the same time.
 *
 *   deno task client
 */
import { createHash } from "node:crypto";
import { extname, join } from "node:path";

const CLIENT = new URL("../client/", import.meta.url).pathname,
  DIST = join(CLIENT, "dist"),
  PAGE = join(DIST, "index.html");
/** What it is made of, and by what. */
const SOURCES = ["client", "contract", "services/outlines.json", "tools/client.ts", "deno.json", "deno.lock"];

/** Builds it, unless it is newer than what it is made of. Where nothing may be written, what was built before stays. */
export async function buildClient(): Promise<void> {
  const builtAt = (await Deno.stat(PAGE).catch(() => null))?.mtime, startedAt = new Date();
  if (builtAt && await newestOf(SOURCES.map((path) => join(CLIENT, "..", path))) < builtAt.getTime()) return;
  const draft = `${DIST}.${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(draft);
  } catch (cause) {
    if (builtAt) return;
    throw new Error(`Cannot build the client: ${(cause as Error).message}`, { cause });
  }
  try {
    await build(draft);
    await replace(draft);
    await Deno.utime(PAGE, startedAt, startedAt);
  } finally {
    await Deno.remove(draft, { recursive: true }).catch(() => {});
  }
}

/** When the newest of these, and of what is in them, was changed, in milliseconds since 1970; a folder is when something in it goes. */
async function newestOf(paths: string[]): Promise<number> {
  const times = await Promise.all(paths.map(async (path) => {
    const { mtime, isDirectory } = await Deno.stat(path);
    const inside = isDirectory ? await Array.fromAsync(Deno.readDir(path), ({ name }) => name) : [];
    const sources = inside.filter((name) => !name.startsWith("dist"));
    // The client's own folder changes when it is built.
    const own = join(path, "/") === CLIENT ? 0 : mtime!.getTime();
    return Math.max(own, await newestOf(sources.map((name) => join(path, name))));
  }));
  return Math.max(0, ...times);
}

async function build(folder: string): Promise<void> {
  await bundle(folder, "app.tsx", "worker.ts");
  await Deno.writeTextFile(join(folder, "app.css"), await styles());
  await Deno.copyFile(join(CLIENT, "icon.svg"), join(folder, "icon.svg"));
  await Deno.copyFile(join(CLIENT, "../services/outlines.json"), join(folder, "outlines.json"));
  const worker = await take(join(folder, "worker.js"));
  const names = await nameByContent(folder);
  const fill = async (name: string) =>
    (await Deno.readTextFile(join(CLIENT, name))).replace(/\{\{([\w.-]+)\}\}/g, (whole, each) => names[each] ?? whole);
  await Deno.writeTextFile(join(folder, "index.html"), await fill("index.html"));
  await Deno.writeTextFile(join(folder, "manifest.webmanifest"), await fill("manifest.webmanifest"));
  // With the names in it, the worker is another one whenever a file is: browsers then fetch what is new.
  await Deno.writeTextFile(
    join(folder, "sw.js"),
    `self.FILES=${JSON.stringify(Object.values(names).sort())};${worker}`,
  );
}

async function bundle(folder: string, ...entries: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform",
      "browser",
      "--minify",
      "--code-splitting",
      "--outdir",
      folder,
      ...entries,
    ],
    cwd: CLIENT,
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Cannot bundle the client: ${new TextDecoder().decode(stderr).trim()}`);
}

/** What all screens share first, then what is of some of them: later rules win. */
const STYLES = ["base", "frame", "controls", "content", "find", "account", "leader", "alerts", "party", "chat"];

async function styles(): Promise<string> {
  const files = [
    new URL(import.meta.resolve("leaflet/dist/leaflet.css")),
    ...STYLES.map((name) => join(CLIENT, "styles", `${name}.css`)),
  ];
  return (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("");
}

async function take(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  await Deno.remove(path);
  return text;
}

/** What the bundler has named by its content: parts that several entries share, or that are read later. */
const NAMED = /-[A-Z0-9]{8}\.js$/;

/** Renames `app.js` to `app-<hash>.js` and the like; what is named so already keeps its name. */
async function nameByContent(folder: string): Promise<Record<string, string>> {
  const names: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    if (NAMED.test(name)) names[name] = name;
    else {
      const content = await Deno.readFile(join(folder, name));
      const hash = createHash("sha256").update(content).digest("hex").slice(0, 10), extension = extname(name);
      names[name] = `${name.slice(0, -extension.length)}-${hash}${extension}`;
      await Deno.rename(join(folder, name), join(folder, names[name]));
    }
  }
  return names;
}

/** A service that is running has read the old folder. One that is starting beside this finds the same one, unless it is another. */
async function replace(draft: string): Promise<void> {
  const [built, before] = [await contentOf(draft), await contentOf(DIST)];
  if (built.size === before.size && [...built].every(([name, content]) => before.get(name) === content)) return;
  const old = `${draft}.old`;
  await Deno.rename(DIST, old).catch(() => {});
  await Deno.rename(draft, DIST).catch((error) => {
    // Somebody else has just built the same.
    if (!(error instanceof Deno.errors.AlreadyExists) && error?.code !== "ENOTEMPTY") throw error;
  });
  await Deno.remove(old, { recursive: true }).catch(() => {});
}

/** A folder's files by name; none when there is no folder. */
async function contentOf(folder: string): Promise<Map<string, string>> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch(() => []);
  const read = async (name: string) => [name, await Deno.readTextFile(join(folder, name)).catch(() => "")] as const;
  return new Map(await Promise.all(names.map(read)));
}

if (import.meta.main) await buildClient();
