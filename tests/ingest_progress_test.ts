/** An ingest as a person sees it at work: a bar on a terminal, log lines elsewhere, the summary last on either. */
import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { type Catalogue, environmentAt, openCatalogue, openCodeBook } from "./ingest_world.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const COMMAND = [Deno.execPath(), "run", "--no-check", "--allow-all", MAIN, "ingest", "items", "--concurrency=1"];

Deno.test("where no terminal is, the log tells pages, rows, their rate, retries and the time left", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(2_500);
  let refusals = 2;
  book.before = (page) => Promise.resolve(page > 1 && refusals-- > 0 ? new Response("", { status: 500 }) : undefined);
  const lines = (await run(catalogue, book.url, COMMAND)).map((line) => JSON.parse(line));
  const reading = lines.filter(({ message }) => message === "ingest reads").map(({ properties }) => properties);
  const { pages, pagesAll, rows, retries, rowsPerS, leftS } = reading.at(-1)!;
  assert.deepEqual([pages, pagesAll, rows, retries, leftS], [3, 3, 2_500, 2, 0]);
  assert.ok(rowsPerS > 0);
  assert.ok(reading[0]!.leftS > 0, JSON.stringify(reading[0]));
  assert.equal(lines.at(-1).state, "complete");
});

Deno.test("on a terminal a bar tells the same, and the summary comes last", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(2_500);
  // So that the bar is drawn between the pages.
  book.before = (page) => new Promise((resolve) => setTimeout(resolve, page === 1 ? 0 : 300));
  const line = `stty cols 120; ${COMMAND.join(" ")}`;
  // A terminal of its own, as util-linux and BSD give it.
  const terminal = Deno.build.os === "linux" ? ["-qec", line, "/dev/null"] : ["-q", "/dev/null", "sh", "-c", line];
  const lines = await run(catalogue, book.url, ["script", ...terminal]);
  const shown = lines.join("\n");
  assert.match(shown, /items: 1\/3 pages, 1,000 rows, [\d,]+ rows\/s, \d+ s left/);
  assert.match(shown, /items: complete/);
  assert.equal(JSON.parse(lines.at(-1)!).state, "complete");
});

/** Runs a program to its end: the lines that it wrote, without what only moves a terminal's cursor. */
async function run({ database }: Catalogue, url: string, [program, ...args]: string[]): Promise<string[]> {
  const env = {
    ...database.environment,
    ...environmentAt(url),
    JWT_SECRET: "the tests' own secret, 32 bytes and more",
  };
  const { stdout } = await new Deno.Command(program!, { args, env, stdin: "null" }).output();
  return stripVTControlCharacters(new TextDecoder().decode(stdout)).trimEnd().split(/\r?\n/);
}
