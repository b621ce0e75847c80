/** One client's `moajang.v1` connection: what it asks for, and what it is told. */
import { type ClientFrame, CLOSE } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { type About, decode, encode, encodeProblem } from "./chat_frames.ts";
import { type Arrival, type Connection, type ConnectionHost, openPeer, type PeerDeps } from "./chat_peer.ts";
import type { Listener } from "./chat_subscription.ts";
import { LIMITS } from "./limits.ts";
import type { AccessClaims } from "./ports.ts";

/** The server answers each `ping`, and a client that has heard nothing for this long should send one. */
const HEARTBEAT_S = 25;
/** Messages in a row that are no frames. */
const MALFORMED_MAX = 100;
/** One `typing` is passed on in this time. */
const TYPING_MS = 1_000;

/** Opens a connection; it lasts until `closed`. */
export function openConnection(deps: PeerDeps, host: ConnectionHost, arrival: Arrival): Connection {
  const { clock } = deps, { sink } = arrival;
  const peer = openPeer(deps, host, arrival);
  let malformed = 0;
  let typedAtMs = 0;

  function complain(error: unknown, about?: About): void {
    if (!peer.isOver()) sink.send(encodeProblem(deps, error, about));
  }

  function sayWelcome(userId: string): void {
    sink.send(encode({ type: "welcome", userId, heartbeatS: HEARTBEAT_S }));
  }

  async function welcome(claims: AccessClaims): Promise<void> {
    if (await peer.welcome(claims)) sayWelcome(claims.userId);
  }

  async function hello(accessToken: string): Promise<void> {
    const claims = await peer.identify(accessToken);
    if (peer.isOver()) return;
    const me = peer.userId();
    if (me) stay(me, claims);
    else if (claims) await welcome(claims);
    else peer.close(CLOSE.unauthenticated, "the access token is not valid or its session has ended");
  }

  /** Another `hello` is of the same person, with a token that ends later. A bad one changes nothing. */
  function stay(me: string, claims: AccessClaims | null): void {
    if (claims?.userId !== me) {
      throw new Problem("unauthenticated", "Cannot stay: the access token is not valid, or is another person's");
    }
    peer.renew(claims);
    sayWelcome(me);
  }

  async function subscribe({ partyId, after }: ClientFrame & { type: "subscribe" }): Promise<void> {
    const listener: Listener = {
      begin: ({ lastSeq, online }) => sink.send(encode({ type: "subscribed", partyId, lastSeq, online })),
      entry: ({ frame }) => sink.send(frame),
      aside: sink.send,
      end: (reason) => sink.send(encode({ type: "unsubscribed", partyId, reason })),
      drained: sink.drained,
    };
    await peer.subscribe(partyId, { partyId, after }, listener);
  }

  function unsubscribe(partyId: string): void {
    peer.unsubscribe(partyId);
    sink.send(encode({ type: "unsubscribed", partyId, reason: "requested" }));
  }

  async function send(me: string, { partyId, clientMsgId, text }: ClientFrame & { type: "send" }): Promise<void> {
    await peer.requireUse(LIMITS.messages);
    // Not awaited: the next message need not wait for this one's commit. The room's queue keeps their order.
    host.append({ partyId, userId: me, clientMsgId, text }).then(
      ({ entry: { seq, id, sentAt } }) => {
        if (!peer.isOver()) sink.send(encode({ type: "ack", partyId, clientMsgId, seq, id, sentAt }));
      },
      (error) => complain(error, { partyId, clientMsgId }),
    );
  }

  async function read(me: string, { partyId, seq }: ClientFrame & { type: "read" }): Promise<void> {
    // Of a room that is followed only the last of many is written. Others might be a different one each time.
    if (!peer.isSubscribed(partyId)) await peer.requireUse(LIMITS.requests);
    host.markRead({ partyId, userId: me, seq }).catch((error) => complain(error, { partyId }));
  }

  function typing(me: string, partyId: string): void {
    const nowMs = clock.now().getTime();
    if (!peer.isSubscribed(partyId) || Math.abs(nowMs - typedAtMs) < TYPING_MS) return;
    typedAtMs = nowMs;
    host.showTyping(partyId, me);
  }

  async function obey(frame: ClientFrame): Promise<void> {
    if (frame.type === "hello") return await hello(frame.accessToken);
    const userId = peer.userId();
    if (!userId) return peer.close(CLOSE.unauthenticated, "the first frame must be hello");
    switch (frame.type) {
      case "subscribe":
        return await subscribe(frame);
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
    if (++malformed >= MALFORMED_MAX) peer.close(CLOSE.tooMany, "too many malformed frames");
  }

  const { claims } = arrival;
  if (claims) peer.inTurn(() => welcome(claims), complain);
  return {
    receive(message) {
      if (peer.isOver()) return;
      const frame = decode(message);
      if ("problem" in frame) return refuse(frame.problem, frame.about);
      malformed = 0;
      const about = aboutOf(frame);
      peer.inTurn(() => obey(frame), (error) => complain(error, about));
    },
    askToReconnect(afterMs) {
      if (!peer.isOver()) sink.send(encode({ type: "reconnect", afterMs }));
    },
    close: peer.close,
    closed: peer.closed,
  };
}

function aboutOf(frame: ClientFrame): About {
  if (frame.type === "send") return { partyId: frame.partyId, clientMsgId: frame.clientMsgId };
  return "partyId" in frame ? { partyId: frame.partyId } : {};
}
