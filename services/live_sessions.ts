/** Sockets and streams outlive the request that opened them: here they learn that their session has ended. */
import type { Deps } from "./ports.ts";
import { SESSIONS_CHANNEL } from "./sessions.ts";

/** Watches the sessions behind the open sockets and streams of this node. */
export interface LiveSessions {
  /** Calls `end` once, within 2 s of the session's end on any node, unless the result has been disposed before. */
  add(session: { id: string; userId: string }, end: () => void): Disposable;
}

interface Watched {
  id: string;
  userId: string;
  end: () => void;
}

/** How often every watched session is looked up, whether or not the relay said anything. */
const POLL_MS = 1_000;
/** Sessions in one lookup. */
const LOOKUP_MAX = 5_000;

/** Starts watching. The relay's hint is fast and may be lost; the poll finds whatever it did not tell. */
export async function watchSessions(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
): Promise<LiveSessions & AsyncDisposable> {
  const watched = new Set<Watched>();

  async function check(some: Watched[]): Promise<void> {
    for (let from = 0; from < some.length; from += LOOKUP_MAX) {
      const part = some.slice(from, from + LOOKUP_MAX);
      const live = await liveAmong(deps, part.map(({ id }) => id));
      for (const each of part) if (!live.has(each.id)) finish(each);
    }
  }
  function finish(each: Watched): void {
    if (!watched.delete(each)) return;
    try {
      each.end();
    } catch (error) {
      deps.log.error("an end of session was not taken", { error });
    }
  }
  // While the database is away nobody can end a session either: the next poll sees whatever came with its return.
  const failed = (error: unknown) => deps.log.debug("sessions not looked up", { error });

  const hints = await deps.relay.subscribe(SESSIONS_CHANNEL, (userId) => {
    const theirs = [...watched].filter((each) => each.userId === userId);
    check(theirs).catch(failed);
  });
  let polling: Promise<void> | undefined;
  const timer = setInterval(() => {
    polling ??= check([...watched]).catch(failed).finally(() => polling = undefined);
  }, POLL_MS);
  return {
    add({ id, userId }, end) {
      const each = { id, userId, end };
      watched.add(each);
      return { [Symbol.dispose]: () => void watched.delete(each) };
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      watched.clear();
      await hints[Symbol.asyncDispose]();
      await polling;
    },
  };
}

async function liveAmong({ sql, clock }: Pick<Deps, "sql" | "clock">, ids: string[]): Promise<Set<string>> {
  const rows = await sql<{ id: string }[]>`
    select id
    from sessions
    where id = any(${ids}::uuid[]) and ended_at is null and expires_at > ${clock.now()}`;
  return new Set(rows.map(({ id }) => id));
}
