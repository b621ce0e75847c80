/** Korean time, wherever the reader is: its days, and what a `datetime-local` field holds, read as such. It has no summer time. */

const HOUR_MS = 3600_000, DAY_MS = 24 * HOUR_MS, AHEAD_MS = 9 * HOUR_MS;

/** An instant as a field has it: `2026-12-03T14:30`. */
export function toField(instant: string | number): string {
  return new Date(new Date(instant).getTime() + AHEAD_MS).toISOString().slice(0, 16);
}

/** The days since 1970 began in Korea: two instants are of one day when it is the same. */
export function koreanDay(instant: string | number): number {
  return Math.floor((new Date(instant).getTime() + AHEAD_MS) / DAY_MS);
}

/** A span as it is said: in calendar days from a day on, else in whole hours or minutes; negative for the past. */
export function spanTo(instant: string, nowMs: number): { unit: "day" | "hour" | "minute"; count: number } {
  const ms = Date.parse(instant) - nowMs;
  if (Math.abs(ms) >= DAY_MS) return { unit: "day", count: koreanDay(instant) - koreanDay(nowMs) };
  const [unit, lengthMs] = Math.abs(ms) >= HOUR_MS ? ["hour", HOUR_MS] as const : ["minute", 60_000] as const;
  return { unit, count: Math.trunc(ms / lengthMs) };
}

/** What a field has as an instant in UTC. */
export function fromField(field: string): string {
  return new Date(`${field}+09:00`).toISOString();
}

/** A field's time so many milliseconds later. */
export function later(field: string, ms: number): string {
  return toField(Date.parse(fromField(field)) + ms);
}
