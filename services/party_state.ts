/** The state machine of a party: open → confirmed → done | cancelled, and open → cancelled. */
import type { Party } from "../contract/parties.ts";
import { recordEvent } from "./events.ts";
import { takeBackOffers } from "./offers.ts";
import { lockAsLeader, type LockedParty, requireStarted, requireState } from "./party_lock.ts";
import { tellOfParty } from "./party_news.ts";
import { noSuchParty, type PartyChanger, readParty } from "./party_rows.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { fillShares } from "./share_filling.ts";
import { inTransaction } from "./transaction.ts";

/** Which party, and who asks. */
export interface PartyMove {
  partyId: string;
  callerId: string;
}

/** The leader closes the recruiting: open → confirmed. Throws `not-found`, `forbidden`, `party-state`. */
export async function confirmParty(deps: PartyChanger, { partyId, callerId }: PartyMove): Promise<Party> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireState(party, "confirm the party", "open");
    await closeRecruiting(deps, tx, party, callerId);
  });
  return await readParty(deps, partyId, callerId);
}

/** The leader ends the party from its start on: confirmed → done. Throws as {@link confirmParty}, `party-not-started`. */
export async function completeParty(deps: PartyChanger, { partyId, callerId }: PartyMove): Promise<Party> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireState(party, "complete the party", "confirmed");
    requireStarted(party, "complete the party", deps.clock.now());
    await setStatus(deps, tx, party, "done");
  });
  return await readParty(deps, partyId, callerId);
}

/** The leader calls the party off: open | confirmed → cancelled, and all concerned hear of it. Throws as above. */
export async function cancelParty(
  deps: PartyChanger,
  { partyId, callerId, reason }: PartyMove & { reason?: string | undefined },
): Promise<Party> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireState(party, "cancel the party", "open", "confirmed");
    await cancelLocked(deps, tx, party, { actorId: callerId, reason });
  });
  return await readParty(deps, partyId, callerId);
}

/**
 * Cancels a locked party; `actorId` is `null` when its time has run out. Who was in or waited stays so: they are told, and
 * still read the chat.
 */
export async function cancelLocked(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  party: LockedParty,
  { actorId, reason = null }: { actorId: string | null; reason?: string | null | undefined },
): Promise<void> {
  await setStatus(deps, tx, party, "cancelled", reason);
  await takeBackOffers(tx, party.id);
  await recordEvent(deps, tx, { type: "party.cancelled", partyId: party.id, actorId, reason });
}

/**
 * open → confirmed for a locked party. `actorId` closed it, `null` when its last seat was taken or its time has run out. Its
 * pack is divided among those who are in by their wishes; who still waits for an answer gets a no, the queue stays.
 */
export async function closeRecruiting(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  party: LockedParty,
  actorId: string | null,
): Promise<void> {
  const about = { partyId: party.id, actorId };
  await setStatus(deps, tx, party, "confirmed");
  await fillShares(tx, party.id);
  await recordEvent(deps, tx, { type: "party.confirmed", ...about });
  const refused = await tx<{ userId: string }[]>`
    update party_members
    set status = 'rejected', decided_at = ${deps.clock.now()}
    where party_id = ${party.id} and status = 'pending'
    returning user_id as "userId"`;
  for (const { userId } of refused) await recordEvent(deps, tx, { type: "join.rejected", ...about, userId });
}

/** Moves a locked party. A place of its own is looked at by the nearby search only while the party is open. */
async function setStatus(
  deps: Pick<Deps, "relay" | "log">,
  tx: TransactionSql,
  party: LockedParty,
  status: LockedParty["status"],
  reason: string | null = null,
): Promise<void> {
  const [moved] = await tx<{ marketId: string }[]>`
    update parties
    set status = ${status}, cancel_reason = ${reason}, version = version + 1
    where id = ${party.id} and status = ${party.status}
    returning market_id as "marketId"`;
  if (!moved) throw noSuchParty();
  await tx`
    update markets
    set listed = false
    where id = ${moved.marketId} and source = 'place' and listed`;
  tellOfParty(deps, tx, party.id);
}
