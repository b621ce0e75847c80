/** Uses that a node takes several at a time and spends by itself: most of them need no trip to the store. */
import type { RateLimiterAbstract, RateLimiterRes } from "rate-limiter-flexible";

/** Keys with uses left, for each limit. Beyond it the oldest is forgotten: its uses are lost for the rest of their time. */
const KEYS_MAX = 20_000;

interface Lease {
  uses: number;
  /** The store's count begins anew no earlier than this, by `performance.now()`: uses of one time are not spent in the next. */
  until: number;
}

/**
 * Takes a use of a key, as `consume` does: rejects with the library's result when none is left. The store counts `size` uses
 * at once, of which those within the limit are this node's: over all nodes there are never more than the limit has.
 */
export function leasing(limiter: RateLimiterAbstract, size: number): (key: string) => Promise<void> {
  const leases = new Map<string, Lease>();

  function spend(key: string): boolean {
    const lease = leases.get(key);
    if (!lease) return false;
    const isInTime = lease.until > performance.now();
    if (--lease.uses === 0 || !isInTime) leases.delete(key);
    return isInTime;
  }

  function add(key: string, uses: number, until: number): void {
    if (uses <= 0) return;
    // Of those that asked at the same time, each adds to what is left of the one before.
    const left = leases.get(key);
    leases.delete(key);
    leases.set(key, { uses: left && left.until > performance.now() ? left.uses + uses : uses, until });
    if (leases.size > KEYS_MAX) leases.delete(leases.keys().next().value!);
  }

  return async (key) => {
    if (spend(key)) return;
    const askedAt = performance.now();
    const counted: RateLimiterRes = await limiter.penalty(key, size);
    add(key, Math.min(size, limiter.points - counted.consumedPoints + size), askedAt + counted.msBeforeNext);
    if (!spend(key)) throw counted;
  };
}
