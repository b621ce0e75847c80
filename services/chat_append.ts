/** Texts into the log: any number that arrived together for one room share one transaction. */
import type { Entry } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { admit, chatClosed, notAMember } from "./chat_access.ts";
import { findTexts } from "./chat_log.ts";
import { newId } from "./ids.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";
import { inTransaction } from "./transaction.ts";

/** A text that a person sends. Their `clientMsgId` names it: sent again, it is the same one. */
export interface NewText {
  userId: string;
  clientMsgId: string;
  text: string;
}

/** What became of it: `isNew` is false for a repeat, which gets the first one's entry. */
export interface Appended {
  entry: Entry;
  isNew: boolean;
}

/**
 * Appends texts in the given order, in one transaction; resolves after the commit with what became of each: its entry, or
 * its own refusal (`not-found`, `forbidden`, `chat-closed`, `client-msg-id-reused`). Throws when nothing was written.
 */
export async function appendTexts(
  deps: Pick<Deps, "sql" | "clock">,
  partyId: string,
  texts: NewText[],
): Promise<(Appended | Problem)[]> {
  return await inTransaction(deps.sql, async (tx) => {
    // A statement sees what was committed before it began. Only behind the lock, therefore, is it sure that a removal, or
    // the same clientMsgId on another node, either is seen or comes later.
    const [room] = await lockRoom(tx, partyId);
    if (!room) return await Promise.all(texts.map((text) => whyNot(tx, partyId, text.userId)));
    const [nicknames, firsts] = await Promise.all([readNicknames(tx, partyId, texts), findTexts(tx, partyId, texts)]);

    const known = new Map(firsts.map((entry) => [keyOf(entry.sender!.id, entry.clientMsgId!), entry]));
    const added: Entry[] = [];
    const results = texts.map(({ userId, clientMsgId, text }): Appended | Problem => {
      const nickname = nicknames.get(userId);
      if (nickname === undefined) return notAMember();
      const first = known.get(keyOf(userId, clientMsgId));
      if (first) return first.text === text ? { entry: first, isNew: false } : reused();
      const entry: Entry = {
        partyId,
        seq: room.lastSeq + added.length + 1,
        id: newId(deps),
        kind: "text",
        sender: { id: userId, nickname },
        text,
        clientMsgId,
        sentAt: deps.clock.now().toISOString(),
      };
      known.set(keyOf(userId, clientMsgId), entry);
      added.push(entry);
      return { entry, isNew: true };
    });
    if (added.length > 0) await insert(tx, partyId, added);
    return results;
  });
}

function lockRoom(tx: TransactionSql, partyId: string) {
  return tx<{ lastSeq: number }[]>`
    select last_seq as "lastSeq"
    from chat_rooms
    where party_id = ${partyId} and opened_at is not null
    for no key update`;
}

/** The nicknames of those senders who are accepted members. */
async function readNicknames(tx: TransactionSql, partyId: string, texts: NewText[]): Promise<Map<string, string>> {
  const rows = await tx<{ id: string; nickname: string }[]>`
    select u.id, coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname
    from party_members m
    join users u on u.id = m.user_id
    where m.party_id = ${partyId}
      and m.user_id = any(${texts.map((text) => text.userId)}::uuid[])
      and m.status = 'accepted'`;
  return new Map(rows.map(({ id, nickname }) => [id, nickname]));
}

async function insert(tx: TransactionSql, partyId: string, entries: Entry[]): Promise<void> {
  await tx`
    with room as (
      update chat_rooms
      set last_seq = ${entries.at(-1)!.seq}
      where party_id = ${partyId})
    insert into chat_entries (party_id, seq, id, kind, sender_id, text, client_msg_id, sent_at)
    select ${partyId}, e.seq, e.id, 'text', e.sender_id, e.text, e.client_msg_id, e.sent_at
    from unnest(
      ${entries.map((entry) => entry.seq)}::int[],
      ${entries.map((entry) => entry.id)}::uuid[],
      ${entries.map((entry) => entry.sender!.id)}::uuid[],
      ${entries.map((entry) => entry.text)}::text[],
      ${entries.map((entry) => entry.clientMsgId)}::text[],
      ${entries.map((entry) => entry.sentAt)}::timestamptz[]) as e (seq, id, sender_id, text, client_msg_id, sent_at)`;
}

async function whyNot(tx: TransactionSql, partyId: string, userId: string): Promise<Problem> {
  return await admit({ sql: tx as unknown as Sql }, { partyId, userId }).then(chatClosed, asProblem);
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

function reused(): Problem {
  return new Problem("client-msg-id-reused", "Cannot send the text: its clientMsgId was used for another text");
}

function keyOf(userId: string, clientMsgId: string): string {
  return `${userId} ${clientMsgId}`;
}
