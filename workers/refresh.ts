/** Keeps the catalogue fresh: each Monday at 04:00 in Seoul, at the start what was never read, and samples where no key is set. */
import { Cron } from "croner";
import { hasCompleted, type SourceName } from "../services/ingest_runs.ts";
import type { Deps, PublicSources } from "../services/ports.ts";
import { loadSample } from "../services/sample_catalogue.ts";
import { ingestSource } from "./ingest.ts";

/** When the whole catalogue is read again: the night before the week's first shopping. */
export const WEEKLY = { pattern: "0 4 * * 1", timezone: "Asia/Seoul" };

type Refresher = Pick<Deps, "sql" | "clock" | "log">;

/**
 * Works in the background and keeps nobody waiting; what fails is logged and tried again at its next time. Disposing stops a
 * run that is under way in good order, to be gone on with later, and waits for it.
 */
export function startRefresh(deps: Refresher, sources: PublicSources): AsyncDisposable {
  const stop = new AbortController();
  const names = (Object.keys(sources) as SourceName[]).filter((name) => sources[name].readPage !== null);
  const logged = (work: () => Promise<void>) => () =>
    work().catch((error) => void deps.log.error("catalogue not refreshed", { error }));
  const refresh = logged(() => ingestAll(deps, sources, names, stop.signal));
  let working = logged(() => prepare(deps, sources, names, stop.signal))();
  const weekly = new Cron(WEEKLY.pattern, { timezone: WEEKLY.timezone, protect: true }, () => {
    // After what the start began: two runs of one source at once would only supersede each other.
    working = working.then(refresh);
    return working;
  });
  return {
    async [Symbol.asyncDispose]() {
      weekly.stop();
      stop.abort();
      await working;
    },
  };
}

async function prepare(
  deps: Refresher,
  sources: PublicSources,
  names: SourceName[],
  signal: AbortSignal,
): Promise<void> {
  const kinds = {
    items: sources.items.readPage === null,
    markets: sources.markets.readPage === null && sources.stores.readPage === null,
  };
  if (kinds.items || kinds.markets) {
    const rows = await loadSample(deps, kinds);
    if (rows > 0) deps.log.info("sample catalogue loaded", { rows });
  }
  const missing: SourceName[] = [];
  for (const name of names) if (!await hasCompleted(deps, name)) missing.push(name);
  await ingestAll(deps, sources, missing, signal);
}

async function ingestAll(
  deps: Refresher,
  sources: PublicSources,
  names: SourceName[],
  signal: AbortSignal,
): Promise<void> {
  for (const name of names) {
    if (!signal.aborted) await ingestSource(deps, sources, name, { signal, isTerminal: false });
  }
}
