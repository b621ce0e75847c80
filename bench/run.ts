/** `deno task bench NAME …` runs `bench/NAME.ts` with what follows; without a name it tells which there are, and what of. */
import { say } from "./figures.ts";

const FOLDER = new URL("./", import.meta.url);
/** As in deno.json's tasks. */
const YOUNG = "--v8-flags=--max-semi-space-size=8";
const [name, ...args] = Deno.args;
const benches = await readBenches();
if (name !== undefined && benches.has(name)) {
  const path = new URL(`${name}.ts`, FOLDER).pathname;
  const process = new Deno.Command(Deno.execPath(), { args: ["run", "--allow-all", YOUNG, path, ...args] }).spawn();
  // Asked to stop, the bench ends what it has started; this waits for it.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => process.kill(signal));
  Deno.exit((await process.status).code);
}
for (const [each, about] of benches) say(`${each.padEnd(16)} ${about}`);
Deno.exit(name === undefined ? 0 : 1);

/** The files that say how they are run, with the beginning of what they say. */
async function readBenches(): Promise<Map<string, string>> {
  const found: [string, string][] = [];
  for await (const { name, isFile } of Deno.readDir(FOLDER)) {
    if (!isFile || name === "run.ts") continue;
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const comment = /^\/\*\*(.*?)\*\//s.exec(text)?.[1]?.replaceAll(/\s*\n \*\s?/g, " ").trim() ?? "";
    if (comment.includes("deno task bench")) {
      found.push([name.replace(".ts", ""), /^.*?(?=[.:;]( |$))/.exec(comment)?.[0] ?? ""]);
    }
  }
  return new Map(found.sort());
}
