/** An ingest as a person watches it: a bar on a terminal, a log line a second elsewhere. */
import { progress } from "@clack/prompts";
import type { Clock, Log } from "../services/ports.ts";
import type { Drive } from "./ingest_reading.ts";
import type { Outcome } from "./ingest_run.ts";

/** Watches one run. */
export interface Watcher {
  onPage: Drive["onPage"];
  end(outcome: Outcome): void;
}

/** A watcher for one source. */
export function watchRun(
  deps: { log: Log; clock: Clock },
  { source, isTerminal }: { source: string; isTerminal: boolean },
): Watcher {
  return isTerminal ? watchOnTerminal(source) : watchInLog(deps, source);
}

function watchOnTerminal(source: string): Watcher {
  let shown = 0;
  let bar: ReturnType<typeof progress> | undefined;
  return {
    onPage({ pages, pagesAll, rows }) {
      if (!bar) {
        bar = progress({ max: pagesAll });
        bar.start(source);
      }
      bar.advance(pages - shown, `${source}: ${pages}/${pagesAll} pages, ${rows.toLocaleString("en")} rows`);
      shown = pages;
    },
    end({ state, reason }) {
      const told = `${source}: ${state}${reason ? `, ${reason}` : ""}`;
      if (state === "complete") bar?.stop(told);
      else bar?.error(told);
    },
  };
}

function watchInLog({ log, clock }: { log: Log; clock: Clock }, source: string): Watcher {
  let toldAt = 0;
  return {
    onPage({ pages, pagesAll, rows }) {
      const now = clock.now().getTime();
      if (now - toldAt < 1_000 && pages < pagesAll) return;
      toldAt = now;
      log.info("ingest reads", { source, pages, pagesAll, rows });
    },
    end({ state, reason, rejectReasons }) {
      const tell = state === "complete" ? log.info : log.warn;
      tell("ingest ended", { source, state, ...(reason && { reason }), rejectReasons });
    },
  };
}
