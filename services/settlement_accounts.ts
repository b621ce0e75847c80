/** Where people pay to is told for as long as somebody may still have to pay. */
import type { Deps, TransactionSql } from "./ports.ts";

/** Kept after the last line was paid, for whoever has to look it up. */
const KEPT_MS = 7 * 24 * 3600_000;

/** Erases what was needed for settlements paid a week ago, of so many at most. Resolves with their number. */
export async function eraseSettledAccounts(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  most: number,
): Promise<{ count: number }> {
  return await sql`
    update settlements
    set account = null
    where party_id = any(array(
      select party_id
      from settlements
      where account is not null and settled_at < ${new Date(clock.now().getTime() - KEPT_MS)}
      limit ${most}
      for update skip locked))`;
}

/** Erases what a person who withdraws has told as a leader. */
export async function eraseAccountsOf(tx: TransactionSql, leaderId: string): Promise<void> {
  await tx`
    update settlements
    set account = null
    where account is not null and party_id in (select id from parties where leader_id = ${leaderId})`;
}
