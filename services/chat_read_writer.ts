/** Read marks of a node's sockets on their way into the database: of those that come in a row only the last is written. */
import { Problem } from "../contract/problems.ts";
import { isStoreDown } from "./availability.ts";
import { keyOf, moveReadPointers, type ReadMark } from "./chat_reads.ts";
import type { Deps } from "./ports.ts";

/** Takes marks from every socket of this node. Disposing writes those that wait, once, and takes no more. */
export interface ReadWriter extends AsyncDisposable {
  /**
   * Resolves once this mark, or one further on of the same person and party, is written. Throws `not-found`, `forbidden`,
   * `chat-closed`, and `unavailable` when too many wait. While the database is down it is tried again.
   */
  mark(mark: ReadMark): Promise<void>;
}

/** Marks that come within this time are written together. */
const GATHER_MS = 100;
/** Marks in one statement. */
const BATCH_MAX = 500;
/** People and parties whose marks may wait. */
const WAITING_MAX = 20_000;
/** Marks that could not be written are tried again after this long. */
const RETRY_MS = 1_000;

interface Waiting extends ReadMark {
  done: PromiseWithResolvers<void>;
}

/** Opens the writer. */
export function openReadWriter(deps: Pick<Deps, "sql" | "relay" | "log">): ReadWriter {
  const waiting = new Map<string, Waiting>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> | undefined;
  let isClosed = false;

  function schedule(ms: number): void {
    if (!writing) timer ??= setTimeout(write, ms);
  }

  function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    return writing ??= writeBatch().then((isDown) => {
      writing = undefined;
      if (waiting.size > 0) schedule(isDown ? RETRY_MS : GATHER_MS);
    });
  }

  /** Whether the database was down, so that the marks wait again. */
  async function writeBatch(): Promise<boolean> {
    const batch = waiting.values().take(BATCH_MAX).toArray();
    for (const mark of batch) waiting.delete(keyOf(mark));
    try {
      const moved = await moveReadPointers(deps, batch);
      for (const [i, { done }] of batch.entries()) settle(done, moved[i]);
      return false;
    } catch (error) {
      const isDown = isStoreDown(error) && !isClosed;
      for (const mark of batch) {
        if (isDown) keep(mark);
        else mark.done.reject(error);
      }
      return isDown;
    }
  }

  function keep(mark: Waiting): void {
    const later = waiting.get(keyOf(mark));
    if (!later) return void waiting.set(keyOf(mark), mark);
    later.seq = Math.max(later.seq, mark.seq);
    mark.done.resolve(later.done.promise);
  }

  return {
    mark(mark) {
      const earlier = waiting.get(keyOf(mark));
      if (!earlier && (isClosed || waiting.size >= WAITING_MAX)) {
        return Promise.reject(new Problem("unavailable", "Cannot note what was read: too many wait before it"));
      }
      const done = earlier?.done ?? Promise.withResolvers<void>();
      waiting.set(keyOf(mark), { ...mark, seq: Math.max(mark.seq, earlier?.seq ?? 0), done });
      schedule(GATHER_MS);
      return done.promise;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      while (writing || waiting.size > 0) await (writing ?? write());
      clearTimeout(timer);
    },
  };
}

function settle(done: PromiseWithResolvers<void>, moved: unknown): void {
  if (moved instanceof Problem) done.reject(moved);
  else done.resolve();
}
