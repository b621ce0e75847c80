/** Finds links whose server has gone silent: a connection may stay open for hours with nobody at its other end. */
import type { Deps } from "../services/ports.ts";
import { type Link, patience, unless } from "./postgres_link.ts";
import { storeDown } from "./postgres_line.ts";

/** A link at work that has not been heard of for this long makes us ask the server over a connection of its own. */
const SILENT_MS = 1_000;
/** While the server answers, not more often than this. */
const PAUSE_MS = 5_000;
/** Longer than a statement may take: now the server is asked whether it is at work for this link at all. */
const OVERDUE_MS = 40_000;
const ASK_MS = 2_000;
const EVERY_MS = 250;

/**
 * Drops the links at work when the server does not answer any more, so that nobody waits for longer than 5 s, and single
 * links whose answer was lost on the way. A slow statement of a server that answers goes on.
 */
export function watchLinks(
  { links, open, log }: {
    links: ReadonlyMap<Link, { takenAt: number | undefined }>;
    open: () => Promise<Link>;
  } & Pick<Deps, "log">,
): Disposable {
  let isAsking = false;
  let askAgainAt = 0;

  function silentFor(ms: number): Map<Link, number> {
    const since = [...links].flatMap(([link, { takenAt }]): [Link, number][] =>
      takenAt === undefined ? [] : [[link, Math.max(takenAt, link.line.heardAt())]]
    );
    return new Map(since.filter(([, at]) => performance.now() - at > ms));
  }

  function dropStill(silent: Map<Link, number>, message: string): void {
    const now = silentFor(0);
    for (const [link, since] of silent) {
      if (now.get(link) === since) link.line.drop(storeDown(message));
    }
  }

  async function ask(silent: Map<Link, number>): Promise<void> {
    try {
      const overdue = silentFor(OVERDUE_MS);
      for (const { pid } of await atWork([...overdue.keys()])) {
        for (const link of overdue.keys()) if (link.pid === pid) overdue.delete(link);
      }
      dropStill(overdue, "the database's answer was lost");
      askAgainAt = performance.now() + PAUSE_MS;
    } catch (error) {
      // A server that says no is there.
      if (error instanceof Error && error.name === "PostgresError") return;
      log.warn("database silent", { connections: silent.size });
      dropStill(silent, "the database does not answer");
    }
  }

  /** Which of the links the server is at work for, or keeps a transaction open for. */
  async function atWork(asked: Link[]): Promise<{ pid: number }[]> {
    const { client, line } = await open();
    using late = patience(ASK_MS);
    try {
      const answer = client<{ pid: number }[]>`
        select pid
        from pg_stat_activity
        where pid = any(${asked.map(({ pid }) => pid)}::int[]) and state <> 'idle'`;
      return await unless(AbortSignal.any([line.lost, late.signal]), answer);
    } finally {
      line.close();
    }
  }

  const timer = setInterval(() => {
    const silent = silentFor(SILENT_MS);
    if (silent.size === 0 || isAsking || performance.now() < askAgainAt) return;
    isAsking = true;
    ask(silent).finally(() => isAsking = false);
  }, EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
