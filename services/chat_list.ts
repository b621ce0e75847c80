/** The chats that a person is in. */
import { type ChatSummary, UNREAD_SPAN } from "../contract/chat.ts";
import { type EntryRow, selectEntries, toEntry } from "./chat_log.ts";
import type { Deps } from "./ports.ts";

/** The chat, and its last entry: all of it `null` where there is none. */
type ChatRow = Omit<ChatSummary, "last"> & EntryRow & { id: string | null };

/**
 * Every open chat whose party the person is an accepted member of, the most recently active first. One statement, so that
 * `lastSeq`, `unread` and `last` are of one instant; by indexes alone, and at most {@link UNREAD_SPAN} entries of each chat.
 */
export async function listChats({ sql }: Pick<Deps, "sql">, userId: string): Promise<ChatSummary[]> {
  const rows = await sql<ChatRow[]>`
    select last.*, m.party_id as "partyId", p.title, r.last_seq as "lastSeq",
      m.read_seq as "readSeq", unread.count as unread
    from party_members m
    join chat_rooms r on r.party_id = m.party_id and r.opened_at is not null
    join parties p on p.id = m.party_id
    left join lateral (
      ${selectEntries(sql)}
      where e.party_id = r.party_id and e.seq = r.last_seq
      -- Keeps the planner to one look into the index for each chat, however many it expects.
      limit 1) last on true
    cross join lateral (
      select count(*)::int as count
      from chat_entries e
      where e.party_id = r.party_id
        and e.seq > greatest(m.read_seq, m.joined_seq, r.last_seq - ${UNREAD_SPAN}::int)
        and e.kind = 'text'
        and e.text <> ''
        and e.sender_id <> m.user_id) unread
    where m.user_id = ${userId} and m.status = 'accepted'
    order by coalesce(last."sentAt", r.opened_at) desc, m.party_id desc`;
  return rows.map(toSummary);
}

function toSummary({ title, lastSeq, readSeq, unread, ...last }: ChatRow): ChatSummary {
  return { partyId: last.partyId, title, lastSeq, readSeq, unread, last: last.id === null ? null : toEntry(last) };
}
