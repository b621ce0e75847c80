/** What the tests of the chat share: rooms, texts, the whole log, and waiting until nothing more comes. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import type { ChatClient } from "./chat_client.ts";
import { type Answer, joinAccepted, openParty, type Person, poll, signUpAll, type TestService } from "./harness.ts";

/** A party whose chat is open, since the members are accepted: its log begins with their `join`s. */
export async function openRoom(
  service: TestService,
  leader: Person,
  members: Person[],
  overrides: Record<string, unknown> = {},
): Promise<string> {
  const party = await openParty(service, leader, { capacity: members.length + 3, ...overrides });
  for (const member of members) await joinAccepted(service, party, leader, member);
  return party.id;
}

/** The same with so many new people. */
export async function openRoomOf(
  service: TestService,
  leader: Person,
  members: number,
): Promise<{ partyId: string; people: Person[] }> {
  const people = await signUpAll(service, members);
  return { partyId: await openRoom(service, leader, people), people };
}

/** Sends a text over HTTP. */
export function sendText(
  { call }: Pick<TestService, "call">,
  { token }: Person,
  partyId: string,
  text: string,
  clientMsgId = v7(),
): Promise<Answer> {
  return call("POST", `/api/parties/${partyId}/chat/entries`, { token, body: { clientMsgId, text } });
}

/** Puts a text differently, over HTTP. */
export function editText(
  { call }: Pick<TestService, "call">,
  { token }: Person,
  partyId: string,
  seq: number | string,
  text: string,
): Promise<Answer> {
  return call("PATCH", `/api/parties/${partyId}/chat/entries/${seq}`, { token, body: { text } });
}

/** Takes a text back, over HTTP. */
export function deleteText(
  { call }: Pick<TestService, "call">,
  { token }: Person,
  partyId: string,
  seq: number | string,
): Promise<Answer> {
  return call("DELETE", `/api/parties/${partyId}/chat/entries/${seq}`, { token });
}

/** Says over HTTP how far a person has read. */
export function markRead(
  { call }: Pick<TestService, "call">,
  { token }: Person,
  partyId: string,
  seq: number,
): Promise<Answer> {
  return call("PUT", `/api/parties/${partyId}/chat/read`, { token, body: { seq } });
}

/** Reads a page of the log over HTTP. */
export async function readPage(
  { call }: Pick<TestService, "call">,
  { token }: Person,
  partyId: string,
  query = "",
): Promise<{ items: Entry[]; lastSeq: number }> {
  const answer = await call("GET", `/api/parties/${partyId}/chat/entries${query}`, { token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** Reads the whole log over HTTP. */
export async function readLog(service: Pick<TestService, "call">, person: Person, partyId: string): Promise<Entry[]> {
  const log: Entry[] = [];
  while (true) {
    const { items } = await readPage(service, person, partyId, `?limit=100&after=${log.length}`);
    log.push(...items);
    if (items.length < 100) return log;
  }
}

/** The seqs of entries. */
export const seqsOf = (entries: Entry[]) => entries.map((entry) => entry.seq);

/** first, first + 1 … last. */
export const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Resolves when the client has been told the entry with this seq. */
export function told(client: ChatClient, seq: number, timeoutMs = 20_000) {
  return client.heard("entry", (frame) => frame.seq === seq, { timeoutMs });
}

/** Resolves when whatever was on its way to the client has come: what it has not heard by now it does not hear. */
export async function quiet(client: ChatClient): Promise<void> {
  const pongs = () => client.frames.filter((frame) => frame.type === "pong").length;
  const before = pongs();
  client.say({ type: "ping" });
  await poll(() => pongs() > before);
}
