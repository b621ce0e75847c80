/** The ingest command: sources by name, one after the other, and what became of each as a line of JSON. */
import { settleCatalogue } from "../services/catalogue_upkeep.ts";
import { releaseRun } from "../services/ingest_ends.ts";
import type { RunReport, SourceName } from "../services/ingest_runs.ts";
import type { Deps, PublicSources } from "../services/ports.ts";
import { previewSource } from "./ingest_dry_run.ts";
import { ITEMS, MARKETS, STORES } from "./ingest_intakes.ts";
import { type Line, NAMES, readLine } from "./ingest_line.ts";
import { PATIENCE, type Patience } from "./ingest_pages.ts";
import { watchRun } from "./ingest_progress.ts";
import type { Drive, Way } from "./ingest_reading.ts";
import { type Outcome, runSource } from "./ingest_run.ts";

type Engine = Pick<Deps, "sql" | "clock" | "log">;

/** How the sources are driven; what is left out is as it should be in earnest. */
export interface IngestOptions {
  signal: AbortSignal;
  concurrency?: number;
  patience?: Patience;
  isTerminal?: boolean;
  /** Only tell what would change. */
  isDry?: boolean;
}

type Command = IngestOptions & { print: (line: string) => void };

/**
 * Runs `items`, `markets`, `stores` or `all`, as its words and flags say, or releases a held run (`release items`). Prints a
 * summary line for each source; the last line printed is the summary, with `all` that of all together. Returns the exit
 * code: 0 only if everything asked for is complete.
 */
export async function ingestCommand(
  deps: Engine,
  sources: PublicSources,
  args: string[],
  command: Command,
): Promise<number> {
  const line = readLine(args);
  if (line.kind === "run") return await ingestAll(deps, sources, line, command);
  if (line.kind === "release") return await releaseSource(deps, line.source, command);
  command.print(line.message);
  return 1;
}

async function ingestAll(
  deps: Engine,
  sources: PublicSources,
  { which, isDry, concurrency }: Extract<Line, { kind: "run" }>,
  { print, ...options }: Command,
): Promise<number> {
  const wanted = which === "all" ? NAMES : [which];
  const locked = wanted.filter((name) => sources[name].readPage === null);
  for (const name of locked) print(`Cannot ingest ${name}: ${sources[name].keyVariable} is not set`);
  const summaries: Summary[] = [];
  for (const name of wanted) {
    if (locked.includes(name) || options.signal.aborted) continue;
    summaries.push(await ingestSource(deps, sources, name, { concurrency, isDry, ...options }));
    print(JSON.stringify(summaries.at(-1)));
  }
  if (which === "all" && summaries.length > 0) {
    print(JSON.stringify({ ...sumOf(summaries, wanted.length), ...(isDry && { dryRun: true }) }));
  }
  return summaries.length === wanted.length && summaries.every(({ state }) => state === "complete") ? 0 : 1;
}

async function releaseSource(deps: Engine, source: SourceName, { print }: Command): Promise<number> {
  const begunAt = deps.clock.now().getTime();
  const { share, replaceSample } = { items: ITEMS, markets: MARKETS, stores: STORES }[source];
  const report = await releaseRun(deps, source, share, (tx) => replaceSample(deps, tx));
  if (report) print(JSON.stringify(summaryOf(deps, report, begunAt)));
  else print(`Cannot release ${source}: its last run is not held`);
  return report ? 0 : 1;
}

/** What is printed of a run. */
export interface Summary extends Omit<Outcome, "source"> {
  source: SourceName | "all";
  elapsedMs: number;
  /** Only there when nothing was written. */
  dryRun?: true;
}

/** Runs one source that has its key. */
export async function ingestSource(
  deps: Engine,
  sources: PublicSources,
  name: SourceName,
  {
    signal,
    concurrency = 8,
    patience = PATIENCE,
    isTerminal = Deno.stdout.isTerminal(),
    isDry = false,
  }: IngestOptions,
): Promise<Summary> {
  const watcher = watchRun(deps, { source: name, isTerminal });
  const begunAt = deps.clock.now().getTime();
  const drive = { signal, concurrency, patience, onPage: watcher.onPage };
  const outcome = await runByName(deps, sources, name, { ...drive, isDry });
  watcher.end(outcome);
  if (!isDry && outcome.inserted + outcome.updated > 0) {
    await settleCatalogue(deps).catch((error) => deps.log.warn("catalogue not settled", { error }));
  }
  return { ...summaryOf(deps, outcome, begunAt), ...(isDry && { dryRun: true }) };
}

function summaryOf({ clock }: Pick<Deps, "clock">, outcome: Outcome | RunReport, begunAt: number): Summary {
  return { ...outcome, elapsedMs: clock.now().getTime() - begunAt };
}

async function runByName(
  deps: Engine,
  { items, markets, stores }: PublicSources,
  name: SourceName,
  { isDry, ...drive }: Drive & { isDry: boolean },
): Promise<Outcome> {
  const run = <Fields, Row extends { row_hash: string }>(way: Way<Fields, Row>) =>
    isDry ? previewSource(deps, name, way, drive) : runSource(deps, name, way, drive);
  if (name === "items") return await run({ readPage: items.readPage!, intake: ITEMS });
  if (name === "markets") return await run({ readPage: markets.readPage!, intake: MARKETS });
  return await run({ readPage: stores.readPage!, intake: STORES });
}

const COUNTS = [
  "pages",
  "fetched",
  "inserted",
  "updated",
  "unchanged",
  "retired",
  "rejected",
  "corrected",
  "elapsedMs",
] as const;

function sumOf(summaries: Summary[], wanted: number): Summary {
  const isComplete = summaries.length === wanted && summaries.every(({ state }) => state === "complete");
  const counts = Object.fromEntries(
    COUNTS.map((count) => [count, summaries.reduce((sum, each) => sum + each[count], 0)]),
  ) as Record<typeof COUNTS[number], number>;
  const rejectReasons: Record<string, number> = {};
  for (const [reason, rows] of summaries.flatMap((each) => Object.entries(each.rejectReasons))) {
    rejectReasons[reason] = (rejectReasons[reason] ?? 0) + rows;
  }
  const reason = isComplete ? null : "not every source is complete";
  return { source: "all", state: isComplete ? "complete" : "incomplete", reason, ...counts, rejectReasons };
}
