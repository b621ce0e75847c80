/** Texts into the log: all that arrived together, for whatever rooms, share one transaction. */
import type { Entry } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { admit, chatClosed, notAMember } from "./chat_access.ts";
import { findTexts } from "./chat_log.ts";
import { newId } from "./ids.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/** A text that a person sends. Their `clientMsgId` names it: sent again, it is the same one. */
export interface NewText {
  partyId: string;
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
  texts: NewText[],
): Promise<(Appended | Problem)[]> {
  return await inTransaction(deps.sql, async (tx) => {
    // A statement sees what was committed before it began. Only behind the locks, therefore, is it sure that a removal, or
    // the same clientMsgId on another node, either is seen or comes later. Sent together, the statements of a connection
    // still begin one after the other: none before the locks are held.
    const [lastSeqs, nicknames, found] = await Promise.all([
      lockRooms(tx, texts.map((text) => text.partyId)),
      readNicknames(tx, texts),
      findTexts(tx, texts),
    ]);
    const known = new Map(found.map((entry) => [keyOf(entry.sender!.id, entry), entry]));
    const added: Entry[] = [];
    const results: (Appended | Problem)[] = [];
    for (const { partyId, userId, clientMsgId, text } of texts) {
      const lastSeq = lastSeqs.get(partyId), nickname = nicknames.get(`${partyId} ${userId}`);
      const key = keyOf(userId, { partyId, clientMsgId }), first = known.get(key);
      if (lastSeq === undefined) results.push(await whyNot(tx, partyId, userId));
      else if (nickname === undefined) results.push(notAMember());
      // What it said before it was taken back is not known any more: whatever comes under its name is taken for a repeat.
      else if (first) results.push(["", text].includes(first.text) ? { entry: first, isNew: false } : reused());
      else {
        const seq = lastSeq + 1, sender = { id: userId, nickname }, sentAt = deps.clock.now().toISOString();
        const said = { kind: "text", sender, text, clientMsgId, targetSeq: null } as const;
        const entry: Entry = { partyId, seq, id: newId(deps), ...said, sentAt };
        lastSeqs.set(partyId, seq);
        known.set(key, entry);
        added.push(entry);
        results.push({ entry, isNew: true });
      }
    }
    // Not awaited: it travels with the commit, which fails when it does.
    if (added.length > 0) insert(tx, added);
    return results;
  });
}

/** Locks the rooms that are open, in one order for everybody, and answers their last seqs. */
export async function lockRooms(tx: TransactionSql, partyIds: string[]): Promise<Map<string, number>> {
  const rows = await tx<{ partyId: string; lastSeq: number }[]>`
    select party_id as "partyId", last_seq as "lastSeq"
    from chat_rooms
    where party_id = any(${partyIds}::uuid[]) and opened_at is not null
    order by party_id
    for no key update`;
  return new Map(rows.map(({ partyId, lastSeq }) => [partyId, lastSeq]));
}

/** The nicknames, by `partyId userId`, of those senders who are accepted members. */
async function readNicknames(tx: TransactionSql, texts: NewText[]): Promise<Map<string, string>> {
  const rows = await tx<{ partyId: string; userId: string; nickname: string }[]>`
    select sent.party_id as "partyId", sent.user_id as "userId", member.nickname
    from unnest(${texts.map((text) => text.partyId)}::uuid[], ${texts.map((text) => text.userId)}::uuid[])
      as sent (party_id, user_id)
    cross join lateral (
      select coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname
      from party_members m
      join users u on u.id = m.user_id
      where m.party_id = sent.party_id and m.user_id = sent.user_id and m.status = 'accepted'
      -- Keeps the planner to one look into the index for each text: by a hash it would read all members of all parties.
      limit 1) member`;
  return new Map(rows.map(({ partyId, userId, nickname }) => [`${partyId} ${userId}`, nickname]));
}

function insert(tx: TransactionSql, entries: Entry[]): void {
  tx`
    with entry as (
      insert into chat_entries (party_id, seq, id, kind, sender_id, text, client_msg_id, sent_at)
      select e.party_id, e.seq, e.id, 'text', e.sender_id, e.text, e.client_msg_id, e.sent_at
      from unnest(
        ${entries.map((entry) => entry.partyId)}::uuid[],
        ${entries.map((entry) => entry.seq)}::int[],
        ${entries.map((entry) => entry.id)}::uuid[],
        ${entries.map((entry) => entry.sender!.id)}::uuid[],
        ${entries.map((entry) => entry.text)}::text[],
        ${entries.map((entry) => entry.clientMsgId)}::text[],
        ${entries.map((entry) => entry.sentAt)}::timestamptz[])
        as e (party_id, seq, id, sender_id, text, client_msg_id, sent_at)
      returning party_id, seq)
    update chat_rooms r
    set last_seq = e.last_seq
    from (select party_id, max(seq) as last_seq from entry group by party_id) e
    where r.party_id = e.party_id`.execute();
}

/** Why a room could not be locked for this person: `not-found`, `forbidden` or `chat-closed`. */
export async function whyNot(tx: TransactionSql, partyId: string, userId: string): Promise<Problem> {
  return await admit({ sql: sqlOf(tx) }, { partyId, userId }).then(chatClosed, asProblem);
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  throw error;
}

function reused(): Problem {
  return new Problem("client-msg-id-reused", "Cannot send the text: its clientMsgId was used for another text");
}

function keyOf(userId: string, { partyId, clientMsgId }: Pick<Entry, "partyId" | "clientMsgId">): string {
  return `${partyId} ${userId} ${clientMsgId}`;
}
