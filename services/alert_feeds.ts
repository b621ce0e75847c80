/** Who has streams open on this node. The relay wakes the streams of one person together. */
import { Problem } from "../contract/problems.ts";
import type { AlertReader } from "./alert_pump.ts";
import type { Deps } from "./ports.ts";

/** Streams one person may have open on a node. */
export const STREAMS_MAX = 5;

/** The open streams by person. */
export interface Feeds<Stream extends AlertReader> {
  /** Takes a stream in, and hears from now on what is written for its person. Throws `rate-limited` when there are too many. */
  join(stream: Stream): void;
  leave(stream: Stream): void;
  all(): Iterable<Stream>;
  /** Tries again to hear from the relay where it has refused before. */
  listen(): void;
  /** Those whose person's numbers have gone past them, whatever the relay has told. */
  findBehind(): Promise<Stream[]>;
}

interface Feed<Stream> {
  streams: Set<Stream>;
  subscription: Promise<AsyncDisposable> | null;
}

/** Starts empty. `wake` gets a person's streams when something may have come for them. */
export function openFeeds<Stream extends AlertReader>(
  { sql, relay, log }: Pick<Deps, "sql" | "relay" | "log">,
  wake: (streams: Iterable<Stream>) => void,
): Feeds<Stream> {
  const feeds = new Map<string, Feed<Stream>>();

  function subscribe(userId: string, feed: Feed<Stream>): void {
    if (feed.subscription) return;
    feed.subscription = relay.subscribe(`alerts.${userId}`, () => wake(feed.streams));
    // What was published before the subscription was in force is read when it is.
    feed.subscription.then(() => wake(feed.streams), (error) => {
      feed.subscription = null;
      relayFailed(error);
    });
  }
  function relayFailed(error: unknown): void {
    log.debug("streams without the relay: they are read on each second", { error });
  }

  return {
    join(stream) {
      const feed = feeds.get(stream.userId) ?? { streams: new Set(), subscription: null };
      if (feed.streams.size >= STREAMS_MAX) {
        throw new Problem("rate-limited", `Cannot open the stream: ${STREAMS_MAX} are open`, { retryAfterS: 60 });
      }
      feeds.set(stream.userId, feed);
      feed.streams.add(stream);
      subscribe(stream.userId, feed);
    },
    leave(stream) {
      const feed = feeds.get(stream.userId);
      feed?.streams.delete(stream);
      if (!feed || feed.streams.size > 0) return;
      feeds.delete(stream.userId);
      feed.subscription?.then((subscription) => subscription[Symbol.asyncDispose]()).catch(relayFailed);
    },
    all: () => feeds.values().flatMap((feed) => feed.streams),
    listen: () => feeds.forEach((feed, userId) => subscribe(userId, feed)),
    async findBehind() {
      if (feeds.size === 0) return [];
      const heads = await sql<{ userId: string; lastSeq: number }[]>`
        select user_id as "userId", last_seq as "lastSeq"
        from alert_heads
        where user_id = any(${[...feeds.keys()]}::uuid[])`;
      return heads.flatMap(({ userId, lastSeq }) =>
        [...feeds.get(userId)?.streams ?? []].filter(({ cursor }) => cursor !== null && cursor < lastSeq)
      );
    },
  };
}
