/**
 * What the person has written and the service has not confirmed: kept in this browser for each person and party, an item a
 * message, so that neither a reload nor another tab loses any.
 */
import { effect, signal } from "@preact/signals";
import type { ProblemCode } from "../../contract/problems.ts";
import { me } from "../session.ts";

/** A text on its way. `seq`: it is in the log as that. `problem`: it will not get there by itself. */
export interface Unsent {
  partyId: string;
  clientMsgId: string;
  text: string;
  writtenAtMs: number;
  problem?: ProblemCode;
  seq?: number;
}

/** All of the person's, in the order in which they were written. Those with a `seq` stay until the log shows them. */
export const unsent = signal<readonly Unsent[]>([]);

/** Writes a message down, to be delivered. */
export function writeMessage(partyId: string, text: string): void {
  const last = unsent.peek().at(-1)?.writtenAtMs ?? 0;
  const message = { partyId, clientMsgId: crypto.randomUUID(), text, writtenAtMs: Math.max(Date.now(), last + 1) };
  store(message);
  unsent.value = [...unsent.peek(), message];
}

/** The log has it as this. */
export function confirmMessage(clientMsgId: string, seq: number): void {
  change(clientMsgId, ({ problem: _, ...message }) => ({ ...message, seq }));
}

/** It will not get there as things are. */
export function refuseMessage(clientMsgId: string, problem: ProblemCode): void {
  change(clientMsgId, (message) => message.seq === undefined ? { ...message, problem } : message);
}

/** The person wants it to be tried again: under a new name where the old one stands for another text. */
export function retryMessage(clientMsgId: string): void {
  const found = unsent.peek().find((message) => message.clientMsgId === clientMsgId);
  if (!found) return;
  const { problem, ...message } = found;
  if (problem !== "client-msg-id-reused") return change(clientMsgId, () => message);
  discardMessages([clientMsgId]);
  writeMessage(message.partyId, message.text);
}

/** They are in the log, or not wanted any more. */
export function discardMessages(clientMsgIds: Iterable<string>): void {
  const gone = new Set(clientMsgIds), found = unsent.peek().filter(({ clientMsgId }) => gone.has(clientMsgId));
  if (found.length === 0) return;
  for (const message of found) localStorage.removeItem(keyOf(message));
  unsent.value = unsent.peek().filter((message) => !found.includes(message));
}

function change(clientMsgId: string, how: (message: Unsent) => Unsent): void {
  unsent.value = unsent.peek().map((message) => {
    if (message.clientMsgId !== clientMsgId) return message;
    const changed = how(message);
    if (changed.seq !== undefined) localStorage.removeItem(keyOf(changed));
    else store(changed);
    return changed;
  });
}

function prefix(): string {
  return `unsent:${me.peek()?.id}:`;
}

function keyOf({ partyId, clientMsgId }: Unsent): string {
  return `${prefix()}${partyId}:${clientMsgId}`;
}

/** A full or forbidden storage keeps nothing: the message then lives as long as the page. */
const notStored = new Set<string>();

function store(message: Unsent): void {
  try {
    localStorage.setItem(keyOf(message), JSON.stringify(message));
  } catch {
    notStored.add(message.clientMsgId);
  }
}

function readStored(): Unsent[] {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix()));
  return keys.flatMap((key) => {
    try {
      return [JSON.parse(localStorage.getItem(key)!) as Unsent];
    } catch {
      return [];
    }
  }).sort((a, b) => a.writtenAtMs - b.writtenAtMs);
}

let whose: string | undefined;
effect(() => {
  const { id } = me.value ?? {};
  if (id === whose) return;
  whose = id;
  unsent.value = id ? readStored() : [];
});

// Another tab has written, sent or discarded one.
addEventListener("storage", ({ key }) => {
  if (!me.peek() || !key?.startsWith(prefix())) return;
  const own = unsent.peek().filter(({ seq, clientMsgId }) => seq !== undefined || notStored.has(clientMsgId));
  unsent.value = [...own, ...readStored()].sort((a, b) => a.writtenAtMs - b.writtenAtMs);
});
