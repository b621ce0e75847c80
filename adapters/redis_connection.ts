/** One connection to Redis that mends itself: what every Redis adapter talks through. */
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisClientType } from "redis";
import type { Log } from "../services/ports.ts";
import { within } from "./within.ts";

/** A connected client of the driver. */
export type RedisClient = RedisClientType;

/** A connection that is back within a second or two of Redis' return. Nothing is ever queued for later. */
export interface Redis extends AsyncDisposable {
  /**
   * Runs commands on the live client. Rejects with {@link RedisDown} at once when there is none, and within 2 s when Redis
   * stops answering; what Redis itself refuses is rejected as it is.
   */
  run<T>(command: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Resolves when Redis answers; rejects within 2 s when it does not. */
  ping(): Promise<void>;
}

/** Redis does not answer; `cause` tells why. */
export class RedisDown extends Error {
  override name = "RedisDown";
  readonly code = "STORE_DOWN";
}

/** A connection attempt takes no longer, and the start waits no longer for the first one. */
const CONNECT_MS = 2_000;
/** A ping each tick. One unanswered for three more ticks ends the connection, which rejects all that wait: 1.6 s at most. */
const TICK_MS = 400;
const UNANSWERED_TICKS = 3;
const RETRY_LOW_MS = 100;
const RETRY_HIGH_MS = 1_000;

/**
 * Opens a connection; `onUp` gets each new client, `onDown` hears of each loss. Resolves when connected, or after 2 s
 * without: a service that starts before its Redis must not die of it, and its readiness tells.
 */
export async function openRedis({ url, log, onUp, onDown }: {
  url: string;
  log: Log;
  onUp?: (client: RedisClient) => void;
  onDown?: () => void;
}): Promise<Redis> {
  // Loaded only when asked for: the driver costs 30 MB and 0.2 s, which an embedded start need not pay.
  const { createClient } = await import("redis");
  const closing = new AbortController();
  const firstUp = Promise.withResolvers<void>();
  let live: RedisClient | undefined;
  let lossCause: unknown;
  let failures = 0;

  function connected(client: RedisClient): void {
    if (failures > 0) log.info("redis is back");
    failures = 0;
    live = client;
    onUp?.(client);
    firstUp.resolve();
  }

  function lost(cause: unknown): void {
    lossCause = cause;
    if (live) onDown?.();
    live = undefined;
    if (++failures === 1 && !closing.signal.aborted) log.warn("redis is down", { error: cause });
  }

  async function stayConnected(): Promise<void> {
    while (!closing.signal.aborted) {
      const client = createClient({
        url,
        disableOfflineQueue: true,
        // The ticks bound all commands together; the driver's own timeout would cost a timer for each.
        commandOptions: { timeout: undefined },
        socket: { reconnectStrategy: false, connectTimeout: CONNECT_MS },
        maintNotifications: "disabled",
      }) as RedisClient;
      await liveOnce(client, closing.signal, () => connected(client)).catch(lost);
      await sleep(retryDelayMs(failures), undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  async function run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    const client = live;
    if (!client) throw new RedisDown("Redis cannot be reached", { cause: lossCause });
    try {
      return await command(client);
    } catch (error) {
      if (live === client && client.isReady) throw error;
      throw new RedisDown("Redis did not answer", { cause: error });
    }
  }

  const staying = stayConnected();
  await within(CONNECT_MS, "the start of Redis", firstUp.promise).catch(() => {});
  return {
    run,
    ping: async () => void await run((client) => client.ping()),
    async [Symbol.asyncDispose]() {
      closing.abort(new Error("closed by this process"));
      await staying;
    },
  };
}

/** Connects and lives: rejects with the reason when the connection is over, after closing what is left of it. */
async function liveOnce(client: RedisClient, closing: AbortSignal, onUp: () => void): Promise<never> {
  const over = Promise.withResolvers<never>();
  const close = () => over.reject(closing.reason);
  closing.addEventListener("abort", close);
  client.on("error", over.reject);
  let stopWatching = () => {};
  try {
    // The ping tells a server that is still loading its data from one that serves.
    await within(
      CONNECT_MS,
      "connecting to Redis",
      Promise.race([client.connect().then(() => client.ping()), over.promise]),
    );
    stopWatching = watchAnswers(client, over.reject);
    onUp();
    return await over.promise;
  } finally {
    stopWatching();
    closing.removeEventListener("abort", close);
    client.destroy();
  }
}

/** Pings on every tick. Counting ticks, not time, spares a connection whose process was busy or asleep. */
function watchAnswers(client: RedisClient, onSilence: (reason: Error) => void): () => void {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (unanswered > 0) {
      if (unanswered++ === UNANSWERED_TICKS) onSilence(new Error("Redis left pings unanswered"));
      return;
    }
    unanswered = 1;
    client.ping().then(() => void (unanswered = 0), onSilence);
  }, TICK_MS);
  return () => clearInterval(timer);
}

function retryDelayMs(failures: number): number {
  return Math.min(RETRY_HIGH_MS, RETRY_LOW_MS * 2 ** failures) * (0.5 + Math.random() / 2);
}
