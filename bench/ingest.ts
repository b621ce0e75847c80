/**
 * Rows per second from a provider's pages to committed items, indexes and all, beside a plain COPY of the same rows into the
 * same table. The provider answers from this process, so its share of the time is in the figure.
 *
 *   DATABASE_URL=postgres://… deno run --allow-all bench/ingest.ts [rows]
 */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { codeBookRow, ingest, openCatalogue, openCodeBook, sourcesAt } from "../tests/ingest_world.ts";

const rows = Number(Deno.args[0] ?? 100_000);
const figures = [await readAll(rows), await copyAll(rows)];
const share = figures[0]!.rowsPerS / figures[1]!.rowsPerS;
for (const { what, rowsPerS, seconds } of figures) tell(`${what.padEnd(34)} ${rowsPerS} rows/s (${seconds} s)`);
tell(`ingest is ${share.toFixed(2)} of COPY`);

async function readAll(count: number) {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(0);
  book.rows = Array.from({ length: count }, (_, i) => codeBookRow(i));
  const sources = sourcesAt(book.url);
  const { rssAtStart, ...first } = await timed(
    "ingest, first run",
    count,
    () => ingest(catalogue.deps, sources, "items"),
  );
  const again = await timed("ingest, again, nothing changed", count, () => ingest(catalogue.deps, sources, "items"));
  tell(`${again.what.padEnd(34)} ${again.rowsPerS} rows/s (${again.seconds} s)`);
  tell(`memory above the start: ${Math.round((Deno.memoryUsage().rss - rssAtStart) / 1024 / 1024)} MiB`);
  return { ...first, rssAtStart };
}

/** What the ingest wrote, read back and copied into the same table of another database. */
async function copyAll(count: number) {
  await using from = await openCatalogue();
  await using book = openCodeBook(0);
  book.rows = Array.from({ length: count }, (_, i) => codeBookRow(i));
  await ingest(from.deps, sourcesAt(book.url), "items");
  const text: Uint8Array[] = [];
  const reader = postgres(from.database.environment.DATABASE_URL!, { max: 1 });
  for await (const chunk of await reader`copy items to stdout`.readable()) text.push(chunk);
  await reader.end();
  await using to = await openCatalogue();
  const writer = postgres(to.database.environment.DATABASE_URL!, { max: 1 });
  const figure = await timed("COPY", count, async () => {
    await pipeline(Readable.from([Buffer.concat(text)]), await writer`copy items from stdin`.writable());
  });
  await writer.end();
  return figure;
}

async function timed(what: string, count: number, work: () => Promise<unknown>) {
  const rssAtStart = Deno.memoryUsage().rss, begun = performance.now();
  await work();
  const seconds = (performance.now() - begun) / 1_000;
  return { what, rowsPerS: Math.round(count / seconds), seconds: Number(seconds.toFixed(2)), rssAtStart };
}

function tell(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}
