/** Sockets and streams outlive the request that opened them: here they learn that their session has ended. */
import type { Deps } from "./ports.ts";
import { SESSIONS_CHANNEL } from "./sessions.ts";

/** Watches the sessions behind the open sockets and streams of this node. */
export interface LiveSessions {
  /**
   * Calls `end` once, within 2 s of the session's end on any node, or of the time of `expiresAt` if that is given, unless
   * the result has been disposed before.
   */
  add(session: { id: string; userId: string; expiresAt?: Date }, end: () => void): Disposable;
}

interface Watched {
  id: string;
  userId: string;
  /** What to call, and when at the latest. */
  ends: Map<() => void, number>;
}

/** How often the database is asked which sessions have ended lately, whether or not the relay said anything. */
const POLL_MS = 1_000;
/** Nodes' clocks differ, and a change takes time to commit: what ended so long before the last look is looked at again. */
const OVERLAP_MS = 60_000;
/** How often every watched session is looked up: for those that expire, and for clocks that differ by more than that. */
const FULL_MS = 30_000;
/** Sessions in one lookup. */
const LOOKUP_MAX = 5_000;

/** Starts watching. The relay's hint is fast and may be lost; the poll finds whatever it did not tell. */
export async function watchSessions(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
): Promise<LiveSessions & AsyncDisposable> {
  const watched = new Map<string, Watched>();
  let lookedAt = 0, lookedAtAllAt = 0;

  async function poll(): Promise<void> {
    const now = deps.clock.now().getTime();
    const isFull = Math.abs(now - lookedAtAllAt) >= FULL_MS;
    if (isFull) await check([...watched.values()]);
    else for (const id of await endedSince(deps, new Date(lookedAt - OVERLAP_MS))) finish(id);
    lookedAt = now;
    if (isFull) lookedAtAllAt = now;
  }
  async function check(some: Watched[]): Promise<void> {
    for (let from = 0; from < some.length; from += LOOKUP_MAX) {
      const ids = some.slice(from, from + LOOKUP_MAX).map(({ id }) => id);
      const live = await liveAmong(deps, ids);
      for (const id of ids) if (!live.has(id)) finish(id);
    }
  }
  function finish(id: string): void {
    const ends = watched.get(id)?.ends.keys() ?? [];
    watched.delete(id);
    for (const end of ends) call(end);
  }
  function call(end: () => void): void {
    try {
      end();
    } catch (error) {
      deps.log.error("an end of session was not taken", { error });
    }
  }
  /** Access tokens end by the clock alone. */
  function expire(): void {
    const now = deps.clock.now().getTime();
    for (const { ends } of watched.values()) {
      for (const [end, at] of ends) if (at <= now) call(end);
    }
  }
  // While the database is away nobody can end a session either; the next poll goes back to the last one that succeeded.
  const failed = (error: unknown) => deps.log.debug("sessions not looked up", { error });

  const hints = await deps.relay.subscribe(SESSIONS_CHANNEL, (userId) => {
    check([...watched.values()].filter((each) => each.userId === userId)).catch(failed);
  });
  let polling: Promise<void> | undefined;
  const timer = setInterval(() => {
    expire();
    if (watched.size > 0) polling ??= poll().catch(failed).finally(() => polling = undefined);
  }, POLL_MS);
  return {
    add({ id, userId, expiresAt }, end) {
      const each = watched.get(id) ?? { id, userId, ends: new Map() };
      const own = () => {
        forget();
        end();
      };
      const forget = () => {
        if (each.ends.delete(own) && each.ends.size === 0 && watched.get(id) === each) watched.delete(id);
      };
      each.ends.set(own, expiresAt?.getTime() ?? Infinity);
      watched.set(id, each);
      return { [Symbol.dispose]: forget };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      watched.clear();
      await hints[Symbol.asyncDispose]();
      await polling;
    },
  };
}

/** A handful: those of the last minute, over all nodes. */
async function endedSince({ sql }: Pick<Deps, "sql">, since: Date): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id
    from sessions
    where ended_at > ${since}`;
  return rows.map(({ id }) => id);
}

async function liveAmong({ sql, clock }: Pick<Deps, "sql" | "clock">, ids: string[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    select id
    from sessions
    where id = any(${ids}::uuid[]) and ended_at is null and expires_at > ${clock.now()}`;
  return new Set(rows.map(({ id }) => id));
}
