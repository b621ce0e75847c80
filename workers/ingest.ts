/** The ingest command: sources by name, one after the other, and what became of each as a line of JSON. */
import { settleCatalogue } from "../services/catalogue_upkeep.ts";
import type { SourceName } from "../services/ingest_runs.ts";
import type { Deps, PublicSources } from "../services/ports.ts";
import { ITEMS, MARKETS, STORES } from "./ingest_intakes.ts";
import { PATIENCE, type Patience } from "./ingest_pages.ts";
import { watchRun } from "./ingest_progress.ts";
import { type Drive, type Outcome, runSource } from "./ingest_run.ts";

type Engine = Pick<Deps, "sql" | "clock" | "log">;

/** How the sources are driven; what is left out is as it should be in earnest. */
export interface IngestOptions {
  signal: AbortSignal;
  concurrency?: number;
  patience?: Patience;
  isTerminal?: boolean;
}

const NAMES: SourceName[] = ["items", "markets", "stores"];

/**
 * Runs `items`, `markets`, `stores` or `all`, and prints a summary line for each source; the last line printed is the summary,
 * with `all` that of all together. Returns the exit code: 0 only if everything asked for is complete.
 */
export async function ingestCommand(
  deps: Engine,
  sources: PublicSources,
  which: string,
  { print, ...options }: IngestOptions & { print: (line: string) => void },
): Promise<number> {
  const wanted = which === "all" ? NAMES : NAMES.filter((name) => name === which);
  if (wanted.length === 0) {
    print(`Cannot ingest ${JSON.stringify(which)}: there are ${NAMES.join(", ")} and all`);
    return 1;
  }
  const locked = wanted.filter((name) => sources[name].readPage === null);
  for (const name of locked) print(`Cannot ingest ${name}: ${sources[name].keyVariable} is not set`);
  const summaries: Summary[] = [];
  for (const name of wanted) {
    if (locked.includes(name) || options.signal.aborted) continue;
    summaries.push(await ingestSource(deps, sources, name, options));
    print(JSON.stringify(summaries.at(-1)));
  }
  if (which === "all" && summaries.length > 0) print(JSON.stringify(sumOf(summaries, wanted.length)));
  return summaries.length === wanted.length && summaries.every(({ state }) => state === "complete") ? 0 : 1;
}

/** What is printed of a run. */
export interface Summary extends Omit<Outcome, "source"> {
  source: SourceName | "all";
  elapsedMs: number;
}

/** Runs one source that has its key. */
export async function ingestSource(
  deps: Engine,
  sources: PublicSources,
  name: SourceName,
  { signal, concurrency = 8, patience = PATIENCE, isTerminal = Deno.stdout.isTerminal() }: IngestOptions,
): Promise<Summary> {
  const watcher = watchRun(deps, { source: name, isTerminal });
  const begunAt = deps.clock.now().getTime();
  const outcome = await runByName(deps, sources, name, { signal, concurrency, patience, onPage: watcher.onPage });
  watcher.end(outcome);
  if (outcome.inserted + outcome.updated > 0) {
    await settleCatalogue(deps).catch((error) => deps.log.warn("catalogue not settled", { error }));
  }
  return { ...outcome, elapsedMs: deps.clock.now().getTime() - begunAt };
}

async function runByName(deps: Engine, sources: PublicSources, name: SourceName, drive: Drive): Promise<Outcome> {
  const { items, markets, stores } = sources;
  if (name === "items") return await runSource(deps, name, { readPage: items.readPage!, intake: ITEMS }, drive);
  if (name === "markets") return await runSource(deps, name, { readPage: markets.readPage!, intake: MARKETS }, drive);
  return await runSource(deps, name, { readPage: stores.readPage!, intake: STORES }, drive);
}

const COUNTS = ["pages", "fetched", "inserted", "updated", "unchanged", "retired", "rejected", "elapsedMs"] as const;

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
