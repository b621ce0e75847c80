/** Reminders of a party's start: one 24 hours before it, one 2 hours before. `remind_at` of the party is the next one's time. */
import { recordEvent } from "./events.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

const HOURS_BEFORE = [24, 2] as const;
const HOUR_MS = 3600_000;

/** When the next reminder of a start is due, seen from this instant; `null` when the times of all have passed. */
export function nextReminderAt(startsAt: Date, now: Date): Date | null {
  return HOURS_BEFORE.map((hours) => timeOf(startsAt, hours)).find((time) => time > now) ?? null;
}

/**
 * Takes up to `limit` parties whose reminder is due and records the events, in one transaction with the mark that they have
 * been: each once, whoever else does the same or is killed in doing it. One that comes too late gives way to the next, and
 * none comes after the start. Returns whether more may be due.
 */
export async function remindDue(
  deps: Pick<Deps, "sql" | "clock" | "relay" | "log">,
  limit: number,
): Promise<boolean> {
  const now = deps.clock.now();
  return await inTransaction(deps.sql, async (tx) => {
    const due = await claimDue(tx, now, limit);
    // Sent together: a round trip for all, not one for each.
    await Promise.all([
      markReminded(tx, due, now),
      ...due.map((party) => {
        const hoursBefore = reminderOf(party, now), { partyId } = party;
        return hoursBefore && recordEvent(deps, tx, { type: "party.reminder", partyId, actorId: null, hoursBefore });
      }),
    ]);
    return due.length === limit;
  });
}

interface DueParty {
  partyId: string;
  startsAt: Date;
  remindAt: Date;
}

/** Whoever holds one of them may be moving it or calling it off: it is passed over. */
async function claimDue(tx: TransactionSql, now: Date, limit: number): Promise<DueParty[]> {
  return await tx<DueParty[]>`
    select id as "partyId", starts_at as "startsAt", remind_at as "remindAt"
    from parties
    where status in ('open', 'confirmed') and remind_at <= ${now}
    order by remind_at
    limit ${limit}
    for no key update skip locked`;
}

async function markReminded(tx: TransactionSql, due: DueParty[], now: Date): Promise<void> {
  const next = due.map(({ startsAt }) => nextReminderAt(startsAt, now)?.toISOString() ?? null);
  await tx`
    update parties p
    set remind_at = mark.remind_at
    from unnest(${due.map(({ partyId }) => partyId)}::uuid[], ${next}::timestamptz[]) as mark (party_id, remind_at)
    where p.id = mark.party_id`;
}

/** `null` for none: the start is over, or was moved by someone who did not move the mark, which is then only set right. */
function reminderOf({ startsAt, remindAt }: DueParty, now: Date): 24 | 2 | null {
  const isOfThisStart = HOURS_BEFORE.some((hours) => timeOf(startsAt, hours).getTime() === remindAt.getTime());
  if (startsAt <= now || !isOfThisStart) return null;
  return HOURS_BEFORE.findLast((hours) => timeOf(startsAt, hours) <= now) ?? null;
}

function timeOf(startsAt: Date, hoursBefore: number): Date {
  return new Date(startsAt.getTime() - hoursBefore * HOUR_MS);
}
