/** One client's `moajang.v1` connection: who it is, what it asks for, what it is told. Knows nothing of sockets. */
import { type ClientFrame, CLOSE } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import type { Appended, NewText } from "./chat_append.ts";
import { type About, decode, encode, encodeProblem } from "./chat_frames.ts";
import type { ReadMark } from "./chat_reads.ts";
import type { ChatRooms } from "./chat_rooms.ts";
import type { Sink } from "./chat_subscription.ts";
import { LIMITS } from "./limits.ts";
import type { AccessClaims, Deps } from "./ports.ts";
import { isSessionLive } from "./sessions.ts";

/** What the connection needs of the node that it is on. */
export interface ConnectionHost extends Pick<ChatRooms, "follow" | "showTyping"> {
  append(text: NewText): Promise<Appended>;
  /** Resolves once it is written, or one further on is. Throws `not-found`, `forbidden`, `chat-closed`, `unavailable`. */
  markRead(mark: ReadMark): Promise<void>;
  /** Throws `unavailable` once this node is about to stop. */
  requireStaying(): void;
  /** Takes one of the connections that a person may have here; `null` when there are too many. */
  takeSeat(userId: string): Disposable | null;
}

/** A client that has just connected. */
export interface Arrival {
  sink: Sink;
  /** Known when the handshake has told; else `hello` must. */
  claims: AccessClaims | null;
  /** Calls `end` when the session ends, until disposed. */
  watch(claims: AccessClaims, end: () => void): Disposable;
}

/** See {@link openConnection}. */
export interface Connection {
  /** Takes one message of the client, which should be text. Messages are dealt with one after the other. */
  receive(message: unknown): void;
  /** Lets the client know that it should connect anew, elsewhere, in this time. */
  askToReconnect(afterMs: number): void;
  /** Says goodbye and stops everything. */
  close(code: number, reason: string): void;
  /** Nobody listens any more. */
  closed(): void;
}

/** The server answers each `ping`, and a client that has heard nothing for this long should send one. */
const HEARTBEAT_S = 25;
/** Time for `hello`. */
const HELLO_MS = 5_000;
/** Rooms that one connection may follow. */
const SUBSCRIPTIONS_MAX = 100;
/** Messages that may wait for their turn. */
const WAITING_MAX = 500;
/** Messages in a row that are no frames. */
const MALFORMED_MAX = 100;
/** One `typing` is passed on in this time. */
const TYPING_MS = 1_000;

