/** Waiting for a party that is full: the offers that come of it, taken, declined or run out. */
import type { Membership } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { isStoreDown } from "./availability.ts";
import { holdPerson } from "./me.ts";
import { noSuchMember, readMembership } from "./member_rows.ts";
import { leaveQueue } from "./offers.ts";
import { requireUnsuspended } from "./penalty_effects.ts";
import { lockParty, lockPartyIfFree } from "./party_lock.ts";
import type { PartyChanger } from "./party_rows.ts";
import { takeOffer } from "./party_seats.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/**
 * Takes an offer, and with it a seat, or declines it and leaves the queue. Throws `not-found` for who never asked, and
 * `no-offer` when there is none, or it has run out, `join-suspended`.
 */
export async function answerOffer(
  deps: PartyChanger,
  { partyId, userId }: { partyId: string; userId: string },
  accept: boolean,
): Promise<Membership> {
  return await inTransaction(deps.sql, async (tx) => {
    await holdPerson(tx, userId);
    const party = await lockParty(tx, partyId);
    const now = deps.clock.now();
    const [member] = await tx<{ hasOffer: boolean }[]>`
      select coalesce(offer_until > ${now}, false) as "hasOffer"
      from party_members
      where party_id = ${partyId} and user_id = ${userId}`;
    if (!member) throw noSuchMember();
    if (!member.hasOffer || party.startsAt <= now) {
      throw new Problem("no-offer", "Cannot answer the offer: there is none, or it has run out");
    }
    if (accept) await requireUnsuspended(deps, tx, userId);
    if (accept) await takeOffer(deps, tx, party, userId);
    else await leaveQueue(deps, tx, partyId, { userId, status: "left" });
    return await readMembership({ ...deps, sql: sqlOf(tx) }, partyId, userId);
  });
}

type ExpiryDeps = Pick<Deps, "sql" | "clock" | "relay" | "log">;

/**
 * Ends up to `limit` offers whose time has run out, each party in a transaction of its own: once, whoever else does the same
 * or is killed in doing it. Who let it run out has left the queue; what was kept for them is offered to the next. A party
 * that somebody holds, or that fails, is left for the next time. Returns whether there may be more.
 */
export async function expireOffers(deps: ExpiryDeps, limit: number): Promise<boolean> {
  const due = await deps.sql<{ partyId: string }[]>`
    select party_id as "partyId"
    from party_members
    where offer_until <= ${deps.clock.now()}
    order by offer_until
    limit ${limit}`;
  let ended = 0;
  for (const partyId of new Set(due.map((each) => each.partyId))) {
    try {
      ended += await inTransaction(deps.sql, (tx) => expireIn(deps, tx, partyId));
    } catch (error) {
      if (isStoreDown(error)) throw error;
      deps.log.error("an offer whose time has run out was not ended", { partyId, error });
    }
  }
  return ended > 0 && due.length === limit;
}

async function expireIn(deps: ExpiryDeps, tx: TransactionSql, partyId: string): Promise<number> {
  if (!(await lockPartyIfFree(tx, partyId))) return 0;
  const overdue = await tx<{ userId: string }[]>`
    select user_id as "userId"
    from party_members
    where party_id = ${partyId} and offer_until <= ${deps.clock.now()}
    order by queue_no`;
  for (const { userId } of overdue) await leaveQueue(deps, tx, partyId, { userId, status: "left" });
  return overdue.length;
}
