/** Penalties: the leader of a done party marks those who were in and did not come. */
import type { PenaltyOrder, PenaltyResult } from "../contract/penalties.ts";
import { Problem } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { newId } from "./ids.ts";
import { lockAsLeader, requireStarted, requireState } from "./party_lock.ts";
import { publishPenaltyCount } from "./penalty_changes.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/**
 * Gives each person one penalty for this party, all of them or none; who has one already is told apart. The unique key
 * decides. Throws `not-found`, `forbidden`, `party-not-started`, `party-state`, `not-penalisable`.
 */
export async function penalise(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
  { partyId, callerId }: { partyId: string; callerId: string },
  { userIds, reason }: PenaltyOrder,
): Promise<PenaltyResult> {
  return await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireStarted(party, "give penalties", deps.clock.now());
    requireState(party, "give penalties", "done");
    await markAbsent(tx, partyId, userIds);
    const added = await addPenalties(deps, tx, { partyId, userIds, reason: reason ?? "" });
    const penalised = [];
    for (const userId of added.toSorted()) {
      penalised.push({ userId, penaltyCount: await publishPenaltyCount(deps, tx, { partyId, userId }) });
      const about = { partyId, actorId: callerId, userId, reason: reason ?? null };
      await recordEvent(deps, tx, { type: "penalty.received", ...about });
    }
    return { penalised, already: userIds.filter((userId) => !added.includes(userId)) };
  });
}

/** Only who was in, and is not known to have come. From now on they are known not to have. */
async function markAbsent(tx: TransactionSql, partyId: string, userIds: string[]): Promise<void> {
  const absent = await tx<{ userId: string }[]>`
    update party_members
    set attended = false
    where party_id = ${partyId}
      and user_id in ${tx(userIds)}
      and role = 'member'
      and status = 'accepted'
      and attended is not true
    returning user_id as "userId"`;
  const wrong = userIds.filter((userId) => !absent.some((each) => each.userId === userId));
  if (wrong.length === 0) return;
  throw new Problem("not-penalisable", "Cannot give penalties: only to members who were in and did not come", {
    errors: wrong.map((userId) => ({
      pointer: `/userIds/${userIds.indexOf(userId)}`,
      detail: "attended, or was never in",
    })),
  });
}

async function addPenalties(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  { partyId, userIds, reason }: { partyId: string; userIds: string[]; reason: string },
): Promise<string[]> {
  const rows = userIds.map((userId) => ({
    party_id: partyId,
    user_id: userId,
    id: newId({ clock }),
    reason,
    created_at: clock.now(),
  }));
  const added = await tx<{ userId: string }[]>`
    insert into penalties ${tx(rows)}
    on conflict (party_id, user_id) do nothing
    returning user_id as "userId"`;
  return added.map(({ userId }) => userId);
}