/** Opens a connection; it lasts until `closed`. */
export function openConnection(
  deps: Pick<Deps, "sql" | "tokens" | "limiter" | "clock" | "log">,
  host: ConnectionHost,
  { sink, claims: givenClaims, watch }: Arrival,
): Connection {
  const { limiter, tokens, clock } = deps;
  const subscriptions = new Map<string, Disposable>();
  const held = new DisposableStack();
  let seat: Disposable | null = null;
  let userId: string | null = null;
  let turn = Promise.resolve();
  let waiting = 0;
  let malformed = 0;
  let typedAtMs = 0;
  let isOver = false;
  const helloTimer = setTimeout(() => close(CLOSE.unauthenticated, "no hello in time"), HELLO_MS);

  function complain(error: unknown, about?: About): void {
    if (!isOver) sink.send(encodeProblem(deps, error, about));
  }

  function stop(): void {
    isOver = true;
    clearTimeout(helloTimer);
    for (const subscription of subscriptions.values()) subscription[Symbol.dispose]();
    subscriptions.clear();
    held.dispose();
  }

  function close(code: number, reason: string): void {
    if (isOver) return;
    stop();
    sink.close(code, reason);
  }

  function welcome(claims: AccessClaims): void {
    clearTimeout(helloTimer);
    seat = host.takeSeat(claims.userId);
    if (!seat) return close(CLOSE.tooMany, "too many connections");
    userId = claims.userId;
    held.use(watch(claims, () => close(CLOSE.unauthenticated, "the session has ended")));
    sink.send(encode({ type: "welcome", userId, heartbeatS: HEARTBEAT_S }));
  }

  async function hello(accessToken: string): Promise<void> {
    if (userId) throw new Problem("invalid-input", "Cannot sign in: the connection is signed in already");
    const claims = await tokens.read(accessToken);
    const isGood = claims && await isSessionLive(deps, claims.sessionId);
    if (isOver) return;
    if (isGood) welcome(claims);
    else close(CLOSE.unauthenticated, "the access token is not valid or its session has ended");
  }

  async function subscribe(me: string, { partyId, after }: ClientFrame & { type: "subscribe" }): Promise<void> {
    host.requireStaying();
    if (!subscriptions.has(partyId) && subscriptions.size >= SUBSCRIPTIONS_MAX) {
      throw new Problem("rate-limited", `Cannot subscribe: ${SUBSCRIPTIONS_MAX} rooms are subscribed to already`);
    }
    await requireUse(LIMITS.requests, me);
    // Asked for again, it begins anew: nothing of the old one may come after the new `subscribed`.
    subscriptions.get(partyId)?.[Symbol.dispose]();
    subscriptions.delete(partyId);
    const subscription = await host.follow({ partyId, userId: me, after }, sink, (reason) => {
      subscriptions.delete(partyId);
      sink.send(encode({ type: "unsubscribed", partyId, reason }));
    });
    if (isOver) subscription[Symbol.dispose]();
    else subscriptions.set(partyId, subscription);
  }

  function unsubscribe(partyId: string): void {
    subscriptions.get(partyId)?.[Symbol.dispose]();
    subscriptions.delete(partyId);
    sink.send(encode({ type: "unsubscribed", partyId, reason: "requested" }));
  }

  async function send(me: string, { partyId, clientMsgId, text }: ClientFrame & { type: "send" }): Promise<void> {
    await requireUse(LIMITS.messages, me);
    // Not awaited: the next message need not wait for this one's commit. The room's queue keeps their order.
    host.append({ partyId, userId: me, clientMsgId, text }).then(
      ({ entry: { seq, id, sentAt } }) => {
        if (!isOver) sink.send(encode({ type: "ack", partyId, clientMsgId, seq, id, sentAt }));
      },
      (error) => complain(error, { partyId, clientMsgId }),
    );
  }

  async function read(me: string, { partyId, seq }: ClientFrame & { type: "read" }): Promise<void> {
    // Of a room that is followed only the last of many is written. Others might be a different one each time.
    if (!subscriptions.has(partyId)) await requireUse(LIMITS.requests, me);
    host.markRead({ partyId, userId: me, seq }).catch((error) => complain(error, { partyId }));
  }

  function typing(me: string, partyId: string): void {
    const nowMs = clock.now().getTime();
    if (!subscriptions.has(partyId) || Math.abs(nowMs - typedAtMs) < TYPING_MS) return;
    typedAtMs = nowMs;
    host.showTyping(partyId, me);
  }

  async function requireUse(limit: (typeof LIMITS)[keyof typeof LIMITS], me: string): Promise<void> {
    const wait = await limiter.take(limit, me);
    if (wait) throw new Problem("rate-limited", "Cannot answer: too many messages", wait);
  }

  async function obey(frame: ClientFrame): Promise<void> {
    if (frame.type === "hello") return await hello(frame.accessToken);
    if (!userId) return close(CLOSE.unauthenticated, "the first frame must be hello");
    switch (frame.type) {
      case "subscribe":
        return await subscribe(userId, frame);
      case "unsubscribe":
        return unsubscribe(frame.partyId);
      case "send":
        return await send(userId, frame);
      case "read":
        return await read(userId, frame);
      case "typing":
        return typing(userId, frame.partyId);
      case "ping":
        return sink.send(encode({ type: "pong" }));
    }
  }

  function refuse(problem: Problem, about: About): void {
    complain(problem, about);
    if (++malformed >= MALFORMED_MAX) close(CLOSE.tooMany, "too many malformed frames");
  }

  if (givenClaims) welcome(givenClaims);
  return {
    receive(message) {
      if (isOver) return;
      const frame = decode(message);
      if ("problem" in frame) return refuse(frame.problem, frame.about);
      malformed = 0;
      const about = aboutOf(frame);
      if (waiting >= WAITING_MAX) {
        return complain(
          new Problem("rate-limited", "Cannot answer: too many messages at once", { retryAfterS: 1 }),
          about,
        );
      }
      waiting++;
      turn = turn
        .then(() => isOver ? undefined : obey(frame))
        .catch((error) => complain(error, about))
        .finally(() => waiting--);
    },
    askToReconnect(afterMs) {
      if (!isOver) sink.send(encode({ type: "reconnect", afterMs }));
    },
    close,
    closed() {
      if (!isOver) stop();
      seat?.[Symbol.dispose]();
    },
  };
}

function aboutOf(frame: ClientFrame): About {
  if (frame.type === "send") return { partyId: frame.partyId, clientMsgId: frame.clientMsgId };
  return "partyId" in frame ? { partyId: frame.partyId } : {};
}
