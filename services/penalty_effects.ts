/** What counted penalties mean for joining parties: 1 is a note on the profile, 2 need the leader's word, 3 a pause. */
import { Problem } from "../contract/problems.ts";
import { PENALTY_WINDOW_MS } from "./penalty_counts.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";

/** From so many on, a leader's `autoAccept` does not hold for the person. */
const APPROVAL_FROM = 2;
/** From so many on, they join nothing for a while after the last. */
const SUSPENDED_FROM = 3;
const SUSPENDED_MS = 14 * 24 * 3600_000;

/** How a person stands. */
export interface Standing {
  needsApproval: boolean;
  /** No joining before this. */
  suspendedUntil: Date | null;
}

/** What so many counted penalties, the last of them at that time, mean. */
export function standingOf({ count, lastAt }: CountedPenalties): Standing {
  return {
    needsApproval: count >= APPROVAL_FROM,
    suspendedUntil: lastAt && count >= SUSPENDED_FROM ? new Date(lastAt.getTime() + SUSPENDED_MS) : null,
  };
}

/** The penalties of a person that count. */
export interface CountedPenalties {
  count: number;
  lastAt: Date | null;
}

/** The query of them, one row. */
export function countedPenalties(sql: Sql | TransactionSql, userId: string, now: Date) {
  return sql<CountedPenalties[]>`
    select count(*)::int as count, max(created_at) as "lastAt"
    from penalties
    where user_id = ${userId} and counts and created_at > ${new Date(now.getTime() - PENALTY_WINDOW_MS)}`;
}

/** How whoever has these stands. Throws `join-suspended`. */
export function requirePauseOver(counted: CountedPenalties, now: Date): Standing {
  const standing = standingOf(counted), until = standing.suspendedUntil;
  if (until && until > now) {
    throw new Problem("join-suspended", "Cannot join the party: too many penalties", { until: until.toISOString() });
  }
  return standing;
}

/**
 * How the person stands now. In a transaction that holds the person (`holdPerson`): no penalty comes between this and its
 * commit. Throws `join-suspended`.
 */
export async function requireUnsuspended(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  userId: string,
): Promise<Standing> {
  const now = clock.now();
  const [counted] = await countedPenalties(tx, userId, now);
  return requirePauseOver(counted!, now);
}
