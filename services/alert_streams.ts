/** Everyone's open alert streams on this node, from the first line to the goodbye. */
import { Problem } from "../contract/problems.ts";
import { openFeeds } from "./alert_feeds.ts";
import { type AlertReader, startPump } from "./alert_pump.ts";
import { type InboxState, readInboxState } from "./alerts.ts";
import { eventFrame, type EventStream, openEventStream } from "./event_stream.ts";
import type { LiveSessions } from "./live_sessions.ts";
import type { AccessClaims, Deps } from "./ports.ts";

const TICK_MS = 1_000;
/** A comment so often keeps proxies from closing the connection, and no 15 s pass without one. */
const COMMENT_TICKS = 10;
/** A reader who takes nothing for so long, though something waits, is given up. */
const STALLED_TICKS = 60;
/** How long browsers wait before they connect again by themselves. */
const RETRY_MS = 2_000;
/** Over so long the clients of a drained node are spread. */
const RECONNECT_SPREAD_MS = 3_000;

/** The streams of a node. */
export interface AlertStreams {
  /**
   * Opens a person's stream: `ready`, then every alert after number `after` in order, then each as it is written. Without
   * `after`, or with a number not reached yet, it begins behind the newest. It ends with the session, with the access
   * token, and with a drain. Throws `rate-limited` beyond five of a person's on a node, `unavailable` once draining.
   */
  open(
    { live }: { live: LiveSessions },
    caller: Pick<AccessClaims, "userId" | "sessionId" | "expiresAt">,
    after: number | undefined,
  ): Promise<ReadableStream<Uint8Array>>;
  /** Streams that are open. */
  count(): number;
  /** Tells every client to connect elsewhere, and ends its stream; none is opened any more. */
  drain(): void;
}

interface Stream extends AlertReader {
  expiresAt: Date;
  ticks: number;
  stalledTicks: number;
  takenBytes: number;
}

/** Starts with no stream. Without the relay it works too: then alerts come with the next tick. */
export function openAlertStreams(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
  { tickMs = TICK_MS } = {},
): AlertStreams & AsyncDisposable {
  const pump = startPump(deps);
  const feeds = openFeeds<Stream>(deps, pump);
  let isDraining = false;

  function openStream({ userId, expiresAt }: Pick<AccessClaims, "userId" | "expiresAt">): Stream {
    const out = openEventStream(() => {
      if (stream.isBehind) pump.wake([stream]);
    });
    const place = { userId, out, cursor: null, isBehind: false };
    const stream: Stream = { ...place, expiresAt, ticks: 0, stalledTicks: 0, takenBytes: 0 };
    return stream;
  }
  function drain(): void {
    isDraining = true;
    for (const { out } of [...feeds.all()]) sayReconnect(out, Math.floor(Math.random() * RECONNECT_SPREAD_MS));
  }

  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    for (const stream of [...feeds.all()]) tick(deps, stream);
    // The repair of whatever the relay did not tell.
    looking ??= feeds.findBehind().then(pump.wake)
      .catch((error) => deps.log.debug("inboxes not looked at", { error }))
      .finally(() => looking = undefined);
  }, tickMs);

  return {
    async open({ live }, caller, after) {
      if (isDraining) throw new Problem("unavailable", "Cannot open the stream: this node is stopping");
      const stream = openStream(caller), { out } = stream;
      feeds.join(stream);
      const watch = live.add({ id: caller.sessionId, userId: caller.userId }, out.end);
      out.over.then(() => {
        watch[Symbol.dispose]();
        feeds.leave(stream);
      });
      try {
        begin(stream, await readInboxState(deps, caller.userId), after);
      } catch (error) {
        out.end();
        throw error;
      }
      pump.wake([stream]);
      return out.body;
    },
    count: () => [...feeds.all()].length,
    drain,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      drain();
      await feeds[Symbol.asyncDispose]();
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
  if (clock.now() >= stream.expiresAt) return sayReconnect(out, 0);
  const { sentBytes, takenBytes } = out.progress();
  const isStalled = takenBytes < sentBytes && takenBytes === stream.takenBytes;
  stream.stalledTicks = isStalled ? stream.stalledTicks + 1 : 0;
  stream.takenBytes = takenBytes;
  if (stream.stalledTicks >= STALLED_TICKS) return out.end();
  stream.ticks += 1;
  if (stream.ticks % COMMENT_TICKS === 0 && out.hasRoom()) out.send(": alive\n\n");
}

function sayReconnect(out: EventStream, afterMs: number): void {
  out.send(eventFrame("reconnect", { afterMs }));
  out.end();
}
