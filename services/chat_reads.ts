/** How far the members of a party have read its chat: a pointer each, which only moves on. */
import type { ReadPointer, ReadPointers } from "../contract/chat.ts";
import type { Problem } from "../contract/problems.ts";
import { admit, chatClosed, notAMember } from "./chat_access.ts";
import { publishToRoom } from "./chat_relay.ts";
import { noSuchParty } from "./party_rows.ts";
import type { Deps } from "./ports.ts";

/** A person says that they have read up to this entry. */
export interface ReadMark {
  partyId: string;
  userId: string;
  seq: number;
}

/** What became of a mark: where the pointer is now, or why there is none. */
type Moved = { seq: number } | Problem;

interface MarkRow {
  partyId: string;
  userId: string;
  seq: number | null;
  hasMoved: boolean | null;
  isParty: boolean;
  isMember: boolean;
  isOpen: boolean;
}

/** Moves the caller's pointer and tells the room. Throws `not-found`, `forbidden`, `chat-closed`. */
export async function moveReadPointer(
  deps: Pick<Deps, "sql" | "relay" | "log">,
  mark: ReadMark,
): Promise<ReadPointer> {
  const [moved] = await moveReadPointers(deps, [mark]);
  if (moved instanceof Error) throw moved;
  return moved!;
}

/**
 * Moves pointers, one mark a person and party, in one statement; resolves when it is written, with what became of each. A
 * mark beyond the last entry counts as the last; one that is not beyond the pointer changes nothing. The rooms are told of
 * those that moved.
 */
export async function moveReadPointers(
  deps: Pick<Deps, "sql" | "relay" | "log">,
  marks: ReadMark[],
): Promise<Moved[]> {
  const rows = await writeMarks(deps, marks);
  for (const { partyId, userId, seq, hasMoved } of rows) {
    if (hasMoved) publishToRoom(deps, partyId, { type: "read", userId, seq: seq! });
  }
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return marks.map((mark) => {
    const row = byKey.get(keyOf(mark))!;
    return row.seq === null ? whyNot(row) : { seq: row.seq };
  });
}

/** Who a mark is of, and in which party. */
export function keyOf({ partyId, userId }: Pick<ReadMark, "partyId" | "userId">): string {
  return `${partyId} ${userId}`;
}

async function writeMarks({ sql }: Pick<Deps, "sql">, marks: ReadMark[]): Promise<MarkRow[]> {
  return await sql<MarkRow[]>`
    with mark as (
      select party_id, user_id, seq
      from unnest(
        ${marks.map((mark) => mark.partyId)}::uuid[],
        ${marks.map((mark) => mark.userId)}::uuid[],
        ${marks.map((mark) => mark.seq)}::bigint[]) as given (party_id, user_id, seq)),
    held as (
      -- Memberships in one order for everybody. Who has waited for one sees it as it is by then: a person removed meanwhile
      -- is no member any more, and a pointer moved meanwhile is where it was moved to.
      select m.party_id, m.user_id, m.read_seq, least(mark.seq, r.last_seq)::int as seq
      from mark
      join chat_rooms r on r.party_id = mark.party_id and r.opened_at is not null
      join party_members m on m.party_id = mark.party_id and m.user_id = mark.user_id and m.status = 'accepted'
      order by m.party_id, m.user_id
      for no key update of m),
    moved as (
      update party_members m
      set read_seq = held.seq
      from held
      where m.party_id = held.party_id and m.user_id = held.user_id and m.read_seq < held.seq)
    select mark.party_id as "partyId", mark.user_id as "userId", greatest(held.read_seq, held.seq) as seq,
      held.seq > held.read_seq as "hasMoved", p.id is not null as "isParty", m.user_id is not null as "isMember",
      r.opened_at is not null as "isOpen"
    from mark
    left join held on held.party_id = mark.party_id and held.user_id = mark.user_id
    left join parties p on p.id = mark.party_id
    left join party_members m on m.party_id = mark.party_id and m.user_id = mark.user_id and m.status = 'accepted'
    left join chat_rooms r on r.party_id = mark.party_id`;
}

function whyNot({ isParty, isMember, isOpen }: MarkRow): Problem {
  if (!isParty) return noSuchParty();
  return isMember && !isOpen ? chatClosed() : notAMember();
}

/** How far each accepted member has read, for one of them. Throws `not-found`, `forbidden`. */
export async function readReadPointers(
  deps: Pick<Deps, "sql">,
  { partyId, userId }: { partyId: string; userId: string },
): Promise<ReadPointers> {
  await admit(deps, { partyId, userId });
  const items = await deps.sql<ReadPointers["items"]>`
    select user_id as "userId", read_seq as seq
    from party_members
    where party_id = ${partyId} and status = 'accepted'
    order by user_id`;
  return { items };
}
