/** Everyone's open alert streams on this node, from the first line to the goodbye. */
import { Problem } from "../contract/problems.ts";
import { type AlertReader, startPump } from "./alert_pump.ts";
import { type InboxState, readInboxState } from "./alerts.ts";
import { eventFrame, openEventStream } from "./event_stream.ts";
import type { LiveSessions } from "./live_sessions.ts";
import type { AccessClaims, Deps } from "./ports.ts";

/** Streams one person may have open on a node. */
export const STREAMS_MAX = 5;

const TICK_MS = 1_000;
/** A comment so often keeps proxies from closing the connection, and no 15 s pass without one. */
const COMMENT_TICKS = 10;
/** A reader who takes nothing for so long, though something waits, is gone. */
const STALLED_TICKS = 60;
/** How long browsers wait before they connect again by themselves. */
const RETRY_MS = 2_000;
/** Over so long the clients of a drained node are spread. */
const RECONNECT_SPREAD_MS = 3_000;
/** How long a drain waits for readers to take what was sent. */
const DRAIN_MS = 2_000;

/** The streams of a node. */
export interface AlertStreams {
  /**
   * Opens a person's stream: `ready`, then every alert after number `after` in order, then each as it is written. Without
   * `after`, or with a number not reached yet, it begins behind the newest. It ends with the session, with the access
   * token, and with a drain. Throws `rate-limited` beyond {@link STREAMS_MAX}, `unavailable` once draining.
   */
  open(
    { live }: { live: LiveSessions },
    caller: Pick<AccessClaims, "userId" | "sessionId" | "expiresAt">,
    after: number | undefined,
  ): Promise<ReadableStream<Uint8Array>>;
  /** Tells every client to connect elsewhere, and ends its stream. */
  drain(): Promise<void>;
}

interface Stream extends AlertReader {
  expiresAt: Date;
  ticks: number;
  stalledTicks: number;
}

/** A person with open streams: the relay wakes them together. */
interface Feed {
  streams: Set<Stream>;
  subscription: Promise<AsyncDisposable> | null;
}

/** Starts with no stream. Without the relay it works too: then alerts come with the next tick. */
export function openAlertStreams(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
): AlertStreams & AsyncDisposable {
  const feeds = new Map<string, Feed>();
  const pump = startPump(deps);
  let isDraining = false;

  function join(stream: Stream): void {
    const feed = feeds.get(stream.userId) ?? { streams: new Set(), subscription: null };
    if (feed.streams.size >= STREAMS_MAX) {
      throw new Problem("rate-limited", `Cannot open the stream: ${STREAMS_MAX} are open`, { retryAfterS: 60 });
    }
    feeds.set(stream.userId, feed);
    feed.streams.add(stream);
    subscribe(stream.userId, feed);
  }
  function leave(stream: Stream): void {
    const feed = feeds.get(stream.userId);
    feed?.streams.delete(stream);
    if (!feed || feed.streams.size > 0) return;
    feeds.delete(stream.userId);
    feed.subscription?.then((subscription) => subscription[Symbol.asyncDispose]()).catch(relayFailed);
  }
  /** What was published before the subscription was in force is read when it is. */
  function subscribe(userId: string, feed: Feed): void {
    if (feed.subscription) return;
    const subscription = deps.relay.subscribe(`alerts.${userId}`, () => pump.wake(feed.streams));
    feed.subscription = subscription;
    subscription.then(() => pump.wake(feed.streams), (error) => {
      feed.subscription = null;
      relayFailed(error);
    });
  }
  function relayFailed(error: unknown): void {
    deps.log.debug("streams without the relay: they are read on each second", { error });
  }

  function openStream({ userId, expiresAt }: Pick<AccessClaims, "userId" | "expiresAt">): Stream {
    const out = openEventStream(() => {
      stream.stalledTicks = 0;
      if (stream.isBehind) pump.wake([stream]);
    });
    const stream: Stream = { userId, out, expiresAt, cursor: null, isBehind: false, ticks: 0, stalledTicks: 0 };
    return stream;
  }

  const all = () => feeds.values().flatMap((feed) => feed.streams);
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    for (const stream of all()) tick(deps, stream);
    for (const [userId, feed] of feeds) subscribe(userId, feed);
    looking ??= findBehind(deps, feeds).then(pump.wake)
      .catch((error) => deps.log.debug("inboxes not looked at", { error }))
      .finally(() => looking = undefined);
  }, TICK_MS);

  async function drain(): Promise<void> {
    isDraining = true;
    const left = [...all()];
    for (const { out } of left) {
      out.send(eventFrame("reconnect", { afterMs: Math.floor(Math.random() * RECONNECT_SPREAD_MS) }));
      out.end();
    }
    await settledWithin(DRAIN_MS, left.map(({ out }) => out.over));
    for (const { out } of left) out.abort();
  }

  return {
    async open({ live }, caller, after) {
      if (isDraining) throw new Problem("unavailable", "Cannot open the stream: this node is stopping");
      const stream = openStream(caller);
      join(stream);
      const { out, userId } = stream;
      const watch = live.add({ id: caller.sessionId, userId }, () => out.end());
      out.over.then(() => {
        watch[Symbol.dispose]();
        leave(stream);
      });
      try {
        begin(stream, await readInboxState(deps, userId), after);
      } catch (error) {
        out.abort();
        throw error;
      }
      pump.wake([stream]);
      return out.body;
    },
    drain,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await drain();
      await looking;
      await pump[Symbol.asyncDispose]();
    },
  };
}

/** The id of `ready` is where the stream begins: a client that is cut off before its first alert misses none. */
function begin(stream: Stream, state: InboxState, after = state.lastSeq): void {
  stream.cursor = Math.min(after, state.lastSeq);
  stream.out.send(`retry: ${RETRY_MS}\n${eventFrame("ready", state, stream.cursor)}`);
}

function tick({ clock }: Pick<Deps, "clock">, stream: Stream): void {
  const { out } = stream;
  if (clock.now() >= stream.expiresAt) {
    out.send(eventFrame("reconnect", { afterMs: 0 }));
    out.end();
  }
  stream.ticks += 1;
  if (out.hasRoom()) {
    if (stream.ticks % COMMENT_TICKS === 0) out.send(": alive\n\n");
  } else if (++stream.stalledTicks >= STALLED_TICKS) {
    out.abort();
  }
}

/** The repair: streams whose person's numbers have gone past them, whatever the relay has told. */
async function findBehind({ sql }: Pick<Deps, "sql">, feeds: Map<string, Feed>): Promise<Stream[]> {
  if (feeds.size === 0) return [];
  const heads = await sql<{ userId: string; lastSeq: number }[]>`
    select user_id as "userId", last_seq as "lastSeq"
    from alert_heads
    where user_id = any(${[...feeds.keys()]}::uuid[])`;
  return heads.flatMap(({ userId, lastSeq }) =>
    [...feeds.get(userId)?.streams ?? []].filter(({ cursor }) => cursor !== null && cursor < lastSeq)
  );
}

async function settledWithin(ms: number, promises: Promise<unknown>[]): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([Promise.all(promises), late.promise]);
  clearTimeout(timer);
}
