/** Giving a seat of a party, with its share: to who has asked, and to who has taken an offer. */
import { Problem } from "../contract/problems.ts";
import { appendNotice, openRoom } from "./chat_log.ts";
import { recordEvent } from "./events.ts";
import { type LockedParty, seatsFree } from "./party_lock.ts";
import { tellOfParty } from "./party_news.ts";
import { closeRecruiting } from "./party_state.ts";
import type { Deps, TransactionSql } from "./ports.ts";

type SeatDeps = Pick<Deps, "clock" | "relay" | "log">;

/**
 * Lets an applicant of a locked, open party in, with what they wish for or, if that is less, what is left; nobody gives the
 * seat when it is there for the asking. The first one opens the chat; the last one confirms the party. Throws `party-full`,
 * and `quantity-unavailable` when less is left than they would make do with.
 */
export async function giveSeat(
  deps: SeatDeps,
  tx: TransactionSql,
  party: LockedParty,
  { userId, givenBy }: { userId: string; givenBy: string | null },
): Promise<void> {
  if (seatsFree(party) <= 0) throw new Problem("party-full", "Cannot accept the person: it is full");
  const [member] = await tx<{ quantity: number }[]>`
    update party_members
    set status = 'accepted', decided_at = ${deps.clock.now()},
      quantity = least(coalesce(quantity_wish, quantity), ${party.quantityLeft}::int)
    where party_id = ${party.id} and user_id = ${userId} and status = 'pending'
      and coalesce(quantity_min, quantity) <= ${party.quantityLeft}
    returning quantity`;
  if (!member) {
    throw new Problem("quantity-unavailable", `Cannot accept the person: ${party.quantityLeft} are left`);
  }
  await tx`
    update parties
    set member_count = member_count + 1, quantity_taken = quantity_taken + ${member.quantity}, version = version + 1
    where id = ${party.id}`;
  await welcome(deps, tx, party, { userId, givenBy });
}

/** Turns the offer of a person who waits into a seat: whoever is let in so fills what was kept. It must still stand. */
export async function takeOffer(deps: SeatDeps, tx: TransactionSql, party: LockedParty, userId: string): Promise<void> {
  await tx`
    update party_members
    set status = 'accepted', decided_at = ${deps.clock.now()}, quantity = offered_quantity, queue_no = null,
      offered_quantity = null, offer_until = null
    where party_id = ${party.id} and user_id = ${userId} and status = 'waiting'`;
  // What they take was counted as taken when it was offered.
  await tx`
    update parties
    set member_count = member_count + 1, seats_offered = seats_offered - 1, version = version + 1
    where id = ${party.id}`;
  await welcome(deps, tx, party, { userId, givenBy: null });
}

async function welcome(
  deps: SeatDeps,
  tx: TransactionSql,
  party: LockedParty,
  { userId, givenBy }: { userId: string; givenBy: string | null },
): Promise<void> {
  const partyId = party.id;
  await openRoom(deps, tx, { partyId, openedBy: party.leaderId });
  await appendNotice(deps, tx, { partyId, kind: "join", userId });
  await recordEvent(deps, tx, { type: "join.accepted", partyId, actorId: party.leaderId, userId });
  tellOfParty(deps, tx, partyId);
  if (party.status === "open" && party.memberCount + 1 === party.capacity) {
    await closeRecruiting(deps, tx, party, givenBy);
  }
}
