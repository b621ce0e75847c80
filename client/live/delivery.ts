/**
 * Takes what was written to the service: each party's messages one after the other, by the socket, or by requests where no
 * socket can be had, until the service has answered. Sent again, a message is still the same one.
 */
import { effect, signal } from "@preact/signals";
import type { Entry } from "../../contract/chat.ts";
import type { ProblemCode } from "../../contract/problems.ts";
import { Refusal } from "../http.ts";
import { call, me } from "../session.ts";
import { confirmMessage, refuseMessage, type Unsent, unsent } from "./outbox.ts";
import { failedTries, hearFrames, holdSocket, link, reconnect, say, TRIES_BEFORE_REQUESTS } from "./socket.ts";

const ACK_MS = 15_000;
const RETRY_S = 2;
/** Problems that pass: the message is tried again by itself. */
const PASSING = ["offline", "rate-limited", "unavailable", "internal", "unauthenticated"] as const;

interface UnderWay {
  clientMsgId: string;
  /** Over by itself after this: no ack, or time to try again. */
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** By party: one at a time, so that their order stays. */
const underWay = new Map<string, UnderWay>();
/** Counts what is not under way any more: another may be. */
const turn = signal(0);

/** Delivers from now on, whatever screen is shown. */
export function deliverUnsent(): void {
  let letGo: (() => void) | undefined;
  effect(() => {
    if (unsent.value.some(isWaiting)) letGo ??= holdSocket();
    else letGo = void letGo?.();
  });
  let wasOpen = false;
  effect(() => {
    if (wasOpen && link.value !== "open") { for (const partyId of underWay.keys()) forget(partyId); }
    wasOpen = link.value === "open";
  });
  effect(() => {
    void turn.value;
    const hasWay = link.value === "open" || failedTries.value >= TRIES_BEFORE_REQUESTS;
    if (hasWay) { for (const message of nextOf(unsent.value)) send(message); }
  });
  hearFrames((frame) => {
    if (frame.type === "ack") confirm(frame);
    if (frame.type !== "problem" || !frame.clientMsgId || !frame.partyId) return;
    fail({ partyId: frame.partyId, clientMsgId: frame.clientMsgId }, frame.code, frame.retryAfterS);
  });
}

/** Whether the message is still to be delivered. */
export function isWaiting({ seq, problem }: Unsent): boolean {
  return seq === undefined && problem === undefined;
}

/** Of each party, the first that is still to be delivered. */
function nextOf(messages: readonly Unsent[]): Unsent[] {
  return [...new Map(messages.filter(isWaiting).toReversed().map((message) => [message.partyId, message])).values()];
}

function send(message: Unsent): void {
  const { partyId, clientMsgId, text } = message;
  if (underWay.has(partyId)) return;
  if (say({ type: "send", partyId, clientMsgId, text })) {
    underWay.set(partyId, { clientMsgId, timer: setTimeout(reconnect, ACK_MS) });
  } else {
    underWay.set(partyId, { clientMsgId, timer: undefined });
    void post(message);
  }
}

async function post({ partyId, clientMsgId, text }: Unsent): Promise<void> {
  const mine = underWay.get(partyId), whose = me.peek()?.id;
  try {
    const entry = await call<Entry>("POST", `/api/parties/${partyId}/chat/entries`, { body: { clientMsgId, text } });
    if (whose === me.peek()?.id) confirm({ partyId, clientMsgId, seq: entry.seq });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (underWay.get(partyId) === mine) fail({ partyId, clientMsgId }, error.code, error.more.retryAfterS);
  }
}

type Ref = Pick<Unsent, "partyId" | "clientMsgId">;

function confirm({ partyId, clientMsgId, seq }: Ref & { seq: number }): void {
  confirmMessage(clientMsgId, seq);
  if (underWay.get(partyId)?.clientMsgId === clientMsgId) forget(partyId);
}

function fail({ partyId, clientMsgId }: Ref, code: ProblemCode | "offline", retryAfterS = RETRY_S): void {
  if (!isPassing(code)) refuseMessage(clientMsgId, code);
  const each = underWay.get(partyId);
  if (each?.clientMsgId !== clientMsgId) return;
  clearTimeout(each.timer);
  if (isPassing(code)) each.timer = setTimeout(() => forget(partyId), retryAfterS * 1_000);
  else forget(partyId);
}

function isPassing(code: ProblemCode | "offline"): code is typeof PASSING[number] {
  return (PASSING as readonly string[]).includes(code);
}

function forget(partyId: string): void {
  clearTimeout(underWay.get(partyId)?.timer);
  underWay.delete(partyId);
  turn.value = turn.peek() + 1;
}
