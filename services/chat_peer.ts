/**
 * One connected client, whatever protocol it speaks: who it is, which rooms it follows, how much it may ask for, and when
 * it is over. Knows nothing of sockets, nor of what a frame looks like.
 */
import { CLOSE } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import type { Appended, NewText } from "./chat_append.ts";
import type { ReadMark } from "./chat_reads.ts";
import type { ChatRooms } from "./chat_rooms.ts";
import type { Listener, Sink } from "./chat_subscription.ts";
import { LIMITS } from "./limits.ts";
import type { AccessClaims, Deps } from "./ports.ts";
import { isSessionLive } from "./sessions.ts";
import type { SocketSeats } from "./socket_seats.ts";

/** What a connection depends on. */
export type PeerDeps = Pick<Deps, "sql" | "tokens" | "limiter" | "clock" | "log">;

/** What the connection needs of the node that it is on. */
export interface ConnectionHost extends Pick<ChatRooms, "follow" | "showTyping">, Pick<SocketSeats, "sit"> {
  append(text: NewText): Promise<Appended>;
  /** Resolves once it is written, or one further on is. Throws `not-found`, `forbidden`, `chat-closed`, `unavailable`. */
  markRead(mark: ReadMark): Promise<void>;
  /** Throws `unavailable` once this node is about to stop. */
  requireStaying(): void;
}

/** A client that has just connected. */
export interface Arrival {
  sink: Sink;
  /** Known when the handshake has told; else the client's first frame must. */
  claims: AccessClaims | null;
  /** Is told as soon as it is known whose it is. */
  onKnown(): void;
  /** Calls `end` when the session or the access token ends, until disposed. */
  watch(claims: AccessClaims, end: () => void): Disposable;
}

/** What the edge makes of a client, in whatever protocol. */
export interface Connection {
  /** Takes one message of the client. What it says is dealt with one after the other. */
  receive(message: string | ArrayBuffer): void;
  /** Lets the client know that it should connect anew, elsewhere, in this time. */
  askToReconnect(afterMs: number): void;
  /** Says goodbye and stops everything. */
  close(code: number, reason: string): void;
  /** Nobody listens any more. */
  closed(): void;
}

/** See {@link openPeer}. */
export interface Peer extends Pick<Connection, "close" | "closed"> {
  /** Who it is, once welcomed. */
  userId(): string | null;
  isOver(): boolean;
  /** Whose token this is (without one: who came by the handshake), if their session lives and the two are one person. */
  identify(accessToken?: string): Promise<AccessClaims | null>;
  /** Takes the client in for good. Too many of that person: closes, and resolves with `false`. */
  welcome(claims: AccessClaims): Promise<boolean>;
  /** Lets the same person stay on another token, until that one ends. */
  renew(claims: AccessClaims): void;
  /** Does what a frame asks for, after those before it. What it throws, or that too many wait, goes to `onError`. */
  inTurn(job: () => Promise<void> | void, onError: (error: unknown) => void): void;
  /** Follows a room under a key. Asked for again, it begins anew. Throws as `follow` does, `rate-limited` and `unavailable`. */
  subscribe(key: string, room: { partyId: string; after: number | undefined }, listener: Listener): Promise<void>;
  unsubscribe(key: string): void;
  isSubscribed(key: string): boolean;
  /** Takes from the person's allowance. Throws `rate-limited`. */
  requireUse(limit: (typeof LIMITS)[keyof typeof LIMITS]): Promise<void>;
  /** Disposes of something when the connection is over. */
  hold(resource: Disposable): void;
}

/** Time for a client to say who it is. */
const HELLO_MS = 5_000;
/** Rooms that one connection may follow. */
const SUBSCRIPTIONS_MAX = 100;
/** Frames that may wait for their turn. */
const WAITING_MAX = 500;

