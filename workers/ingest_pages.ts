/** Pages of one source, asked for again when that may help, and not at all once the source is plainly down. */
import pRetry, { AbortError } from "p-retry";
import type { Log, PageAnswer, PublicSource } from "../services/ports.ts";

/** A page as it was answered. */
export type Page<Fields> = Extract<PageAnswer<Fields>, { kind: "page" }>;

/** Thrown when a source does not give a page, and will not within this run. The message is for people. */
export class SourceFailure extends Error {
  override name = "SourceFailure";
}

/** How patiently a source is asked. */
export interface Patience {
  retries: number;
  /** The first wait; each next one is twice as long, with up to as much again by chance. */
  minWaitMs: number;
  maxWaitMs: number;
  /** Answers in a row, over all pages, that were no page: the source is down then. */
  failuresInARowMax: number;
  /** A source that asks for a longer pause is left alone until the next run. */
  retryAfterMsMax: number;
}

/** What public providers deserve: their upkeep takes seconds, their outages hours. */
export const PATIENCE: Patience = {
  retries: 6,
  minWaitMs: 300,
  maxWaitMs: 10_000,
  failuresInARowMax: 12,
  retryAfterMsMax: 60_000,
};

class NotYet extends Error {
  override name = "NotYet";
}

/**
 * Reads pages of a source. A pause that it asks for holds for all pages; `onRetry` is called for each answer that was none.
 * Throws {@link SourceFailure}, or the signal's reason.
 */
export function pageReader<Fields>(
  ask: NonNullable<PublicSource<Fields>["readPage"]>,
  { log, signal, patience, onRetry }: { log: Log; signal: AbortSignal; patience: Patience; onRetry: () => void },
): (page: number) => Promise<Page<Fields>> {
  let failuresInARow = 0;
  let pause = Promise.resolve();

  async function askOnce(page: number): Promise<Page<Fields>> {
    await pause;
    signal.throwIfAborted();
    const answer = await ask(page, signal);
    if (answer.kind === "page") {
      failuresInARow = 0;
      return answer;
    }
    failuresInARow++;
    log.debug("page not given", { page, answer: answer.kind, reason: answer.reason });
    if (answer.kind === "refused") throw new AbortError(new SourceFailure(answer.reason));
    if (failuresInARow >= patience.failuresInARowMax) {
      throw new AbortError(
        new SourceFailure(`${failuresInARow} answers in a row were no page, the last: ${answer.reason}`),
      );
    }
    if (answer.afterMs !== undefined) heedPause(answer.afterMs, answer.reason);
    onRetry();
    throw new NotYet(answer.reason);
  }

  function heedPause(afterMs: number, reason: string): void {
    if (afterMs > patience.retryAfterMsMax) {
      throw new AbortError(new SourceFailure(`${reason}, to be asked again in ${Math.ceil(afterMs / 1_000)} s`));
    }
    const longest = Promise.all([pause, sleep(afterMs, signal)]);
    pause = longest.then(() => {});
  }

  return (page) =>
    pRetry(() => askOnce(page), {
      retries: patience.retries,
      minTimeout: patience.minWaitMs,
      maxTimeout: patience.maxWaitMs,
      randomize: true,
      signal,
    }).catch((error) => {
      throw error instanceof NotYet
        ? new SourceFailure(
          `page ${page} was not given in ${patience.retries + 1} questions, the last: ${error.message}`,
        )
        : error;
    });
}

/** Resolves after the time, or at once when the signal is aborted: whoever waited looks at the signal. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
