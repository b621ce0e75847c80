/** What the ingest tests share: a catalogue of one test's own, and providers of public data that answer over HTTP. */
import { catalogueSources } from "../adapters/public_data.ts";
import { migrate } from "../adapters/migrations.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import { systemClock } from "../adapters/clock_system.ts";
import type { Deps, PublicSources } from "../services/ports.ts";
import { ingestCommand, type IngestOptions, type Summary } from "../workers/ingest.ts";
import { createDatabase, type TestDatabase } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";

/** The providers' stand-in with the real rows, where it is at hand. */
const SHARED = new URL("../../shared/", import.meta.url);

/** Whether the real rows are at hand; tests that need them are ignored otherwise. */
export const hasRealData = await Deno.stat(new URL("public-data-server/server.mjs", SHARED)).then(
  () => true,
  () => false,
);

/** An empty catalogue. */
export interface Catalogue extends AsyncDisposable {
  database: TestDatabase;
  deps: Pick<Deps, "sql" | "clock" | "log">;
}

/** Creates a database with the schema in it. */
export async function openCatalogue(): Promise<Catalogue> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const target = database.environment.DATABASE_URL!;
  const { sql } = stack.use(await openSql({ target, max: 6, log: quietLog }));
  await migrate({ sql, log: quietLog });
  const kept = stack.move();
  return {
    database,
    deps: { sql, clock: systemClock, log: quietLog },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The sources of a provider that plays all three; keys are `test-key` unless told otherwise. */
export function sourcesAt(
  url: string,
  { key = "test-key", timeoutMs = 10_000, bodyBytesMax = 16_000_000 } = {},
): PublicSources {
  return catalogueSources({
    MAFRA_API_URL: `${url}/openapi`,
    MAFRA_API_KEY: key,
    MAFRA_ITEM_GRID: ITEM_GRID,
    DATA_GO_KR_API_URL: `${url}/openapi`,
    DATA_GO_KR_API_KEY: key,
    SEOUL_API_URL: url,
    SEOUL_API_KEY: key,
  }, { timeoutMs, bodyBytesMax });
}

/** The same for a process of its own. */
export function environmentAt(url: string): Record<string, string> {
  return {
    MAFRA_API_URL: `${url}/openapi`,
    MAFRA_API_KEY: "test-key",
    DATA_GO_KR_API_URL: `${url}/openapi`,
    DATA_GO_KR_API_KEY: "test-key",
    SEOUL_API_URL: url,
    SEOUL_API_KEY: "test-key",
  };
}

const ITEM_GRID = "Grid_20240626000000000668_1";

/** As patient as in earnest, only faster. */
const HASTE = { retries: 8, minWaitMs: 5, maxWaitMs: 40, failuresInARowMax: 16, retryAfterMsMax: 60_000 };

/** Runs the command, its words and flags in `line`, and reads what it printed. */
export async function ingest(
  deps: Catalogue["deps"],
  sources: PublicSources,
  line: string,
  options: Partial<IngestOptions> = {},
): Promise<{ code: number; lines: string[]; last: Summary }> {
  const lines: string[] = [];
  const code = await ingestCommand(deps, sources, line.split(" "), {
    signal: new AbortController().signal,
    patience: HASTE,
    isTerminal: false,
    ...options,
    print: (line) => void lines.push(line),
  });
  const last = lines.at(-1)?.startsWith("{") ? JSON.parse(lines.at(-1)!) : undefined;
  return { code, lines, last };
}

/** The stand-in in a process of its own. */
export interface RealData extends AsyncDisposable {
  url: string;
  /** Makes it misbehave, and forget what it was asked. */
  set(state: { fault?: string; rate?: number; latencyMs?: number; rows?: number }): Promise<void>;
  /** How often it was asked, in all and for each page (`items/1/1000`). */
  stats(): Promise<{ requests: number; pages: Record<string, number> }>;
}

/** Starts the stand-in. */
export async function startRealData(): Promise<RealData> {
  const child = new Deno.Command("node", {
    args: [new URL("public-data-server/server.mjs", SHARED).pathname, "--port", "0"],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  const url = `http://127.0.0.1:${JSON.parse(value!).port}`;
  const ask = async (path: string, body?: unknown) => {
    const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body ?? {}) });
    return await response.json();
  };
  return {
    url,
    async set(state) {
      await ask("/_control", { fault: "none", rate: 0.2, latencyMs: 0, rows: 0, ...state });
      await ask("/_reset");
    },
    stats: () => ask("/_stats"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

/** Reads one of the real data's CSV files. */
export async function readRealCsv(name: string): Promise<Record<string, string>[]> {
  const text = (await Deno.readTextFile(new URL(`data/${name}`, SHARED))).replace(/^\uFEFF/, "");
  const [head, ...rows] = [...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\n]*))*)\r?\n/g)]
    .map(([, line]) =>
      [...line!.matchAll(/("(?:[^"]|"")*"|[^",]*)(?:,|$)/g)].map(([, cell]) => unquoted(cell!.trim()))
    );
  return rows.map((row) => Object.fromEntries(head!.map((column, i) => [column, row[i] ?? ""])));
}

