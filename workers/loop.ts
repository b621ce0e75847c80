/** Work that is woken when there may be some, and looks by itself in case nobody told. */
import type { Deps } from "../services/ports.ts";

/** A running loop. Disposing it waits for the step under way. */
export interface Loop extends AsyncDisposable {
  /** There may be work: a step begins at once, or right after the one under way. */
  wake(): void;
}

/**
 * Runs `step` now, whenever woken, and `everyMs` after the last one, never two at once. A step that throws is logged and
 * followed by the next in its time, woken or not.
 */
export function startLoop(
  { log }: Pick<Deps, "log">,
  { name, everyMs, step }: { name: string; everyMs: number; step: (signal: AbortSignal) => Promise<void> },
): Loop {
  const stopping = new AbortController();
  let isWoken = false;
  let endPause = () => {};

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      isWoken = false;
      const held = await step(stopping.signal).then(() => true, (error) => {
        log.warn("a step failed and comes again", { loop: name, error });
        return false;
      });
      if (!held) isWoken = false;
      if (!isWoken && !stopping.signal.aborted) await pause();
    }
  }
  async function pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, everyMs);
    endPause = resolve;
    await promise;
    clearTimeout(timer);
  }

  const running = run();
  return {
    wake() {
      isWoken = true;
      endPause();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      endPause();
      await running;
    },
  };
}
