/** Who has streams open on this node. What is written for a person goes to all of theirs. */
import type { WrittenAlerts } from "../contract/alerts.ts";
import { Problem } from "../contract/problems.ts";
import { framesOf, hearNews } from "./alert_news.ts";
import type { AlertPump, AlertReader } from "./alert_pump.ts";
import { nextTurn } from "./next_turn.ts";
import type { Deps } from "./ports.ts";

/** Streams one person may have open on a node. */
export const STREAMS_MAX = 5;

/** Alerts in one go, after which the sockets get their turn: the first reader does not wait for the last one's alert. */
const SLICE = 100;

/** The open streams by person. */
export interface Feeds<Stream extends AlertReader> extends AsyncDisposable {
  /** Takes a stream in: from now on it gets what is written for its person. Throws `rate-limited` when there are too many. */
  join(stream: Stream): void;
  leave(stream: Stream): void;
  all(): Iterable<Stream>;
  /** Those whose person's numbers have gone past them, whatever the relay has told. */
  findBehind(): Promise<Stream[]>;
}

/** Starts empty, and hears of all alerts that are written. */
export function openFeeds<Stream extends AlertReader>(
  { sql, relay, log }: Pick<Deps, "sql" | "relay" | "log">,
  pump: Pick<AlertPump, "pass">,
): Feeds<Stream> {
  const feeds = new Map<string, Set<Stream>>();
  async function tell(news: WrittenAlerts): Promise<void> {
    const frameOf = framesOf(news);
    for (const [i, to] of news.to.entries()) {
      if (i > 0 && i % SLICE === 0) await nextTurn();
      const streams = feeds.get(to.userId);
      if (streams) pump.pass(streams, to.seq, to.streamed ? frameOf(to) : null);
    }
  }
  const hearing = hearNews({ relay, log }, (news) => {
    tell(news).catch((error) => log.warn("streams not told: they are read on each second", { error }));
  });
  hearing.catch((error) => log.debug("streams without the relay: they are read on each second", { error }));

  return {
    join(stream) {
      const streams = feeds.get(stream.userId) ?? new Set();
      if (streams.size >= STREAMS_MAX) {
        throw new Problem("rate-limited", `Cannot open the stream: ${STREAMS_MAX} are open`, { retryAfterS: 60 });
      }
      feeds.set(stream.userId, streams.add(stream));
    },
    leave(stream) {
      const streams = feeds.get(stream.userId);
      streams?.delete(stream);
      if (streams?.size === 0) feeds.delete(stream.userId);
    },
    all: () => feeds.values().flatMap((streams) => streams),
    async findBehind() {
      if (feeds.size === 0) return [];
      const heads = await sql<{ userId: string; lastSeq: number }[]>`
        select user_id as "userId", last_seq as "lastSeq"
        from alert_heads
        where user_id = any(${[...feeds.keys()]}::uuid[])`;
      return heads.flatMap(({ userId, lastSeq }) =>
        [...feeds.get(userId) ?? []].filter(({ cursor }) => cursor !== null && cursor < lastSeq)
      );
    },
    async [Symbol.asyncDispose]() {
      await hearing.then((subscription) => subscription[Symbol.asyncDispose](), () => {});
    },
  };
}
