/** What becomes of members' shares when the recruiting ends. */
import { divideFairly, type Wish } from "./fair_shares.ts";
import type { TransactionSql } from "./ports.ts";

/**
 * Divides a locked party's pack anew among its members, by what they wish for and would make do with; the leader keeps their
 * share, and what is on offer stays so. What nobody wishes for stays left.
 */
export async function fillShares(tx: TransactionSql, partyId: string): Promise<void> {
  const [party] = await tx<{ quantityLeft: number }[]>`
    select quantity_left as "quantityLeft" from parties where id = ${partyId}`;
  const members = await tx<(Wish & { quantity: number })[]>`
    select user_id as "userId", quantity, coalesce(quantity_min, quantity) as min, coalesce(quantity_wish, quantity) as wish
    from party_members
    where party_id = ${partyId} and status = 'accepted' and role = 'member'`;
  const has = members.reduce((sum, { quantity }) => sum + quantity, 0);
  const shares = divideFairly(party!.quantityLeft + has, members);
  const changed = members.filter(({ userId, quantity }) => shares.get(userId) !== quantity);
  if (changed.length === 0) return;
  const grown = changed.reduce((sum, { userId, quantity }) => sum + shares.get(userId)! - quantity, 0);
  await tx`
    update party_members m
    set quantity = share.quantity
    from unnest(${changed.map(({ userId }) => userId)}::uuid[], ${
    changed.map(({ userId }) => shares.get(userId)!)
  }::int[])
      as share (user_id, quantity)
    where m.party_id = ${partyId} and m.user_id = share.user_id`;
  await tx`
    update parties
    set quantity_taken = quantity_taken + ${grown}
    where id = ${partyId}`;
}
