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
const EXPIRE_EVERY_MS = 100;
/** Waiting callers, beyond which more are turned away. */
const WAITING_MAX = 10_000;
/** Before the next attempt to connect after one that failed. */
const PAUSE_MS = 100;
/** A link is replaced after this or up to twice this, so that a server added behind the same name gets its share. */
const LIFETIME_MS = 30 * 60_000;

interface Waiting {
  since: number;
  resolve(link: Link): void;
  reject(reason: Error): void;
}

/** Lends `first`, and opens more by `open` when they are needed: at most `max`, and one that only asks for signs of life. */
export function createPool(
  { open, first, max, log }: { open: () => Promise<Link>; first: Link; max: number } & Pick<Deps, "log">,
): Pool {
  const links = new Map<Link, { retireAt: number; takenAt: number | undefined }>();
  const idle: Link[] = [];
  const waiting = new Set<Waiting>();
  let opening = 0;
  let pausedUntil = 0;
  /** The last attempt to connect failed: until one succeeds they are made one by one. */
  let isRefused = false;
  let closed: PromiseWithResolvers<void> | undefined;

  function grow(): void {
    const wanted = isRefused ? Math.min(1, waiting.size) : waiting.size;
    while (!closed && opening < wanted && links.size + opening < max) {
      opening++;
      setTimeout(attempt, Math.max(0, pausedUntil - performance.now()));
    }
  }

  function attempt(): void {
    open().finally(() => opening--).then(add, refuse).finally(settle);
  }

  function add(link: Link): void {
    if (isRefused) log.info("database back");
    isRefused = false;
    links.set(link, { retireAt: performance.now() + LIFETIME_MS * (1 + Math.random()), takenAt: undefined });
    link.line.lost.addEventListener("abort", () => forget(link));
    hand(link);
  }

  function refuse(cause: Error): void {
    if (!isRefused) log.warn("database away", { error: cause });
    isRefused = true;
    pausedUntil = performance.now() + PAUSE_MS;
    // Links that others hold will be free in time, and attempts under way may yet succeed.
    if (links.size + opening === 0) turnAway(() => true, storeDown("the database cannot be reached", cause));
  }

  function turnAway(which: (each: Waiting) => boolean, reason: Error): void {
    for (const each of waiting) {
      if (!which(each)) continue;
      waiting.delete(each);
      each.reject(reason);
    }
  }

  /** Passes the link to whoever waits longest. */
  function hand(link: Link): void {
    const known = links.get(link)!;
    known.takenAt = undefined;
    if (closed || performance.now() > known.retireAt) return retire(link);
    const [next] = waiting;
    if (!next) return void idle.push(link);
    waiting.delete(next);
    known.takenAt = performance.now();
    next.resolve(link);
  }

  function retire(link: Link): void {
    link.line.close().finally(() => forget(link));
  }

  function forget(link: Link): void {
    links.delete(link);
    const at = idle.indexOf(link);
    if (at >= 0) idle.splice(at, 1);
    settle();
  }

  function settle(): void {
    grow();
    if (links.size + opening === 0) closed?.resolve();
  }

  function turn(): Promise<Link> {
    if (waiting.size >= WAITING_MAX) throw storeDown("too many wait for the database");
    const { promise, resolve, reject } = Promise.withResolvers<Link>();
    waiting.add({ since: performance.now(), resolve, reject });
    grow();
    return promise;
  }

  const watch = watchLinks({ links, open, log });
  const expiry = setInterval(() => {
    const tooLong = performance.now() - WAIT_MS;
    turnAway(({ since }) => since < tooLong, storeDown("every connection to the database is taken"));
  }, EXPIRE_EVERY_MS);
  add(first);
  return {
    async take() {
      if (closed) throw ended();
      const link = idle.pop();
      if (!link) return await turn();
      links.get(link)!.takenAt = performance.now();
      return link;
    },
    give(link) {
      if (links.has(link) && !link.line.lost.aborted) hand(link);
    },
    async [Symbol.asyncDispose]() {
      closed = Promise.withResolvers<void>();
      clearInterval(expiry);
      turnAway(() => true, ended());
      const late = setTimeout(() => {
        for (const link of links.keys()) link.line.drop(ended());
      }, WAIT_MS);
      for (const link of idle.splice(0)) retire(link);
      if (links.size + opening > 0) await closed.promise;
      clearTimeout(late);
      watch[Symbol.dispose]();
    },
  };
}

function ended(): Error {
  return storeDown("the connections to the database are closed");
}
