/**
 * The ingest in figures, each beside its limit: rows per second from a provider's pages to committed items, indexes and all,
 * and the same rows by one COPY; what a second run writes; memory; and how long a slow provider takes.
 *
 *   DATABASE_URL=postgres://… deno task bench ingest [--rows 100000] [--rounds 5] [--latency-ms 0]
 *
 * With many rows only memory counts: --rows 1000000 --rounds 1 --no-copy. A run counts until it is closed, its rows
 * committed and found complete; analyzing the tables comes after.
 */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { PAGE_ROWS } from "../services/ports.ts";
import { type Catalogue, ingest, openCatalogue, sourcesAt } from "../tests/ingest_world.ts";
import { median, spread, tell } from "./figures.ts";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    rounds: { type: "string", default: "5" },
    "latency-ms": { type: "string", default: "0" },
    "no-copy": { type: "boolean", default: false },
  },
});
const PROVIDER = new URL("ingest_provider.ts", import.meta.url).pathname;
const rows = Number(options.rows), rounds = Number(options.rounds), latencyMs = Number(options["latency-ms"]);
const concurrency = 8;

await using provider = await startProvider();
const sources = sourcesAt(provider.url);
const memory = watchMemory();
const first: number[] = [], again: number[] = [], copied: number[] = [];
for (let round = 0; round < rounds; round++) {
  await using catalogue = await openCatalogue();
  first.push(await ingestItems(catalogue));
  if (round === 0) tell("memory above the start, at most", `${memory.end()} MiB`, "200 MiB");
  again.push(round === 0 ? await tellWritten(catalogue) : await ingestItems(catalogue));
  if (!options["no-copy"]) copied.push(await copyAll(catalogue));
}
tell("first run", rates(first));
tell("again, nothing changed", rates(again));
if (latencyMs > 0) {
  const waitedMs = Math.ceil(rows / PAGE_ROWS / concurrency) * latencyMs;
  tell(`again, ${latencyMs} ms a page`, seconds(median(again)), `1.3 × ${seconds(waitedMs)}, and the reading itself`);
}
if (copied.length > 0) {
  tell("COPY", rates(copied));
  const ratios = copied.map((ms, i) => ms / first[i]!);
  tell(
    "first run, of COPY",
    `${median(ratios).toFixed(2)} (${spread(ratios, 2)})`,
    "0.70 or more",
    median(ratios) >= 0.7,
  );
}

/** Runs the ingest of items. Resolves with how long it took until it was closed, in ms. */
async function ingestItems({ deps }: Catalogue): Promise<number> {
  const begun = Date.now();
  await ingest(deps, sources, "items");
  const [run] = await deps.sql<{ at: Date }[]>`
    select finished_at as at from ingest_runs where state = 'complete' order by epoch desc limit 1`;
  return run!.at.getTime() - begun;
}

/** The same, and tells what it wrote. */
async function tellWritten(catalogue: Catalogue): Promise<number> {
  const before = await written(catalogue);
  const ms = await ingestItems(catalogue);
  const after = await written(catalogue);
  tell("row versions that a second run wrote", `${after.versions - before.versions}`, "0");
  tell("WAL that it wrote", `${((after.wal - before.wal) / 1_048_576).toFixed(1)} MiB`);
  return ms;
}

/** The provider, in a process of its own. */
async function startProvider(): Promise<{ url: string } & AsyncDisposable> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-net",
      "--allow-env",
      "--allow-read",
      "--allow-sys",
      "--allow-ffi",
      PROVIDER,
      `${rows}`,
      `${latencyMs}`,
    ],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const { value: url } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  return {
    url: url!.trim(),
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
    },
  };
}

/** What the ingest wrote, read back and copied into the same table of another database. */
async function copyAll({ database }: Catalogue): Promise<number> {
  const text: Uint8Array[] = [];
  const reader = postgres(database.environment.DATABASE_URL!, { max: 1 });
  for await (const chunk of await reader`copy items to stdout`.readable()) text.push(chunk);
  await reader.end();
  await using to = await openCatalogue();
  const writer = postgres(to.database.environment.DATABASE_URL!, { max: 1 });
  const ms = await timed(async () => {
    await pipeline(Readable.from([Buffer.concat(text)]), await writer`copy items from stdin`.writable());
  });
  await writer.end();
  return ms;
}

/** Row versions of the catalogue since its tables were made, and where the WAL of the whole server stands. */
async function written({ database }: Catalogue): Promise<{ versions: number; wal: number }> {
  // A connection that has become idle hands its statistics in after 10 s.
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const sql = postgres(database.environment.DATABASE_URL!, { max: 1 });
  const [now] = await sql<{ versions: string; wal: string }[]>`
    select sum(n_tup_ins + n_tup_upd + n_tup_del) as versions, pg_current_wal_lsn() - '0/0' as wal
    from pg_stat_user_tables
    where relname in ('items', 'markets')`;
  await sql.end();
  return { versions: Number(now!.versions), wal: Number(now!.wal) };
}

function watchMemory() {
  const start = Deno.memoryUsage().rss;
  let most = start;
  const timer = setInterval(() => most = Math.max(most, Deno.memoryUsage().rss), 50);
  return {
    end() {
      clearInterval(timer);
      return Math.round((most - start) / 1_048_576);
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function rates(ms: number[]): string {
  const perSecond = ms.map((each) => rows / each * 1_000);
  return `${median(perSecond).toFixed(0)} rows/s (${spread(perSecond)})`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
