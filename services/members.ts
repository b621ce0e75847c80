/** Who is in a party: being let in or refused, leaving. Every change is made under the party's lock. */
import type { MemberDecision, Membership } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { appendNotice } from "./chat_log.ts";
import { recordEvent } from "./events.ts";
import { findStatus, noSuchMember, readMembership } from "./member_rows.ts";
import { leaveQueue, makeOffers } from "./offers.ts";
import { lockAsLeader, type LockedParty, lockParty, requireStarted, requireState } from "./party_lock.ts";
import { tellOfParty } from "./party_news.ts";
import type { PartyChanger } from "./party_rows.ts";
import { giveSeat } from "./party_seats.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/** A person's place in a party, and who asks about it. */
export interface MemberMove {
  partyId: string;
  callerId: string;
  userId: string;
}

/**
 * The leader accepts or rejects an applicant, or removes a member while the party is open, or sends somebody out of the
 * queue, whose order is not the leader's to change; deciding the same twice is fine. Throws `not-found`, `forbidden`,
 * `party-state`, `party-full`, `quantity-unavailable`.
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
    const isQueued = status === "rejected" && current === "waiting";
    requireState(party, "change the members", "open", ...(isQueued ? ["confirmed" as const] : []));
    const needed = status === "removed" ? "accepted" : "pending";
    if ((current !== needed && !isQueued) || userId === party.leaderId) {
      throw new Problem("party-state", `Cannot make the person ${status}: they are ${current}`);
    }
    if (status === "accepted") await giveSeat(deps, tx, party, { userId, givenBy: callerId });
    else if (status === "removed") await remove(deps, tx, party, userId);
    else await refuse(deps, tx, party, userId);
  });
  return await readMembership(deps, partyId, userId);
}

/** Whoever leaves an open party later than so long before its start is noted for it. */
const LATE_MS = 3 * 3600_000;

/**
 * Leaves, or takes an application back, while the party is open; the queue can be left at any time. With `isLate` also once
 * it is confirmed, until it starts: that, and leaving within 3 h of the start, is noted as a late cancellation. Throws
 * `not-found`, `party-state`.
 */
export async function leaveParty(
  deps: PartyChanger,
  { partyId, userId, isLate = false }: { partyId: string; userId: string; isLate?: boolean },
): Promise<void> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockParty(tx, partyId);
    const current = await readStatus(tx, party, userId);
    if (userId === party.leaderId) {
      throw new Problem("party-state", "Cannot leave the party: its leader cancels it instead");
    }
    if (current === "pending") return await withdrawApplication(deps, tx, party, userId);
    if (current === "waiting") return await leaveQueue(deps, tx, partyId, { userId, status: "left" });
    if (current !== "accepted") throw noSuchMember();
    requireLeavable(party, isLate, deps.clock.now());
    await takeBackSeat(deps, tx, party, userId, "left");
    await noteIfLate(deps, tx, party, userId);
  });
}

function requireLeavable(party: LockedParty, isLate: boolean, now: Date): void {
  if (party.status === "confirmed" && party.startsAt > now) {
    if (isLate) return;
    throw new Problem("party-state", "Cannot leave the party: it is confirmed, and leaving is a late cancellation now");
  }
  requireState(party, "leave the party", "open");
}

async function noteIfLate(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: LockedParty,
  userId: string,
): Promise<void> {
  const now = clock.now();
  if (party.status !== "confirmed" && party.startsAt.getTime() - now.getTime() > LATE_MS) return;
  await tx`
    insert into late_cancellations (party_id, user_id, created_at)
    values (${party.id}, ${userId}, ${now})
    on conflict (party_id, user_id) do nothing`;
}

/** The leader notes who came, from the party's start on. Throws `not-found`, `forbidden`, `party-state`, `party-not-started`, `checked-in`. */
export async function markAttendance(
  deps: PartyChanger,
  { partyId, callerId, userId }: MemberMove,
  attended: boolean,
): Promise<Membership> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireState(party, "note attendance", "confirmed", "done");
    requireStarted(party, "note attendance", deps.clock.now());
    const [member] = await tx<{ hasCheckedIn: boolean }[]>`
      select checked_in_at is not null as "hasCheckedIn"
      from party_members
      where party_id = ${partyId} and user_id = ${userId} and status = 'accepted'`;
    if (!member) throw noSuchMember();
    if (member.hasCheckedIn && !attended) {
      throw new Problem("checked-in", "Cannot note the person as absent: they have checked in");
    }
    await tx`
      update party_members
      set attended = ${attended}
      where party_id = ${partyId} and user_id = ${userId}`;
  });
  return await readMembership(deps, partyId, userId);
}

/** Gives back a locked party's seat and share, for those who wait, tells the chat, and notes how it ended. */
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
  tellOfParty(deps, tx, partyId);
  await makeOffers(deps, tx, partyId);
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
  await leaveQueue(deps, tx, party.id, { userId, status: "rejected" });
  await recordEvent(deps, tx, { type: "join.rejected", partyId: party.id, actorId: party.leaderId, userId });
}

async function readStatus(tx: TransactionSql, party: LockedParty, userId: string): Promise<Membership["status"]> {
  const status = await findStatus(tx, party.id, userId);
  if (!status) throw noSuchMember();
  return status;
}