/** Lasts until `closed`. `lastWords` may say something before a goodbye. */
export function openPeer(
  deps: PeerDeps,
  host: ConnectionHost,
  { sink, claims: givenClaims, onKnown, watch }: Arrival,
  lastWords: (code: number, reason: string) => void = () => {},
): Peer {
  const { limiter, tokens } = deps;
  const subscriptions = new Map<string, Disposable>();
  const held = new DisposableStack();
  let seat: Disposable | null = null;
  let watching: Disposable | null = null;
  let userId: string | null = null;
  let turn = Promise.resolve();
  let waiting = 0;
  let isOver = false;
  let helloTimer: ReturnType<typeof setTimeout> | undefined = setTimeout(
    () => close(CLOSE.unauthenticated, "no hello in time"),
    HELLO_MS,
  );

  /** Forgets the timer too, for as long as the connection lasts. */
  function stopWaiting(): void {
    clearTimeout(helloTimer);
    helloTimer = undefined;
  }

  function stop(): void {
    isOver = true;
    stopWaiting();
    for (const subscription of subscriptions.values()) subscription[Symbol.dispose]();
    subscriptions.clear();
    watching?.[Symbol.dispose]();
    held.dispose();
  }

  function close(code: number, reason: string): void {
    if (isOver) return;
    stop();
    lastWords(code, reason);
    sink.close(code, reason);
  }

  function renew(claims: AccessClaims): void {
    watching?.[Symbol.dispose]();
    watching = watch(claims, () => close(CLOSE.unauthenticated, "the session or the access token has ended"));
  }

  function unsubscribe(key: string): void {
    subscriptions.get(key)?.[Symbol.dispose]();
    subscriptions.delete(key);
  }

  async function requireUse(limit: (typeof LIMITS)[keyof typeof LIMITS]): Promise<void> {
    const wait = await limiter.take(limit, userId!);
    if (wait) throw new Problem("rate-limited", "Cannot answer: too many messages", wait);
  }

  return {
    // Functions, not getters, which would make each peer a dictionary of 800 bytes.
    userId: () => userId,
    isOver: () => isOver,
    async identify(accessToken) {
      const claims = accessToken === undefined ? givenClaims : await tokens.read(accessToken);
      if (!claims || (givenClaims && givenClaims.userId !== claims.userId)) return null;
      return await isSessionLive(deps, claims.sessionId) ? claims : null;
    },
    async welcome(claims) {
      stopWaiting();
      onKnown();
      const taken = await host.sit(claims.userId);
      if (taken && !isOver) seat = taken;
      else taken?.[Symbol.dispose]();
      if (!taken) close(CLOSE.tooMany, "too many connections");
      if (isOver) return false;
      userId = claims.userId;
      renew(claims);
      return true;
    },
    renew,
    inTurn(job, onError) {
      if (waiting >= WAITING_MAX) {
        return onError(new Problem("rate-limited", "Cannot answer: too many messages at once", { retryAfterS: 1 }));
      }
      waiting++;
      turn = turn.then(() => isOver ? undefined : job()).catch(onError).finally(() => waiting--);
    },
    async subscribe(key, { partyId, after }, listener) {
      host.requireStaying();
      if (!subscriptions.has(key) && subscriptions.size >= SUBSCRIPTIONS_MAX) {
        throw new Problem("rate-limited", `Cannot subscribe: ${SUBSCRIPTIONS_MAX} rooms are subscribed to already`);
      }
      await requireUse(LIMITS.requests);
      // Asked for again: nothing of the old one may come after the beginning of the new one.
      unsubscribe(key);
      const subscription = await host.follow({ partyId, userId: userId!, after }, {
        ...listener,
        end(reason, last) {
          subscriptions.delete(key);
          listener.end(reason, last);
        },
      });
      if (isOver) subscription[Symbol.dispose]();
      else subscriptions.set(key, subscription);
    },
    unsubscribe,
    isSubscribed: (key) => subscriptions.has(key),
    requireUse,
    hold: (resource) => void held.use(resource),
    close,
    closed() {
      if (!isOver) stop();
      seat?.[Symbol.dispose]();
    },
  };
}
