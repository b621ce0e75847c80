/** Who is in a party: asking, being let in or refused, leaving. Every change is made under the party's lock. */
import type { MemberDecision, Membership } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { appendNotice, openRoom } from "./chat_log.ts";
import { recordEvent } from "./events.ts";
import { noSuchMember, readMembership } from "./member_rows.ts";
import { holdPerson } from "./me.ts";
import { lockAsLeader, type LockedParty, lockParty, requireStarted, requireState } from "./party_lock.ts";
import type { PartyChanger } from "./party_rows.ts";
import { closeRecruiting } from "./party_state.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/** A person's place in a party, and who asks about it. */
export interface MemberMove {
  partyId: string;
  callerId: string;
  userId: string;
}

/**
 * Asks for a place, of `quantity` or an even share of what is left; with `autoAccept` it is given at once. Who left may
 * ask again. Throws `not-found`, `already-member`, `join-refused`, `party-full`, `party-closed`, `quantity-unavailable`.
 */
export async function joinParty(
  deps: PartyChanger,
  { partyId, userId, quantity }: { partyId: string; userId: string; quantity?: number | undefined },
): Promise<Membership> {
  return await inTransaction(deps.sql, async (tx) => {
    await holdPerson(tx, userId);
    const party = await lockParty(tx, partyId);
    await requireOutside(tx, party, userId);
    requireJoinable(party, deps.clock.now());
    await addApplicant(deps, tx, party, userId, quantity);
    if (party.autoAccept) await giveSeat(deps, tx, party, { userId, givenBy: null });
    else await recordEvent(deps, tx, { type: "join.requested", partyId, actorId: userId, userId });
    return await readMembership({ ...deps, sql: sqlOf(tx) }, partyId, userId);
  });
}

/**
 * The leader accepts or rejects an applicant, or removes a member while the party is open; deciding the same twice is fine.
 * Throws `not-found`, `forbidden`, `party-state`, `party-full`, `quantity-unavailable`.
 */
export async function decideMember(
  deps: PartyChanger,
  { partyId, callerId, userId }: MemberMove,
  { status }: MemberDecision,
): Promise<Membership> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    const current = await readStatus(tx, party, userId);
    if (current === status) return;
    requireState(party, "change the members", "open");
    const needed = status === "removed" ? "accepted" : "pending";
    if (current !== needed || userId === party.leaderId) {
      throw new Problem("party-state", `Cannot make the person ${status}: they are ${current}`);
    }
    if (status === "accepted") await giveSeat(deps, tx, party, { userId, givenBy: callerId });
    else if (status === "removed") await remove(deps, tx, party, userId);
    else await refuse(deps, tx, party, userId);
  });
  return await readMembership(deps, partyId, userId);
}

/** Leaves, or takes an application back, while the party is open. Throws `not-found`, `party-state`. */
export async function leaveParty(
  deps: PartyChanger,
  { partyId, userId }: { partyId: string; userId: string },
): Promise<void> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockParty(tx, partyId);
    const current = await readStatus(tx, party, userId);
    if (userId === party.leaderId) {
      throw new Problem("party-state", "Cannot leave the party: its leader cancels it instead");
    }
    if (current === "pending") return await withdrawApplication(deps, tx, party, userId);
    if (current !== "accepted") throw noSuchMember();
    requireState(party, "leave the party", "open");
    await takeBackSeat(deps, tx, party, userId, "left");
  });
}

/** The leader notes who came, from the party's start on. Throws `not-found`, `forbidden`, `party-state` and so on. */
export async function markAttendance(
  deps: PartyChanger,
  { partyId, callerId, userId }: MemberMove,
  attended: boolean,
): Promise<Membership> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireState(party, "note attendance", "confirmed", "done");
    requireStarted(party, "note attendance", deps.clock.now());
    const [marked] = await tx`
      update party_members
      set attended = ${attended}
      where party_id = ${partyId} and user_id = ${userId} and status = 'accepted'
      returning 1`;
    if (!marked) throw noSuchMember();
  });
  return await readMembership(deps, partyId, userId);
}

/** Gives back a locked party's seat and share, tells the chat, and notes how it ended. */
export async function takeBackSeat(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  party: Pick<LockedParty, "id">,
  userId: string,
  status: "left" | "removed",
): Promise<void> {
  const partyId = party.id;
  const [member] = await tx<{ quantity: number }[]>`
    update party_members
    set status = ${status}, decided_at = ${deps.clock.now()}
    where party_id = ${partyId} and user_id = ${userId} and status = 'accepted' and role = 'member'
    returning quantity`;
  if (!member) throw noSuchMember();
  await tx`
    update parties
    set member_count = member_count - 1, quantity_taken = quantity_taken - ${member.quantity}, version = version + 1
    where id = ${partyId}`;
  await appendNotice(deps, tx, { partyId, kind: status === "left" ? "leave" : "removed", userId });
}

