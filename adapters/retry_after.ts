/** The header by which a busy service says when to come again. */

/** Milliseconds, of seconds or a date, the date measured by the other's own clock (`Date`) where it tells it. */
export function retryAfterMs(
  retryAfter: string | null | undefined,
  date: string | null | undefined,
): number | undefined {
  const value = retryAfter?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const waitMs = Date.parse(value) - Date.parse(date ?? "");
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}
