/**
 * Texts put differently, and texts taken back. The log only grows: either is an entry of its own that points at the text.
 * What was taken back is erased wherever it was written, so that no reading of the log finds it again.
 */
import type { Entry } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { notAMember } from "./chat_access.ts";
import { lockRooms, whyNot } from "./chat_append.ts";
import { readWording } from "./chat_log.ts";
import { publishEntries } from "./chat_relay.ts";
import { newId } from "./ids.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";
import { afterCommit, inTransaction } from "./transaction.ts";

/** Which text is meant, and who wants to change it. */
export interface TextRef {
  partyId: string;
  seq: number;
  userId: string;
}

interface Member {
  role: "leader" | "member";
  nickname: string;
}

/**
 * Its sender puts a text differently. Answers the entry that tells so; when the text says this already, the one that it is
 * told by, and nothing is written. Throws `not-found`, `forbidden`, `chat-closed`, and `not-changeable` for whatever is no
 * text, or was taken back.
 */
export async function editText(
  deps: Pick<Deps, "sql" | "clock" | "relay" | "log">,
  ref: TextRef,
  text: string,
): Promise<Entry> {
  return await inTransaction(deps.sql, async (tx) => {
    const { member, wording } = await lockText(tx, ref);
    if (wording.sender?.id !== ref.userId) throw notTheirs("edit");
    requireText(ref, wording, "edit");
    if (wording.text === "") throw new Problem("not-changeable", "Cannot edit the entry: it was deleted");
    if (wording.text === text) return wording;
    return await append(deps, tx, ref, { kind: "edit", text, member });
  });
}

/**
 * Takes a text back, for its sender or the party's leader: an entry tells so, and what the text and its edits said is
 * erased. Again is fine, and writes nothing. Throws as {@link editText}, but not for what was taken back.
 */
export async function deleteText(
  deps: Pick<Deps, "sql" | "clock" | "relay" | "log">,
  ref: TextRef,
): Promise<void> {
  await inTransaction(deps.sql, async (tx) => {
    const { member, wording } = await lockText(tx, ref);
    if (wording.sender?.id !== ref.userId && member.role !== "leader") throw notTheirs("delete");
    requireText(ref, wording, "delete");
    if (wording.text === "") return;
    await append(deps, tx, ref, { kind: "delete", text: "", member });
    await erase(tx, ref);
  });
}

/** Locks the room; only behind the lock is looked at who the person is, and what the text says. */
async function lockText(
  tx: TransactionSql,
  { partyId, seq, userId }: TextRef,
): Promise<{ member: Member; wording: Entry }> {
  const rooms = await lockRooms(tx, [partyId]);
  if (!rooms.has(partyId)) throw await whyNot(tx, partyId, userId);
  const [member] = await tx<Member[]>`
    select m.role, coalesce(u.nickname, ${WITHDRAWN_NICKNAME}) as nickname
    from party_members m
    join users u on u.id = m.user_id
    where m.party_id = ${partyId} and m.user_id = ${userId} and m.status = 'accepted'`;
  if (!member) throw notAMember();
  const wording = await readWording(tx, { partyId, seq });
  if (!wording) throw new Problem("not-found", "Cannot find the entry: the chat has no such seq");
  return { member, wording };
}

function notTheirs(action: string): Problem {
  return new Problem("forbidden", `Cannot ${action} the entry: it is someone else's`);
}

/** What a text says is told by itself or by its last edit. An edit itself, like a join or a deletion, is no text. */
function requireText({ seq }: TextRef, wording: Entry, action: string): void {
  if (wording.kind === "text" || wording.targetSeq === seq) return;
  throw new Problem("not-changeable", `Cannot ${action} the entry: it is of kind ${wording.kind}`);
}

async function append(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  { partyId, seq: targetSeq, userId }: TextRef,
  { kind, text, member: { nickname } }: { kind: "edit" | "delete"; text: string; member: Member },
): Promise<Entry> {
  const id = newId(deps), sentAt = deps.clock.now();
  const [written] = await tx<{ seq: number }[]>`
    with room as (
      update chat_rooms
      set last_seq = last_seq + 1
      where party_id = ${partyId}
      returning last_seq)
    insert into chat_entries (party_id, seq, id, kind, sender_id, text, target_seq, sent_at)
    select ${partyId}, last_seq, ${id}, ${kind}, ${userId}, ${text}, ${targetSeq}, ${sentAt}
    from room
    returning seq`;
  const sender = { id: userId, nickname };
  const said = { kind, sender, text, clientMsgId: null, targetSeq, sentAt: sentAt.toISOString() };
  const entry: Entry = { partyId, seq: written!.seq, id, ...said };
  afterCommit(tx, () => publishEntries(deps, partyId, [entry]));
  return entry;
}

/** Everywhere that a text is written: in the log, and in the answer that is kept for its sender's Idempotency-Key. */
async function erase(tx: TransactionSql, { partyId, seq }: TextRef): Promise<void> {
  await tx`
    update chat_entries
    set text = ''
    where party_id = ${partyId} and target_seq = ${seq} and kind = 'edit'`;
  await tx`
    with target as (
      update chat_entries
      set text = ''
      where party_id = ${partyId} and seq = ${seq}
      returning id, sender_id)
    update idempotency_keys k
    set response = jsonb_set(k.response, '{text}', '""')
    from target t
    where k.user_id = t.sender_id and k.response ->> 'id' = t.id::text`;
}
