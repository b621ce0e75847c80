/** What a `datetime-local` field holds, read as Korean time wherever the reader is. */

const AHEAD_MS = 9 * 3600_000;

/** An instant as a field has it: `2026-12-03T14:30`. */
export function toField(instant: string | number): string {
  return new Date(new Date(instant).getTime() + AHEAD_MS).toISOString().slice(0, 16);
}

/** What a field has as an instant in UTC. */
export function fromField(field: string): string {
  return new Date(`${field}+09:00`).toISOString();
}

/** A field's time so many milliseconds later. */
export function later(field: string, ms: number): string {
  return toField(Date.parse(fromField(field)) + ms);
}
