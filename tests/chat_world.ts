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

/** A room of two whose log has so many entries: the join, and texts of the leader. */
export async function roomWith(
  service: TestService,
  leader: Person,
  member: Person,
  entries: number,
): Promise<string> {
  const partyId = await openRoom(service, leader, [member]);
  await Promise.all(Array.from({ length: entries - 1 }, (_, i) => sendText(service, leader, partyId, `${i}`)));
  return partyId;
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

/** How far a person has read, as another member is told; `undefined` for who is no member. */
export async function pointerOf(
  { call }: Pick<TestService, "call">,
  reader: Person,
  { id }: Person,
  partyId: string,
): Promise<number | undefined> {
  const { status, body } = await call("GET", `/api/parties/${partyId}/chat/read`, { token: reader.token });
  assert.equal(status, 200, JSON.stringify(body));
  return body.items.find((item: { userId: string }) => item.userId === id)?.seq;
}

/** How far others have read, as the client was told, in that order. */
export const readsOf = (client: ChatClient) =>
  client.frames.filter((frame) => frame.type === "read").map(({ seq }) => seq);

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

/** Names of the tables that hold this text anywhere. */
export async function tablesWith({ sql }: Pick<TestService, "sql">, text: string): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select tablename as name
    from pg_tables
    where schemaname = 'public'
    order by 1`;
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await sql`select 1 from ${sql(name)} t where t::text like ${`%${text}%`} limit 1`;
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** Resolves when something in the service's database waits for a lock. */
export async function waitsForLock({ sql }: Pick<TestService, "sql">): Promise<void> {
  await poll(async () => {
    const waiting = await sql`
      select 1
      from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    return waiting.length > 0;
  });
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
