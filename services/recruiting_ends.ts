/** What becomes of a party that still recruits when its time to join is over. */
import { isStoreDown } from "./availability.ts";
import { lockOverdueParty } from "./party_lock.ts";
import { cancelLocked, closeRecruiting } from "./party_state.ts";
import type { Deps } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

type EndingDeps = Pick<Deps, "sql" | "clock" | "relay" | "log">;

/**
 * Looks up to `limit` open parties up whose `joinUntil` has passed, and ends each in a transaction of its own: once, whoever
 * else does the same or is killed in doing it. One that somebody holds, or that fails, is left for the next time. Returns
 * whether there may be more that it could end.
 */
export async function endRecruitings(deps: EndingDeps, limit: number): Promise<boolean> {
  const overdue = await deps.sql<{ id: string }[]>`
    select id
    from parties
    where status = 'open' and join_until <= ${deps.clock.now()}
      -- While its only neighbour to be has an offer, what becomes of it is theirs to say: a matter of minutes.
      and (member_count > 1 or seats_offered = 0)
    order by join_until
    limit ${limit}`;
  let ended = 0;
  for (const { id } of overdue) {
    try {
      if (await endRecruiting(deps, id)) ended += 1;
    } catch (error) {
      if (isStoreDown(error)) throw error;
      deps.log.error("a party whose time to join is over was not ended", { partyId: id, error });
    }
  }
  return ended > 0 && overdue.length === limit;
}

/** Confirmed when at least one neighbour is in, else cancelled; as if its leader had done it, but that they are told too. */
async function endRecruiting(deps: EndingDeps, partyId: string): Promise<boolean> {
  return await inTransaction(deps.sql, async (tx) => {
    const party = await lockOverdueParty(tx, partyId, deps.clock.now());
    if (!party) return false;
    if (party.memberCount > 1) await closeRecruiting(deps, tx, party, null);
    else await cancelLocked(deps, tx, party, { actorId: null });
    return true;
  });
}
