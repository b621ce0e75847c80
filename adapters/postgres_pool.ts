/**
 * Connections of postgres.js, with one statement or transaction at a time on each. Its own pool is not used: while the
 * server is away that one waits up to 20 s between attempts, and lets callers wait without an end.
 */
import type { Deps } from "../services/ports.ts";
import type { Link } from "./postgres_link.ts";
import { storeDown } from "./postgres_line.ts";
import { watchLinks } from "./postgres_watch.ts";

/** Lends links. Who takes one gives it back. */
export interface Pool extends AsyncDisposable {
  /** Rejects when the server cannot be reached, and after 5 s when others hold every link. */
  take(): Promise<Link>;
  give(link: Link): void;
}

/** How long a caller waits for a link that others hold, and how long those who hold one get when the pool closes. */
const WAIT_MS = 5_000;
/** Waiting callers, beyond which more are turned away. */
const WAITING_MAX = 10_000;
/** Before the next attempt to connect after one that failed. */
const PAUSE_MS = 100;
/** A link is replaced after this or up to twice this, so that a server added behind the same name gets its share. */
const LIFETIME_MS = 30 * 60_000;

/** Lends `first`, and opens more by `open` when they are needed, at most `max`; one more at times, to see whether the server still answers. */
export function createPool(
  { open, first, max, log }: { open: () => Promise<Link>; first: Link; max: number } & Pick<Deps, "log">,
): Pool {
  const links = new Map<Link, { retireAt: number; takenAt: number | undefined }>();
  const idle: Link[] = [];
  const waiting = new Set<{ resolve(link: Link): void; reject(reason: Error): void }>();
  let opening = 0;
  let pausedUntil = 0;
  let closed: PromiseWithResolvers<void> | undefined;
  const watch = watchLinks({ links, open, log });

  function grow(): void {
    while (!closed && opening < waiting.size && links.size + opening < max) {
      opening++;
      const pauseMs = pausedUntil - performance.now();
      if (pauseMs > 0) setTimeout(attempt, pauseMs);
      else attempt();
    }
  }

  function attempt(): void {
    open().finally(() => opening--).then(add, refuse).finally(grow);
  }

  function add(link: Link): void {
    links.set(link, { retireAt: performance.now() + LIFETIME_MS * (1 + Math.random()), takenAt: undefined });
    link.line.lost.addEventListener("abort", () => forget(link));
    hand(link);
  }

  function refuse(cause: Error): void {
    pausedUntil = performance.now() + PAUSE_MS;
    log.warn("database connection failed", { error: cause.message });
    // As long as there are other links, these will be free in time.
    if (links.size + opening > 0) return;
    for (const each of waiting) each.reject(storeDown("the database cannot be reached", cause));
  }

  function hand(link: Link): void {
    const known = links.get(link)!;
    const [next] = waiting;
    known.takenAt = next && performance.now();
    if (next) return next.resolve(link);
    if (closed || performance.now() > known.retireAt) retire(link);
    else idle.push(link);
  }

  function retire(link: Link): void {
    link.line.close().finally(() => forget(link));
  }

  function forget(link: Link): void {
    links.delete(link);
    const at = idle.indexOf(link);
    if (at >= 0) idle.splice(at, 1);
    if (links.size === 0) closed?.resolve();
    grow();
  }

  function turn(): Promise<Link> {
    const { promise, resolve, reject } = Promise.withResolvers<Link>();
    const late = setTimeout(() => mine.reject(storeDown("every connection to the database is taken")), WAIT_MS);
    function settled<T>(settle: (value: T) => void) {
      return (value: T) => {
        clearTimeout(late);
        waiting.delete(mine);
        settle(value);
      };
    }
    const mine = { resolve: settled(resolve), reject: settled(reject) };
    waiting.add(mine);
    grow();
    return promise;
  }

  add(first);
  return {
    async take() {
      if (closed) throw ended();
      const link = idle.pop();
      if (!link) {
        if (waiting.size >= WAITING_MAX) throw storeDown("too many wait for the database");
        return await turn();
      }
      links.get(link)!.takenAt = performance.now();
      return link;
    },
    give(link) {
      if (links.has(link) && !link.line.lost.aborted) hand(link);
    },
    async [Symbol.asyncDispose]() {
      closed = Promise.withResolvers<void>();
      for (const each of waiting) each.reject(ended());
      const late = setTimeout(() => {
        for (const link of links.keys()) link.line.drop(ended());
      }, WAIT_MS);
      for (const link of idle.splice(0)) retire(link);
      if (links.size > 0) await closed.promise;
      clearTimeout(late);
      watch[Symbol.dispose]();
    },
  };
}

function ended(): Error {
  return storeDown("the connections to the database are closed");
}
