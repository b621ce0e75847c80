/** Pushes that wait for the end of quiet hours, and the leases from which they can be told. */
import type { Deps } from "./ports.ts";

/** Longer than a push and its writing down can take: after it the browser is another's to push to. */
export const PUSH_LEASE_MS = 30_000;

/** The person has chosen anew: what waits for the end of their quiet hours is looked at again, now. */
export async function endQuiet({ sql, clock }: Pick<Deps, "sql" | "clock">, userId: string): Promise<void> {
  const now = clock.now();
  await sql`
    update push_subscriptions
    set due_at = ${now}
    -- Not those on a lease, nor those whose push service is not to be asked yet.
    where user_id = ${userId} and due_at > ${new Date(now.getTime() + PUSH_LEASE_MS)} and attempts = 0`;
}
