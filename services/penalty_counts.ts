/**
 * How many penalties of a person count, of those of the last 90 days, from the cache. What is cached is never believed by itself: it
 * carries the `penalty_version` that it was counted at, and the moment at which the oldest penalty drops out. A flush, an
 * expiry, a lost write, a restart or the mere passing of time therefore cost a count, and never show a wrong number.
 */
import { CachedPenaltyCount } from "../contract/identity.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";

/** A penalty counts for this long. */
export const PENALTY_WINDOW_MS = 90 * 24 * 3600_000;
/** A count is cached for this long or, by chance, up to a tenth less: those of one flush are not all over at once. */
const CACHED_MS = 24 * 3600_000;

type CountDeps = Pick<Deps, "sql" | "cache" | "clock" | "log">;
type Counts = Map<string, number>;

/**
 * Loads under way, of each pool of connections by person and version. A transaction has none in common with others: what it sees
 * nobody else may, and it must not wait, with a connection in its hands, for somebody who waits for one.
 */
const loadsOf = new WeakMap<Sql, Map<string, Promise<Counts>>>();

/**
 * The counts of people whose `penalty_version` the caller has just read: one count for all who are not cached, and for all who ask
 * meanwhile. Whoever has read a newer version shares nothing with those who have not.
 */
export async function penaltyCounts(deps: CountDeps, versions: Map<string, number>): Promise<Counts> {
  const loads = loadsOf.getOrInsertComputed(deps.sql, () => new Map());
  // Version 0 is a person whom nobody ever penalised: most people.
  const wanted = [...versions].filter(([, version]) => version > 0);
  const alone = wanted.filter((each) => !loads.has(loadOf(each)));
  if (alone.length > 0) {
    const loading = load(deps, new Map(alone)).finally(() => alone.forEach((each) => loads.delete(loadOf(each))));
    for (const each of alone) loads.set(loadOf(each), loading);
  }
  const found = await Promise.all(wanted.map(async (each) => {
    const counts = await loads.get(loadOf(each))!;
    return [each[0], counts.get(each[0]) ?? 0] as const;
  }));
  return new Map(found);
}

function loadOf([userId, version]: [string, number]): string {
  return `${userId}:${version}`;
}

/** Not over before what was counted is cached: who comes next finds it there. */
async function load(deps: CountDeps, versions: Map<string, number>): Promise<Counts> {
  const entries = await Promise.all([...versions].map(async ([id, version]) => {
    return [id, await cachedCount(deps, id, version)] as const;
  }));
  const counts = new Map(entries.filter((entry): entry is [string, number] => entry[1] !== null));
  const missing = entries.filter(([, count]) => count === null).map(([id]) => id);
  if (missing.length === 0) return counts;
  const counted = await countPenalties(deps, deps.sql, missing);
  for (const { id, count } of counted) counts.set(id, count);
  await Promise.all(counted.map((fresh) => cachePenaltyCount(deps, fresh))).catch((error) =>
    deps.log.debug("penalty counts not cached", { error })
  );
  return counts;
}

/** A person's count, and what it was counted from. */
export interface Counted {
  id: string;
  version: number;
  count: number;
  oldestAt: Date | null;
}

/** Counts the penalties of these people. Version and count come from one snapshot, so that they belong together. */
export async function countPenalties(
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

/** Caches a count, unless one of the same or a newer version is there. Rejects when the cache is away. */
export async function cachePenaltyCount(
  { cache, clock }: Pick<Deps, "cache" | "clock">,
  { id, version, count, oldestAt }: Counted,
): Promise<void> {
  const now = clock.now().getTime(), jittered = CACHED_MS * (1 - Math.random() / 10);
  const staleAt = Math.floor(Math.min(now + jittered, oldestAt ? oldestAt.getTime() + PENALTY_WINDOW_MS : Infinity));
  const value: CachedPenaltyCount = { version, count, staleAt };
  await cache.setNewer(keyOf(id), version, JSON.stringify(value), Math.max(1, (staleAt - now) / 1000));
}

function keyOf(userId: string): string {
  return `penalty-count:${userId}`;
}
