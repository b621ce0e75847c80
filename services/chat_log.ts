/**
 * The log of a party's chat. A room's row is its counter and its lock: whoever takes a number holds the row until the
 * commit, so that numbers have no holes and their order is the order of the commits.
 */
import type { Entry } from "../contract/chat.ts";
import { publishEntries } from "./chat_relay.ts";
import { recordEvent } from "./events.ts";
import { newId } from "./ids.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";
import { afterCommit } from "./transaction.ts";

type Announcer = Pick<Deps, "clock" | "relay" | "log">;

/** Opens the chat in the transaction of what opens it. `true` only for the one call that did; that one is an event. */
export async function openRoom(
  deps: Announcer,
  tx: TransactionSql,
  { partyId, openedBy }: { partyId: string; openedBy: string },
): Promise<boolean> {
  const [opened] = await tx`
    insert into chat_rooms as r (party_id, opened_at)
    values (${partyId}, ${deps.clock.now()})
    on conflict (party_id) do update
    set opened_at = excluded.opened_at
    where r.opened_at is null
    returning 1`;
  if (!opened) return false;
  await recordEvent(deps, tx, { type: "chat.opened", partyId, actorId: openedBy });
  return true;
}

/**
 * Writes into the log that a person came, left or was removed, in the transaction that changes their membership: what they
 * may read begins or ends with exactly this number, which is returned. The chat must be open and the membership row there.
 */
export async function appendNotice(
  deps: Announcer,
  tx: TransactionSql,
  { partyId, kind, userId }: { partyId: string; kind: "join" | "leave" | "removed"; userId: string },
): Promise<number> {
  const id = newId(deps), sentAt = deps.clock.now();
  const [written] = await tx<{ seq: number; nickname: string }[]>`
    with room as (
      update chat_rooms
      set last_seq = last_seq + 1
      where party_id = ${partyId} and opened_at is not null
      returning last_seq),
    entry as (
      insert into chat_entries (party_id, seq, id, kind, sender_id, text, sent_at)
      select ${partyId}, last_seq, ${id}, ${kind}, ${userId}, '', ${sentAt}
      from room
      returning seq),
    member as (
      update party_members
      set joined_seq = entry.seq
      from entry
      where ${kind} = 'join' and party_id = ${partyId} and user_id = ${userId})
    select entry.seq, coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname
    from entry
    join users u on u.id = ${userId}`;
  if (!written) throw new Error(`no open chat of party ${partyId} to note a ${kind} in`);
  const { seq, nickname } = written;
  const sender = { id: userId, nickname };
  const fixed = { text: "", clientMsgId: null, targetSeq: null };
  const entry: Entry = { partyId, seq, id, kind, sender, ...fixed, sentAt: sentAt.toISOString() };
  afterCommit(tx, () => publishEntries(deps, partyId, [entry]));
  return seq;
}

/** Entries with a greater seq than `after` and none greater than `upTo`, ascending. Asks nothing of the reader's rights. */
export async function readEntries(
  { sql }: { sql: Sql },
  { partyId, after, upTo, limit }: { partyId: string; after: number; upTo?: number; limit: number },
): Promise<Entry[]> {
  const rows = await sql<EntryRow[]>`
    ${selectEntries(sql)}
    where e.party_id = ${partyId} and e.seq > ${after} ${upTo === undefined ? sql`` : sql`and e.seq <= ${upTo}`}
    order by e.seq
    limit ${limit}`;
  return rows.map(toEntry);
}

/** Entries with a seq of at most `upTo`: the last ones, ascending. */
export async function readEntriesBack(
  { sql }: { sql: Sql },
  { partyId, upTo, limit }: { partyId: string; upTo: number; limit: number },
): Promise<Entry[]> {
  const rows = await sql<EntryRow[]>`
    ${selectEntries(sql)}
    where e.party_id = ${partyId} and e.seq <= ${upTo}
    order by e.seq desc
    limit ${limit}`;
  return rows.map(toEntry).reverse();
}

/** What says what a text says now: its last edit, or the entry itself. `undefined` when there is no such entry. */
export async function readWording(
  tx: TransactionSql,
  { partyId, seq }: { partyId: string; seq: number },
): Promise<Entry | undefined> {
  const [row] = await tx<EntryRow[]>`
    ${selectEntries(tx)}
    where e.party_id = ${partyId}
      and e.seq = coalesce((
        select max(edit.seq)
        from chat_entries edit
        where edit.party_id = ${partyId} and edit.target_seq = ${seq} and edit.kind = 'edit'), ${seq})`;
  return row && toEntry(row);
}

/** Those of these texts that are in the log already, whatever they say there. */
export async function findTexts(
  tx: TransactionSql,
  texts: { partyId: string; userId: string; clientMsgId: string }[],
): Promise<Entry[]> {
  const rows = await tx<EntryRow[]>`
    select found.*
    from unnest(
      ${texts.map((text) => text.partyId)}::uuid[],
      ${texts.map((text) => text.userId)}::uuid[],
      ${texts.map((text) => text.clientMsgId)}::text[]) as sent (party_id, user_id, client_msg_id)
    cross join lateral (
      ${selectEntries(tx)}
      where e.party_id = sent.party_id and e.sender_id = sent.user_id and e.client_msg_id = sent.client_msg_id
      -- Keeps the planner to one look into the index for each text, whatever it thinks of the table's size.
      limit 1) found`;
  return rows.map(toEntry);
}

/** Of the rooms whose last known seq is given, those that have a greater one by now, and which. */
export async function findRoomsAhead({ sql }: { sql: Sql }, heads: Map<string, number>): Promise<Map<string, number>> {
  const rows = await sql<{ partyId: string; lastSeq: number }[]>`
    select r.party_id as "partyId", r.last_seq as "lastSeq"
    from unnest(${[...heads.keys()]}::uuid[], ${[...heads.values()]}::int[]) as known (party_id, seq)
    join chat_rooms r on r.party_id = known.party_id
    where r.last_seq > known.seq`;
  return new Map(rows.map(({ partyId, lastSeq }) => [partyId, lastSeq]));
}

/** An entry as {@link selectEntries} reads it. */
export interface EntryRow extends Omit<Entry, "sender" | "sentAt"> {
  senderId: string | null;
  nickname: string;
  sentAt: Date;
}

/** The statement that reads entries, `e`, up to its `where`. */
export function selectEntries(sql: Sql | TransactionSql) {
  return sql`
    select e.party_id as "partyId", e.seq, e.id, e.kind, e.sender_id as "senderId",
      coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname, e.text, e.client_msg_id as "clientMsgId",
      e.target_seq as "targetSeq", e.sent_at as "sentAt"
    from chat_entries e
    left join users u on u.id = e.sender_id`;
}

/** An entry from its row. */
export function toEntry({ senderId, nickname, sentAt, ...rest }: EntryRow): Entry {
  return { ...rest, sender: senderId === null ? null : { id: senderId, nickname }, sentAt: sentAt.toISOString() };
}
