/**
 * How many penalties of a person count, of those of the last 90 days, from the cache. What is cached is never believed by itself: it
 * carries the `penalty_version` that it was counted at, and the moment at which the oldest penalty drops out. A flush, an
 * expiry, a lost write, a restart or the mere passing of time therefore cost a count, and never show a wrong number.
 */
import { CachedPenaltyCount } from "../contract/identity.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { afterCommit } from "./transaction.ts";

/** A penalty counts for this long. */
export const PENALTY_WINDOW_MS = 90 * 24 * 3600_000;
const CACHED_S = 24 * 3600;

type CountDeps = Pick<Deps, "sql" | "cache" | "clock" | "log">;

/** The counts of people whose `penalty_version` the caller has just read: one count for all who are not cached. */
export async function penaltyCounts(deps: CountDeps, versions: Map<string, number>): Promise<Map<string, number>> {
  const entries = await Promise.all([...versions].map(async ([id, version]) => {
    // Version 0 is a person whom nobody ever penalised: most people.
    return [id, version === 0 ? 0 : await cachedCount(deps, id, version)] as const;
  }));
  const counts = new Map(entries.filter((entry): entry is [string, number] => entry[1] !== null));
  const missing = entries.filter(([, count]) => count === null).map(([id]) => id);
  if (missing.length === 0) return counts;
  for (const fresh of await countPenalties(deps, deps.sql, missing)) {
    counts.set(fresh.id, fresh.count);
    remember(deps, fresh);
  }
  return counts;
}

/**
 * To be called in the transaction that has just changed which penalties count: gives the person's penalties a new version, tells the
 * cache after the commit, and answers the new count. A caller with several people goes by ascending id: each is locked.
 */
export async function publishPenaltyCount(
  deps: Pick<Deps, "cache" | "clock" | "log">,
  tx: TransactionSql,
  userId: string,
): Promise<number> {
  // Two statements: the first may wait for another penalty of this person, and only a later one sees what that one wrote.
  await tx`update users set penalty_version = penalty_version + 1 where id = ${userId}`;
  const [fresh] = await countPenalties(deps, tx, [userId]);
  if (!fresh) throw new TypeError("a penalty for nobody");
  afterCommit(tx, () => remember(deps, fresh));
  return fresh.count;
}

interface Counted {
  id: string;
  version: number;
  count: number;
  oldestAt: Date | null;
}

/** Version and count come from one snapshot, so that they belong together. */
async function countPenalties(
  { clock }: Pick<Deps, "clock">,
  sql: Sql | TransactionSql,
  userIds: string[],
): Promise<Counted[]> {
  const since = new Date(clock.now().getTime() - PENALTY_WINDOW_MS);
  return await sql<Counted[]>`
    select u.id, u.penalty_version as version, count(p.id)::int as count, min(p.created_at) as "oldestAt"
    from users u left join penalties p on p.user_id = u.id and p.counts and p.created_at > ${since}
    where u.id = any(${userIds}::uuid[])
    group by u.id`;
}

async function cachedCount({ cache, clock, log }: CountDeps, userId: string, version: number): Promise<number | null> {
  try {
    const text = await cache.get(keyOf(userId));
    if (text === null) return null;
    const cached = CachedPenaltyCount.parse(JSON.parse(text));
    return cached.version === version && cached.staleAt > clock.now().getTime() ? cached.count : null;
  } catch (error) {
    log.debug("penalty count not read from the cache", { error });
    return null;
  }
}

function remember({ cache, clock, log }: Pick<Deps, "cache" | "clock" | "log">, fresh: Counted): void {
  const { id, version, count, oldestAt } = fresh, now = clock.now().getTime();
  const staleAt = Math.min(now + CACHED_S * 1000, oldestAt ? oldestAt.getTime() + PENALTY_WINDOW_MS : Infinity);
  const value: CachedPenaltyCount = { version, count, staleAt };
  const ttlS = Math.max(1, Math.ceil((staleAt - now) / 1000));
  cache.setNewer(keyOf(id), version, JSON.stringify(value), ttlS)
    .catch((error) => log.debug("penalty count not cached", { error }));
}

function keyOf(userId: string): string {
  return `penalty-count:${userId}`;
}
