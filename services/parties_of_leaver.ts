/** What a person's withdrawal means for their parties. */
import { takeBackSeat, withdrawApplication } from "./members.ts";
import { leaveQueue } from "./offers.ts";
import { lockParty } from "./party_lock.ts";
import { cancelLocked } from "./party_state.ts";
import type { Deps, TransactionSql } from "./ports.ts";

/**
 * Cancels the parties they lead that are not over, and takes them out of those of others, with everyone told as usual.
 * What is done or cancelled stays as it is. For the transaction that withdraws the person.
 */
export async function leaveAllParties(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  userId: string,
): Promise<void> {
  // In one order for everybody: two who leave at once wait for each other instead of locking each other out.
  const memberships = await tx<{ partyId: string }[]>`
    select m.party_id as "partyId"
    from party_members m
    join parties p on p.id = m.party_id
    where m.user_id = ${userId}
      and m.status in ('pending', 'waiting', 'accepted')
      and p.status in ('open', 'confirmed')
    order by m.party_id`;
  for (const { partyId } of memberships) await leaveOne(deps, tx, partyId, userId);
}

async function leaveOne(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  partyId: string,
  userId: string,
): Promise<void> {
  const party = await lockParty(tx, partyId);
  if (party.status !== "open" && party.status !== "confirmed") return;
  if (party.leaderId === userId) return await cancelLocked(deps, tx, party, { actorId: userId });
  const [member] = await tx<{ status: string }[]>`
    select status
    from party_members
    where party_id = ${partyId} and user_id = ${userId}`;
  if (member?.status === "pending") await withdrawApplication(deps, tx, party, userId);
  if (member?.status === "waiting") await leaveQueue(deps, tx, partyId, { userId, status: "left" });
  if (member?.status === "accepted") await takeBackSeat(deps, tx, party, userId, "left");
}
