/** Asking for a place in a party: at once, or for the time when there is one. Made under the party's lock. */
import type { JoinRequest, Membership } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { readMembership } from "./member_rows.ts";
import { holdPerson } from "./me.ts";
import { type CountedPenalties, countedPenalties, requirePauseOver } from "./penalty_effects.ts";
import { type LockedParty, lockParty, seatsFree, selectParty } from "./party_lock.ts";
import { noSuchParty, type PartyChanger } from "./party_rows.ts";
import { giveSeat } from "./party_seats.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/** Who asks, and for which party. */
interface Which {
  partyId: string;
  userId: string;
}

/**
 * Asks for a place, of `quantity` or an even share of what is left, and of `quantityMin` at least; with `autoAccept` it is
 * given at once, unless the person's penalties are in the way. With `waitlist`, who finds no room waits in the queue
 * instead, also of a confirmed party. Who left may ask again. Throws `not-found`, `already-member`, `join-refused`,
 * `join-suspended`, `party-full`, `party-closed`, `quantity-unavailable`.
 */
export async function joinParty(
  deps: PartyChanger,
  { partyId, userId, ...request }: Which & JoinRequest,
): Promise<Membership> {
  const which = { partyId, userId }, { clock } = deps;
  // Of the many who want a last seat most are refused: by what is so when they ask, without waiting for those before them.
  judge(await look(deps, which), which, request, clock.now());
  return await inTransaction(deps.sql, async (tx) => {
    const scope = { ...deps, sql: sqlOf(tx) };
    // In this order, and together: each sees what those sees that its lock has waited for.
    const [, , seen] = await Promise.all([holdPerson(tx, userId), lockParty(tx, partyId), look(scope, which)]);
    const { party, ask, waits, needsApproval } = judge(seen, which, request, clock.now());
    if (waits) await requireAhead(deps, tx, party, ask);
    await Promise.all([
      addApplicant(deps, tx, party, ask, waits ? "waiting" : "pending"),
      party.autoAccept && !waits && !needsApproval
        ? giveSeat(deps, tx, party, { userId, givenBy: null })
        : waits || recordEvent(deps, tx, { type: "join.requested", partyId, actorId: userId, userId }),
    ]);
    return await readMembership(scope, partyId, userId);
  });
}

/** What decides over a place, all of one moment. */
interface Seen {
  party: LockedParty;
  /** What the person is to the party; `null` for who never asked. */
  current: Membership["status"] | null;
  penalties: CountedPenalties;
}

/** Looks at it: under the locks for good, without them for what was so at that moment. Throws `not-found`. */
async function look(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  { partyId, userId }: Which,
): Promise<Seen> {
  const [row] = await sql<(LockedParty & Pick<Seen, "current"> & CountedPenalties)[]>`
    select p.*, m.status as current, counted.count, counted."lastAt"
    from (${selectParty(sql)} where id = ${partyId}) p
    left join party_members m on m.party_id = p.id and m.user_id = ${userId}
    cross join (${countedPenalties(sql, userId, clock.now())}) counted`;
  if (!row) throw noSuchParty();
  const { current, count, lastAt, ...party } = row;
  return { party, current, penalties: { count, lastAt } };
}

/** What the person may ask for, and whether they have to wait for it. Throws what {@link joinParty} does. */
function judge({ party, current, penalties }: Seen, { userId }: Which, request: JoinRequest, now: Date) {
  requireOutside(current);
  const { needsApproval } = requirePauseOver(penalties, now);
  const ask = askOf(party, userId, request);
  // An offer is a seat without the leader's word.
  const waits = request.waitlist && !needsApproval && !hasRoom(party, ask);
  if (!waits) requireJoinable(party, ask, now);
  return { party, ask, waits, needsApproval };
}

function requireOutside(current: Seen["current"]): void {
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
