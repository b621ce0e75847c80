/** Who may read a party's chat, and how far. */
import type { History, HistoryQuery } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { openRoom, readEntries, readEntriesBack } from "./chat_log.ts";
import { lockAsLeader, requireState } from "./party_lock.ts";
import { noSuchParty } from "./party_rows.ts";
import type { Deps, Sql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/** A member's view of a room, at one instant: whatever has a seq up to `lastSeq` they may read. */
export interface Access {
  isOpen: boolean;
  lastSeq: number;
  /** The entry that let them in; 0 for the leader. A later leave or removal of theirs ends what they may read. */
  joinedSeq: number;
}

/** Lets accepted members in, the leader too. One statement, so that membership and `lastSeq` are of one instant. Throws `not-found`, `forbidden`. */
export async function admit(
  { sql }: { sql: Sql },
  { partyId, userId }: { partyId: string; userId: string },
): Promise<Access> {
  const [access] = await sql<(Access & { isMember: boolean })[]>`
    select m.user_id is not null as "isMember", coalesce(m.joined_seq, 0) as "joinedSeq",
      r.opened_at is not null as "isOpen", coalesce(r.last_seq, 0) as "lastSeq"
    from parties p
    left join party_members m on m.party_id = p.id and m.user_id = ${userId} and m.status = 'accepted'
    left join chat_rooms r on r.party_id = p.id
    where p.id = ${partyId}`;
  if (!access) throw noSuchParty();
  if (!access.isMember) throw notAMember();
  return access;
}

/** Only accepted members read or write. */
export function notAMember(): Problem {
  return new Problem("forbidden", "Cannot use the chat: the person is not an accepted member");
}

/** The chat waits for the first member, or for the leader to open it. */
export function chatClosed(): Problem {
  return new Problem("chat-closed", "Cannot use the chat: it is not open yet");
}

/**
 * A page of the log for a member, ascending: after a seq, before one, or the newest. A chat that is not open yet has none.
 * Nothing beyond the `lastSeq` of the moment of admission is read: a removal in between changes nothing. Throws as {@link admit}.
 */
export async function readHistory(
  deps: Pick<Deps, "sql">,
  { partyId, userId }: { partyId: string; userId: string },
  { after, before = Infinity, limit }: HistoryQuery,
): Promise<History> {
  const { lastSeq } = await admit(deps, { partyId, userId });
  const items = after === undefined
    ? await readEntriesBack(deps, { partyId, upTo: Math.min(before - 1, lastSeq), limit })
    : await readEntries(deps, { partyId, after: Math.min(after, lastSeq), upTo: lastSeq, limit });
  return { items, lastSeq };
}

/** The leader opens the chat; again is fine. Throws `not-found`, `forbidden`, and `party-state` when it was cancelled unopened. */
export async function openChat(
  deps: Pick<Deps, "sql" | "clock" | "relay" | "log">,
  { partyId, userId }: { partyId: string; userId: string },
): Promise<{ isNew: boolean; lastSeq: number }> {
  return await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, userId);
    const isNew = await openRoom(deps, tx, { partyId, openedBy: userId });
    if (isNew) requireState(party, "open the chat", "open", "confirmed", "done");
    const { lastSeq } = await admit({ sql: sqlOf(tx) }, { partyId, userId });
    return { isNew, lastSeq };
  });
}
