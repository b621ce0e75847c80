/**
 * The ingest in figures, each beside its limit: rows per second from a provider's pages to committed items, indexes and all,
 * and the same rows by one COPY; what a second run writes; memory; and how long a slow provider takes.
 *
 *   DATABASE_URL=postgres://… deno task bench ingest [--rows 100000] [--latency-ms 0]
 *
 * With many rows only memory counts: --rows 1000000 --no-copy.
 */
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { PAGE_ROWS } from "../services/ports.ts";
import { ingest, openCatalogue, sourcesAt } from "../tests/ingest_world.ts";

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    "latency-ms": { type: "string", default: "0" },
    "no-copy": { type: "boolean", default: false },
  },
});
const PROVIDER = new URL("ingest_provider.ts", import.meta.url).pathname;
const rows = Number(options.rows), latencyMs = Number(options["latency-ms"]), concurrency = 8;

await using catalogue = await openCatalogue();
const url = catalogue.database.environment.DATABASE_URL!;
await using provider = await startProvider();
const sources = sourcesAt(provider.url);

const memory = watchMemory();
const first = await timed(() => ingest(catalogue.deps, sources, "items"));
tell("first run", `${rate(first)} rows/s (${seconds(first)} s)`);
tell("memory above the start, at most", `${memory.end()} MiB`, "200 MiB");
const before = await written();
const again = await timed(() => ingest(catalogue.deps, sources, "items"));
const after = await written();
tell("again, nothing changed", `${rate(again)} rows/s (${seconds(again)} s)`);
tell("row versions that it wrote", `${after.versions - before.versions}`, "0");
tell("WAL that it wrote", `${((after.wal - before.wal) / 1_048_576).toFixed(1)} MiB`);
if (latencyMs > 0) {
  const waitedMs = Math.ceil(rows / PAGE_ROWS / concurrency) * latencyMs;
  tell(`again, ${latencyMs} ms a page`, `${seconds(again)} s`, `1.3 × ${waitedMs / 1_000} s, and the reading itself`);
}
if (!options["no-copy"]) {
  const copied = await copyAll();
  tell("COPY", `${rate(copied)} rows/s (${seconds(copied)} s)`);
  tell("first run, of COPY", (copied / first).toFixed(2), "0.70 or more");
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
async function copyAll(): Promise<number> {
  const text: Uint8Array[] = [];
  const reader = postgres(url, { max: 1 });
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
async function written(): Promise<{ versions: number; wal: number }> {
  // Statistics of a connection are there once it has gone: these are taken on a new one, after the flush of the others.
  const sql = postgres(url, { max: 1 });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
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

function rate(ms: number): number {
  return Math.round(rows / ms * 1_000);
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function tell(what: string, figure: string, limit = ""): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${what.padEnd(34)} ${figure.padEnd(32)} ${limit}`.trimEnd() + "\n"));
}
