/** The limiter of one process: the embedded one, and what the one in Redis falls back on. */
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Limit, Limiter } from "../services/ports.ts";

/** Keys counted for each limit. Beyond it the least recently used is forgiven, so that a flood of keys fills no memory. */
const KEYS_MAX = 20_000;

/** Limits whose points are multiplied by `factor`, but never below one. */
export function openMemoryLimiter({ factor }: { factor: number }): Limiter {
  const countOf = perLimit((limit) => bounded(new RateLimiterMemory(optionsOf(limit, factor))));
  return { take: (limit, key) => untilFree(countOf(limit)(key)) };
}

function bounded(limiter: RateLimiterMemory): (key: string) => Promise<unknown> {
  const recent = new Set<string>();
  return (key) => {
    recent.delete(key);
    recent.add(key);
    if (recent.size > KEYS_MAX) {
      const [oldest] = recent;
      recent.delete(oldest!);
      limiter.delete(oldest!);
    }
    return limiter.consume(key);
  };
}

/** The library's options for a limit. */
export function optionsOf(
  { points, durationS, isFixed }: Limit,
  factor: number,
): { points: number; duration: number } {
  return { points: isFixed ? points : Math.max(1, Math.round(points * factor)), duration: durationS };
}

/** Makes what a limit needs once, at its first use. */
export function perLimit<T>(make: (limit: Limit) => T): (limit: Limit) => T {
  const made = new Map<string, T>();
  return (limit) => {
    const id = `${limit.name}:${limit.points}:${limit.durationS}`;
    return made.get(id) ?? made.set(id, make(limit)).get(id)!;
  };
}

/** The library rejects with a result, which is no error, when nothing is left. */
export async function untilFree(consumed: ReturnType<RateLimiterAbstract["consume"]> | Promise<unknown>) {
  try {
    await consumed;
    return null;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return { retryAfterS: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)) };
  }
}
