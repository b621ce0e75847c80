/** Asking for a place in a party: at once, or for the time when there is one. Made under the party's lock. */
import type { JoinRequest, Membership } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { findStatus, readMembership } from "./member_rows.ts";
import { holdPerson } from "./me.ts";
import { requireUnsuspended } from "./penalty_effects.ts";
import { type LockedParty, lockParty, seatsFree } from "./party_lock.ts";
import type { PartyChanger } from "./party_rows.ts";
import { giveSeat } from "./party_seats.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/**
 * Asks for a place, of `quantity` or an even share of what is left, and of `quantityMin` at least; with `autoAccept` it is
 * given at once, unless the person's penalties are in the way. With `waitlist`, who finds no room waits in the queue
 * instead, also of a confirmed party. Who left may ask again. Throws `not-found`, `already-member`, `join-refused`,
 * `join-suspended`, `party-full`, `party-closed`, `quantity-unavailable`.
 */
export async function joinParty(
  deps: PartyChanger,
  { partyId, userId, ...request }: { partyId: string; userId: string } & JoinRequest,
): Promise<Membership> {
  return await inTransaction(deps.sql, async (tx) => {
    await holdPerson(tx, userId);
    const party = await lockParty(tx, partyId);
    await requireOutside(tx, party, userId);
    const { needsApproval } = await requireUnsuspended(deps, tx, userId);
    const ask = askOf(party, userId, request);
    // An offer is a seat without the leader's word.
    const waits = request.waitlist && !needsApproval && !hasRoom(party, ask);
    if (waits) await requireAhead(deps, tx, party, ask);
    else requireJoinable(party, ask, deps.clock.now());
    await addApplicant(deps, tx, party, ask, waits ? "waiting" : "pending");
    if (party.autoAccept && !waits && !needsApproval) await giveSeat(deps, tx, party, { userId, givenBy: null });
    else if (!waits) await recordEvent(deps, tx, { type: "join.requested", partyId, actorId: userId, userId });
    return await readMembership({ ...deps, sql: sqlOf(tx) }, partyId, userId);
  });
}

async function requireOutside(tx: TransactionSql, party: LockedParty, userId: string): Promise<void> {
  const current = await findStatus(tx, party.id, userId);
  if (current === "pending" || current === "waiting" || current === "accepted") {
    throw new Problem("already-member", `Cannot join the party: the person is ${current} already`);
  }
  if (current === "rejected" || current === "removed") {
    throw new Problem("join-refused", `Cannot join the party: the person was ${current}`);
  }
}

/** What somebody asks for: at least `min`, at best `wish`. */
interface Ask {
  userId: string;
  min: number;
  wish: number;
}

/** Who names no amount means an even share: of what is left, or, where that is nothing, of the pack. */
function askOf(party: LockedParty, userId: string, { quantity, quantityMin }: JoinRequest): Ask {
  const seats = seatsFree(party), ofLeft = seats > 0 ? Math.floor(party.quantityLeft / seats) : 0;
  const evenly = ofLeft || Math.max(1, Math.floor(party.quantity / party.capacity));
  const wish = quantity ?? Math.max(evenly, quantityMin ?? 0);
  return { userId, wish, min: quantityMin ?? wish };
}

function hasRoom(party: LockedParty, { min }: Ask): boolean {
  return seatsFree(party) > 0 && min <= party.quantityLeft;
}

const closed = (why: string) => new Problem("party-closed", `Cannot join the party: ${why}`);

/** One waits for what is still to come, and of which there could ever be enough. */
async function requireAhead(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: LockedParty,
  { min }: Ask,
): Promise<void> {
  if (party.status === "done" || party.status === "cancelled") throw closed(`it is ${party.status}`);
  if (party.startsAt <= clock.now()) throw closed("it has started");
  const [leader] = await tx<{ quantity: number }[]>`
    select quantity from party_members where party_id = ${party.id} and role = 'leader'`;
  if (min <= party.quantity - leader!.quantity) return;
  throw new Problem("quantity-unavailable", "Cannot wait for the party: it never has so much to give");
}

function requireJoinable(party: LockedParty, { min }: Ask, now: Date): void {
  if (party.status === "done" || party.status === "cancelled") throw closed(`it is ${party.status}`);
  if (seatsFree(party) <= 0) throw new Problem("party-full", "Cannot join the party: it is full");
  if (party.status === "confirmed") throw closed("its leader has closed it");
  if (party.joinUntil <= now) throw closed("its time to join is over");
  if (min > party.quantityLeft) {
    throw new Problem("quantity-unavailable", `Cannot join the party: ${party.quantityLeft} are left`);
  }
}

async function addApplicant(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: LockedParty,
  { userId, min, wish }: Ask,
  status: "pending" | "waiting",
): Promise<void> {
  const place = status === "waiting"
    ? tx`(select coalesce(max(queue_no), 0) + 1 from party_members where party_id = ${party.id})`
    : null;
  await tx`
    insert into party_members (party_id, user_id, role, status, quantity, quantity_wish, quantity_min, queue_no,
      requested_at)
    values (${party.id}, ${userId}, 'member', ${status}, ${wish}, ${wish}, ${min}, ${place},
      ${clock.now()})
    on conflict (party_id, user_id) do update
    set status = excluded.status, quantity = excluded.quantity, quantity_wish = excluded.quantity_wish,
      quantity_min = excluded.quantity_min, queue_no = excluded.queue_no, requested_at = excluded.requested_at,
      decided_at = null, joined_seq = null`;
}
