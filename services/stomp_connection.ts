/** One client's `v12.stomp` connection: what it asks for, and what it is told. A problem is an ERROR, and ends it. */
import type { z } from "zod";
import { CLOSE } from "../contract/chat.ts";
import { Problem, type ProblemCode } from "../contract/problems.ts";
import {
  APP,
  ConnectHeaders,
  partyOf,
  SendHeaders,
  STOMP_CLOSE,
  STOMP_VERSION,
  StompText,
  SubscribeHeaders,
  TOPIC,
  UnsubscribeHeaders,
} from "../contract/stomp.ts";
import { type About, fieldsOf, toProblem, unreadable } from "./chat_frames.ts";
import { type Arrival, type Connection, type ConnectionHost, openPeer, type PeerDeps } from "./chat_peer.ts";
import { newId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { createStompReader, encodeStomp, openingOf, type StompFrame } from "./stomp_frames.ts";
import { HEART_BEAT, type HeartBeat, startHeartBeat } from "./stomp_heartbeat.ts";
import { within } from "./within.ts";

/** Before the last word, texts under way get this long for their receipts. */
const SETTLE_MS = 4_000;

/** How the socket closes after an ERROR; other problems are refusals. */
const CLOSE_OF: Partial<Record<ProblemCode, number>> = {
  "invalid-input": STOMP_CLOSE.malformed,
  "too-large": CLOSE.tooBig,
  "unauthenticated": CLOSE.unauthenticated,
  "rate-limited": CLOSE.tooMany,
  "unavailable": STOMP_CLOSE.unavailable,
  "internal": STOMP_CLOSE.failed,
};

/** What is said before a close that is nothing the client has just asked for. The others are no errors, or not heard. */
const PROBLEM_OF: Record<number, ProblemCode> = {
  [CLOSE.tooBig]: "too-large",
  [CLOSE.unauthenticated]: "unauthenticated",
  [CLOSE.tooMany]: "rate-limited",
};

/** Opens a connection; it lasts until `closed`. */
export function openStompConnection(deps: PeerDeps, host: ConnectionHost, arrival: Arrival): Connection {
  const { sink } = arrival;
  const peer = openPeer(deps, host, arrival, lastWords);
  const read = createStompReader();
  const underWay = new Set<Promise<void>>();
  let heart: HeartBeat | undefined;
  let failure: { error: string; code: number; reason: string } | undefined;
  let isLeaving = false;

  function say(frame: string): void {
    if (peer.isOver()) return;
    heart?.said();
    sink.send(frame);
  }

  function lastWords(code: number, reason: string): void {
    const problem = PROBLEM_OF[code];
    if (failure) sink.send(failure.error);
    else if (problem) sink.send(encodeError(new Problem(problem, `Cannot go on: ${reason}`)));
  }

  function encodeError(problem: Problem, about: About = {}, receipt?: string): string {
    return encodeStomp("ERROR", {
      message: problem.detail,
      "content-type": "application/json",
      ...(receipt !== undefined && { "receipt-id": receipt }),
      // Who is not connected yet may have to hear what could be spoken.
      ...(peer.userId() === null && { version: STOMP_VERSION }),
    }, JSON.stringify(fieldsOf(problem, about)));
  }

  /** Nothing more is obeyed; what was asked for before is answered. */
  async function leave(): Promise<void> {
    isLeaving = true;
    await within(SETTLE_MS, "settling", Promise.all(underWay)).catch(() => {});
  }

  async function fail(thrown: unknown, frame?: StompFrame, about?: About): Promise<void> {
    if (failure) return;
    const problem = toProblem(deps, thrown), code = CLOSE_OF[problem.code] ?? STOMP_CLOSE.refused;
    failure = { error: encodeError(problem, about, frame?.headers.receipt), code, reason: problem.code };
    await leave();
    peer.close(failure.code, failure.reason);
  }

  function acknowledge({ headers: { receipt } }: StompFrame): void {
    if (receipt !== undefined) say(encodeStomp("RECEIPT", { "receipt-id": receipt }));
  }

  async function connect({ headers }: StompFrame): Promise<void> {
    const { "heart-beat": wish } = readBy(ConnectHeaders, headers);
    const claims = await peer.identify(tokenOf(headers));
    if (peer.isOver()) return;
    if (!claims) {
      throw new Problem("unauthenticated", "Cannot connect: no valid access token, or its session has ended");
    }
    if (!(await peer.welcome(claims))) return;
    const { userId } = claims;
    say(encodeStomp("CONNECTED", {
      version: STOMP_VERSION,
      "heart-beat": HEART_BEAT,
      server: "moajang",
      "user-name": userId,
    }));
    heart = startHeartBeat(wish, {
      beat: () => say("\n"),
      onSilent: () => fail(new Problem("invalid-input", "Cannot go on: no heart-beat came in the agreed time")),
    });
    peer.hold(heart);
  }

  async function subscribe(frame: StompFrame): Promise<void> {
    const { id, destination, after } = readBy(SubscribeHeaders, frame.headers);
    const partyId = partyOf(TOPIC, destination) ?? nowhere();
    if (peer.isSubscribed(id)) throw new Problem("invalid-input", "Cannot subscribe: the id is that of a subscription");
    const opening = openingOf(id);
    await peer.subscribe(id, { partyId, after }, {
      begin: () => acknowledge(frame),
      entry: ({ message }) => say(opening + message),
      aside: () => {},
      // There is no frame for it. The reader's own leave or removal is always the last that they are told.
      end(_, { entry: { seq }, message }) {
        if (after !== undefined && seq <= after) say(opening + message);
      },
      drained: sink.drained,
    });
  }

  async function send(frame: StompFrame, me: string): Promise<void> {
    const { destination } = readBy(SendHeaders, frame.headers);
    const partyId = partyOf(APP, destination) ?? nowhere();
    const { clientMsgId, text } = readBy(StompText, readJson(frame.body));
    const about = { partyId, ...(clientMsgId !== undefined && { clientMsgId }) };
    const refuse = (thrown: unknown) => void fail(thrown, frame, about);
    try {
      await peer.requireUse(LIMITS.messages);
    } catch (error) {
      return refuse(error);
    }
    if (isLeaving) return;
    // Not awaited: the next message need not wait for this one's commit. The room's queue keeps their order.
    const answered = host.append({ partyId, userId: me, clientMsgId: clientMsgId ?? newId(deps), text })
      .then(() => acknowledge(frame), refuse)
      .finally(() => underWay.delete(answered));
    underWay.add(answered);
  }

  async function disconnect(frame: StompFrame): Promise<void> {
    await leave();
    // A text that was refused in the meantime is told of instead.
    if (failure) return;
    acknowledge(frame);
    peer.close(STOMP_CLOSE.done, "");
  }

  async function obey(frame: StompFrame): Promise<void> {
    const userId = peer.userId();
    const isConnect = frame.command === "CONNECT" || frame.command === "STOMP";
    if (isConnect && !userId) return await connect(frame);
    if (!userId) throw new Problem("unauthenticated", "Cannot obey the frame: the first one must be CONNECT");
    switch (frame.command) {
      case "SUBSCRIBE":
        return await subscribe(frame);
      case "UNSUBSCRIBE":
        // One that has ended by itself, or never was, is not complained of.
        peer.unsubscribe(readBy(UnsubscribeHeaders, frame.headers).id);
        return acknowledge(frame);
      case "SEND":
        return await send(frame, userId);
      case "DISCONNECT":
        return await disconnect(frame);
      default:
        throw new Problem("invalid-input", `Cannot obey ${frame.command}: ${WHY_NOT[frame.command]}`);
    }
  }

  return {
    receive(message) {
      if (peer.isOver() || isLeaving) return;
      heart?.heard();
      for (const frame of read(message)) {
        if ("problem" in frame) {
          const { problem } = frame;
          peer.inTurn(() => fail(problem), fail);
        } else peer.inTurn(() => isLeaving ? undefined : obey(frame), (thrown) => fail(thrown, frame, aboutOf(frame)));
      }
    },
    // STOMP has no frame for it: the client connects anew when it is closed.
    askToReconnect() {},
    close: peer.close,
    closed: peer.closed,
  };
}

const WHY_NOT: Record<string, string> = {
  CONNECT: "the connection is there already",
  STOMP: "the connection is there already",
  ACK: "entries are not acknowledged",
  NACK: "entries are not acknowledged",
  BEGIN: "there are no transactions",
  COMMIT: "there are no transactions",
  ABORT: "there are no transactions",
};

function readBy<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw unreadable(result.error);
  return result.data;
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new Problem("invalid-input", "Cannot read the frame: its body is not JSON text");
  }
}

/** `undefined` without the header; a header that holds no token gives none that is good. */
function tokenOf(headers: Record<string, string>): string | undefined {
  const header = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  return header === undefined ? undefined : /^Bearer ([\w.~+/-]+=*)$/i.exec(header)?.[1] ?? "";
}

function aboutOf({ headers: { destination = "" } }: StompFrame): About {
  const partyId = partyOf(TOPIC, destination) ?? partyOf(APP, destination);
  return partyId === undefined ? {} : { partyId };
}

function nowhere(): never {
  throw new Problem("not-found", "Cannot find the destination: it is not that of a party's chat");
}