/** Reads one of the real data's JSON files. */
// deno-lint-ignore no-explicit-any -- outlines, read by whoever knows their shape
export async function readRealJson(name: string): Promise<any> {
  return JSON.parse(await Deno.readTextFile(new URL(`data/${name}`, SHARED)));
}

function unquoted(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/** A code book of a test's own, served in MAFRA's envelope. */
export interface CodeBook extends AsyncDisposable {
  url: string;
  /** What it holds; a test changes it as it likes. */
  rows: Record<string, unknown>[];
  /** What it claims to hold, if not that. */
  claims?: number;
  /** Makes the rows, `claims` of them, instead of `rows`: millions need not be in memory. */
  rowAt?: (i: number) => Record<string, unknown>;
  /** Pages asked for, in order. */
  asked: number[];
  /** Called before each answer, after its rows were taken: a test may hold it back, or answer otherwise. */
  before: (page: number) => Promise<Response | void>;
}

/** Opens a code book with `count` items. */
export function openCodeBook(count: number): CodeBook {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  const book: CodeBook = {
    url: `http://127.0.0.1:${server.addr.port}`,
    rows: Array.from({ length: count }, (_, i) => codeBookRow(i)),
    asked: [],
    before: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  async function answer(request: Request): Promise<Response> {
    const [start, end] = new URL(request.url).pathname.split("/").slice(-2).map(Number);
    const page = Math.ceil(start! / 1000);
    book.asked.push(page);
    const row = book.rowAt ? made(book.rowAt, start! - 1, end!) : structuredClone(book.rows.slice(start! - 1, end));
    const totalCnt = book.claims ?? book.rows.length;
    const otherwise = await book.before(page);
    if (otherwise) return otherwise;
    return Response.json({ [ITEM_GRID]: { totalCnt, result: { code: "INFO-000", message: "" }, row } });
  }
  function made(rowAt: NonNullable<CodeBook["rowAt"]>, from: number, to: number) {
    const count = Math.max(0, Math.min(to, book.claims ?? 0) - from);
    return Array.from({ length: count }, (_, i) => rowAt(from + i));
  }
  return book;
}

/** An item of a code book. */
export function codeBookRow(i: number): Record<string, unknown> {
  const SMALL = String(i).padStart(5, "0");
  return { LARGE: "06", MID: "01", SMALL, LARGENAME: "과실류", MIDNAME: "사과", GOODNAME: `품종 ${i}`, GUBN: "Y" };
}

/** Every row of the catalogue with its version in the database: equal only if none was written or locked in between. */
export async function versionsOf({ sql }: Pick<Deps, "sql">): Promise<string[]> {
  const rows = await sql<{ version: string }[]>`
    select concat_ws(' ', id, xmin, xmax, ctid, retired_at) as version from items
    union all
    select concat_ws(' ', id, xmin, xmax, ctid, retired_at) from markets
    order by version`;
  return rows.map(({ version }) => version);
}

/** What the catalogue says, whoever wrote it and when: equal after a clean run and after a troubled one that ended complete. */
export async function contentOf({ sql }: Pick<Deps, "sql">): Promise<string[]> {
  const rows = await sql<{ content: string }[]>`
    select concat_ws('|', code, category, name, variety, rank, encode(row_hash, 'hex')) as content
    from items
    where retired_at is null
    union all
    select concat_ws('|', source_key, name, kind, road_address, lat, lng, region_code, encode(row_hash, 'hex'))
    from markets
    where retired_at is null
    order by content`;
  return rows.map(({ content }) => content);
}