/** Takes an application back, whatever the party's state. */
export async function withdrawApplication(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: Pick<LockedParty, "id">,
  userId: string,
): Promise<void> {
  await tx`
    update party_members
    set status = 'left', decided_at = ${clock.now()}
    where party_id = ${party.id} and user_id = ${userId} and status = 'pending'`;
}

async function requireOutside(tx: TransactionSql, party: LockedParty, userId: string): Promise<void> {
  const current = await findStatus(tx, party.id, userId);
  if (current === "pending" || current === "accepted") {
    throw new Problem("already-member", `Cannot join the party: the person is ${current} already`);
  }
  if (current === "rejected" || current === "removed") {
    throw new Problem("join-refused", `Cannot join the party: the person was ${current}`);
  }
}

function requireJoinable(party: LockedParty, now: Date): void {
  const closed = (why: string) => new Problem("party-closed", `Cannot join the party: ${why}`);
  if (party.status === "done" || party.status === "cancelled") throw closed(`it is ${party.status}`);
  if (party.memberCount >= party.capacity) throw new Problem("party-full", "Cannot join the party: it is full");
  if (party.status === "confirmed") throw closed("its leader has closed it");
  if (party.joinUntil <= now) throw closed("its time to join is over");
}

async function addApplicant(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: LockedParty,
  userId: string,
  asked: number | undefined,
): Promise<void> {
  const quantity = asked ?? Math.floor(party.quantityLeft / (party.capacity - party.memberCount));
  if (quantity < 1 || quantity > party.quantityLeft) {
    throw new Problem("quantity-unavailable", `Cannot join the party: ${party.quantityLeft} are left`);
  }
  await tx`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at)
    values (${party.id}, ${userId}, 'member', 'pending', ${quantity}, ${clock.now()})
    on conflict (party_id, user_id) do update
    set status = excluded.status, quantity = excluded.quantity, requested_at = excluded.requested_at,
      decided_at = null, joined_seq = null`;
}

/**
 * Lets an applicant of a locked, open party in; nobody gives the seat when it is there for the asking. The first one opens
 * the chat; the last one confirms the party.
 */
async function giveSeat(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  party: LockedParty,
  { userId, givenBy }: { userId: string; givenBy: string | null },
): Promise<void> {
  if (party.memberCount >= party.capacity) throw new Problem("party-full", "Cannot accept the person: it is full");
  const partyId = party.id;
  const [member] = await tx<{ quantity: number }[]>`
    update party_members
    set status = 'accepted', decided_at = ${deps.clock.now()}
    where party_id = ${partyId} and user_id = ${userId} and status = 'pending'
    returning quantity`;
  if (!member) throw noSuchMember();
  if (member.quantity > party.quantityLeft) {
    throw new Problem("quantity-unavailable", `Cannot accept the person: ${party.quantityLeft} are left`);
  }
  await tx`
    update parties
    set member_count = member_count + 1, quantity_taken = quantity_taken + ${member.quantity}, version = version + 1
    where id = ${partyId}`;
  await openRoom(deps, tx, { partyId, openedBy: party.leaderId });
  await appendNotice(deps, tx, { partyId, kind: "join", userId });
  await recordEvent(deps, tx, { type: "join.accepted", partyId, actorId: party.leaderId, userId });
  if (party.memberCount + 1 === party.capacity) await closeRecruiting(deps, tx, party, givenBy);
}

async function remove(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  party: LockedParty,
  userId: string,
): Promise<void> {
  await takeBackSeat(deps, tx, party, userId, "removed");
  await recordEvent(deps, tx, { type: "member.removed", partyId: party.id, actorId: party.leaderId, userId });
}

async function refuse(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  party: LockedParty,
  userId: string,
): Promise<void> {
  await tx`
    update party_members
    set status = 'rejected', decided_at = ${deps.clock.now()}
    where party_id = ${party.id} and user_id = ${userId} and status = 'pending'`;
  await recordEvent(deps, tx, { type: "join.rejected", partyId: party.id, actorId: party.leaderId, userId });
}

async function readStatus(tx: TransactionSql, party: LockedParty, userId: string): Promise<Membership["status"]> {
  const status = await findStatus(tx, party.id, userId);
  if (!status) throw noSuchMember();
  return status;
}

async function findStatus(tx: TransactionSql, partyId: string, userId: string) {
  const [member] = await tx<Pick<Membership, "status">[]>`
    select status
    from party_members
    where party_id = ${partyId} and user_id = ${userId}`;
  return member?.status;
}
