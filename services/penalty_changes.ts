/** Changes of what counts: the new count with the change itself, the cached one after it, through the outbox. */
import { PENALTIES_CHANGED, PenaltiesChanged } from "../contract/events.ts";
import { isStoreDown } from "./availability.ts";
import { recordEvent, retireEvents } from "./events.ts";
import { cachePenaltyCount, countPenalties } from "./penalty_counts.ts";
import type { Deps, TransactionSql } from "./ports.ts";

/**
 * To be called in the transaction that has just changed which penalties count: gives the person's penalties a new version, has a
 * worker tell the cache after the commit, and answers the new count. A caller with several people goes by ascending id: each is
 * locked.
 */
export async function publishPenaltyCount(
  deps: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  { partyId, userId }: { partyId: string; userId: string },
): Promise<number> {
  // Two statements: the first may wait for another penalty of this person, and only a later one sees what that one wrote.
  await tx`update users set penalty_version = penalty_version + 1 where id = ${userId}`;
  const [[fresh]] = await Promise.all([
    countPenalties(deps, tx, [userId]),
    recordEvent(deps, tx, { type: PENALTIES_CHANGED, partyId, actorId: null, userId }),
  ]);
  if (!fresh) throw new TypeError("a penalty for nobody");
  return fresh.count;
}

/**
 * What a worker does about {@link PENALTIES_CHANGED}: caches the count as it is now, then retires the event. While a store is
 * away the event stays, and the outbox brings it again: nothing else waits for it.
 */
export async function refreshPenaltyCount(
  deps: Pick<Deps, "sql" | "cache" | "clock" | "log">,
  message: { partyId: string; eventId: string },
): Promise<void> {
  try {
    const [event] = await deps.sql<{ payload: unknown }[]>`
      select payload
      from events
      where party_id = ${message.partyId} and id = ${message.eventId} and retired_at is null`;
    if (!event) return;
    const { userId } = PenaltiesChanged.parse(event.payload);
    const [fresh] = await countPenalties(deps, deps.sql, [userId]);
    if (fresh) await cachePenaltyCount(deps, fresh);
    await retireEvents(deps.sql, [message], deps.clock.now());
  } catch (error) {
    if (!isStoreDown(error)) throw error;
    deps.log.debug("a penalty count is not cached yet", { error });
  }
}
