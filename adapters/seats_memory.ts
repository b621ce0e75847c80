/** The seats of one process: the embedded ones, and what those in Redis fall back on. */
import { SEAT_LEASE_MS, type SeatLimit, type Seats } from "../services/ports.ts";

/** Limits whose seats are multiplied by `factor`, but never below one. `leaseMs` is for the tests. */
export function openMemorySeats({ factor, leaseMs = SEAT_LEASE_MS }: { factor: number; leaseMs?: number }): Seats {
  /** When each holder's lease ends, the first to end first, by limit and key. A key without holders is not kept. */
  const taken = new Map<string, Map<string, number>>();

  function holdersOf(name: string): Map<string, number> {
    const holders = taken.get(name) ?? new Map<string, number>(), now = performance.now();
    for (const [holder, until] of holders) {
      if (until > now) break;
      holders.delete(holder);
    }
    return holders;
  }

  function prolong(name: string, holders: Map<string, number>, some: string[]): void {
    const until = performance.now() + leaseMs;
    for (const holder of some) {
      // Prolonged, it is the last to end: a `set` alone would leave it in its place.
      holders.delete(holder);
      holders.set(holder, until);
    }
    taken.set(name, holders);
  }

  return {
    take(limit, key, holder) {
      const name = nameOf(limit, key), holders = holdersOf(name);
      if (!holders.has(holder) && holders.size >= seatsOf(limit, factor)) return Promise.resolve(false);
      prolong(name, holders, [holder]);
      return Promise.resolve(true);
    },
    renew(limit, key, some) {
      const name = nameOf(limit, key);
      prolong(name, holdersOf(name), some);
      return Promise.resolve();
    },
    release(limit, key, holder) {
      const name = nameOf(limit, key), holders = holdersOf(name);
      holders.delete(holder);
      if (holders.size === 0) taken.delete(name);
      return Promise.resolve();
    },
  };
}

/** How many seats a limit stands for. */
export function seatsOf({ seats }: SeatLimit, factor: number): number {
  return Math.max(1, Math.round(seats * factor));
}

function nameOf({ name }: SeatLimit, key: string): string {
  return `${name}:${key}`;
}
