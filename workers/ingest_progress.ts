/** An ingest as a person watches it: a bar on a terminal, a log line a second elsewhere. */
import { progress } from "@clack/prompts";
import type { Clock, Log } from "../services/ports.ts";
import type { Drive, Progress } from "./ingest_reading.ts";
import type { Outcome } from "./ingest_run.ts";

/** Watches one run. */
export interface Watcher {
  onPage: Drive["onPage"];
  end(outcome: Outcome): void;
}

/** A watcher for one source. */
export function watchRun(
  { log, clock }: { log: Log; clock: Clock },
  { source, isTerminal }: { source: string; isTerminal: boolean },
): Watcher {
  const paceOf = measurePace(clock);
  return isTerminal ? watchOnTerminal(source, paceOf) : watchInLog({ log, clock, paceOf }, source);
}

interface Pace {
  rowsPerS: number;
  /** By the pace so far. */
  leftS: number;
}

/** Pages that an earlier process has finished took this one no time: they do not count. */
function measurePace(clock: Clock): (progress: Progress) => Pace {
  const begunAt = clock.now().getTime();
  let pagesBefore: number | undefined;
  return ({ pages, pagesAll, rows }) => {
    pagesBefore ??= pages - 1;
    const elapsedS = Math.max(0.001, (clock.now().getTime() - begunAt) / 1_000);
    const leftS = elapsedS / (pages - pagesBefore) * (pagesAll - pages);
    return { rowsPerS: Math.round(rows / elapsedS), leftS: Math.ceil(leftS) };
  };
}

function watchOnTerminal(source: string, paceOf: (progress: Progress) => Pace): Watcher {
  let shown = 0;
  let bar: ReturnType<typeof progress> | undefined;
  return {
    onPage(now) {
      if (!bar) {
        bar = progress({ max: now.pagesAll });
        bar.start(source);
      }
      bar.advance(now.pages - shown, `${source}: ${tell(now, paceOf(now))}`);
      shown = now.pages;
    },
    end({ state, reason }) {
      const told = `${source}: ${state}${reason ? `, ${reason}` : ""}`;
      if (state === "complete") bar?.stop(told);
      else bar?.error(told);
    },
  };
}

function tell({ pages, pagesAll, rows, retries }: Progress, { rowsPerS, leftS }: Pace): string {
  const counts = [
    `${pages}/${pagesAll} pages`,
    `${rows.toLocaleString("en")} rows`,
    `${rowsPerS.toLocaleString("en")} rows/s`,
    ...(retries > 0 ? [`${retries} retries`] : []),
    `${leftS} s left`,
  ];
  return counts.join(", ");
}

function watchInLog(
  { log, clock, paceOf }: { log: Log; clock: Clock; paceOf: (progress: Progress) => Pace },
  source: string,
): Watcher {
  let toldAt = 0;
  return {
    onPage(progress) {
      const now = clock.now().getTime();
      if (now - toldAt < 1_000 && progress.pages < progress.pagesAll) return;
      toldAt = now;
      log.info("ingest reads", { ...progress, ...paceOf(progress) });
    },
    end({ state, reason, rejectReasons }) {
      const tell = state === "complete" ? log.info : log.warn;
      tell("ingest ended", { source, state, ...(reason && { reason }), rejectReasons });
    },
  };
}
