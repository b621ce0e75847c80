/** Settling a done party: who pays the leader how much. Noted, never moved; announced once, and from then on corrected in the open. */
import type { Settlement, SettlementOrder } from "../contract/settlements.ts";
import { invalid, Problem } from "../contract/problems.ts";
import { newId } from "./ids.ts";
import { lockAsLeader, type LockedParty, lockParty, requireState } from "./party_lock.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { noSettlement, readSettlement } from "./settlement_rows.ts";
import { askToPay } from "./settlement_reminders.ts";
import { divide, type Part, type Taker } from "./settlement_shares.ts";
import { inTransaction } from "./transaction.ts";

type SettlementDeps = Pick<Deps, "sql" | "clock" | "relay" | "log">;

/** Which party, and who asks. */
export interface SettlementMove {
  partyId: string;
  callerId: string;
}

/**
 * Announces the settlement of a done party, or corrects it: what changes on a line is kept, signed, and the line is open
 * again. The same order twice changes nothing. Throws `not-found`, `forbidden`, `party-state`, `invalid-input`.
 */
export async function settleParty(
  deps: SettlementDeps,
  { partyId, callerId }: SettlementMove,
  order: SettlementOrder,
): Promise<Settlement> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireState(party, "settle the party", "done");
    const parts = divide(order, await readTakers(tx, partyId, order.shares));
    await writeHead(deps, tx, partyId, order);
    await writeLines(deps, tx, party, parts);
    await noteWhetherSettled(tx, partyId);
    await askToPay(deps, tx, partyId);
  });
  return await readSettlement(deps, { partyId, callerId });
}

/**
 * Notes that a line is paid, or takes the note back: the person it is about for themself, or the leader for anyone. It
 * counts as paid as soon as either says so. Throws `not-found`, `forbidden`.
 */
export async function markPaid(
  deps: SettlementDeps,
  { partyId, callerId, userId }: SettlementMove & { userId: string },
  paid: boolean,
): Promise<Settlement> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockParty(tx, partyId);
    const isLeader = party.leaderId === callerId;
    if (!isLeader && callerId !== userId) {
      throw new Problem("forbidden", "Cannot mark the line: only its own person and the leader may");
    }
    const mark = isLeader ? tx`leader_paid_at` : tx`member_paid_at`,
      other = isLeader ? tx`member_paid_at` : tx`leader_paid_at`;
    const { count } = paid
      ? await tx`
        update settlement_lines
        set ${mark} = coalesce(${mark}, ${deps.clock.now()}), paid_krw = amount_krw
        where party_id = ${partyId} and user_id = ${userId}`
      : await tx`
        update settlement_lines
        set ${mark} = null, paid_krw = case when ${other} is null then 0 else paid_krw end
        where party_id = ${partyId} and user_id = ${userId}`;
    if (count === 0) throw noSettlement();
    await noteWhetherSettled(tx, partyId);
  });
  return await readSettlement(deps, { partyId, callerId });
}

/** Who took how much: as told, else everyone's own quantity and nothing by those who did not come. */
async function readTakers(tx: TransactionSql, partyId: string, shares: SettlementOrder["shares"]): Promise<Taker[]> {
  const members = await tx<(Taker & { hasCome: boolean })[]>`
    select m.user_id as "userId", m.quantity, m.attended is not false as "hasCome",
      (select count(*) from settlement_lines l where l.user_id = m.user_id and l.rounded_up and l.party_id <> m.party_id)::int
        as "roundedUpBefore"
    from party_members m
    where m.party_id = ${partyId} and m.status = 'accepted'`;
  const told = new Map(shares?.map(({ userId, quantity }) => [userId, quantity]));
  for (const [i, { userId }] of (shares ?? []).entries()) {
    if (!members.some((member) => member.userId === userId)) {
      throw invalid(`/shares/${i}/userId`, "must be somebody who was in the party");
    }
  }
  const takers = members
    .map(({ userId, quantity, hasCome, roundedUpBefore }) => ({
      userId,
      roundedUpBefore,
      quantity: shares ? told.get(userId) ?? 0 : hasCome ? quantity : 0,
    }))
    .filter(({ quantity }) => quantity > 0);
  if (takers.length === 0) throw invalid("/shares", "somebody must have taken something");
  return takers;
}

async function writeHead(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  partyId: string,
  { totalKrw, sharedKrw, account }: SettlementOrder,
): Promise<void> {
  await tx`
    insert into settlements (party_id, total_krw, shared_krw, account, frozen_at)
    values (${partyId}, ${totalKrw}, ${sharedKrw}, ${account ?? null}, ${clock.now()})
    on conflict (party_id) do update
    set total_krw = excluded.total_krw, shared_krw = excluded.shared_krw,
      account = coalesce(excluded.account, settlements.account)`;
}

interface Line {
  userId: string;
  amountKrw: number;
}

/** The first time as they are; afterwards each difference is a correction, and a changed line is to be marked anew. */
async function writeLines(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: LockedParty,
  parts: Part[],
): Promise<void> {
  const before = await tx<Line[]>`
    select user_id as "userId", amount_krw as "amountKrw" from settlement_lines where party_id = ${party.id}`;
  const left = before.filter(({ userId }) => !parts.some((part) => part.userId === userId));
  const gone = left.map(({ userId }) => ({ userId, quantity: 0, amountKrw: 0, isRoundedUp: false }));
  await upsertLines({ clock }, tx, party, [...parts, ...gone]);
  if (before.length === 0) return;
  const was = new Map(before.map(({ userId, amountKrw }) => [userId, amountKrw]));
  const corrections = [...parts, ...gone]
    .map(({ userId, amountKrw }) => ({
      ...{ party_id: party.id, id: newId({ clock }), user_id: userId },
      ...{ amount_krw: amountKrw - (was.get(userId) ?? 0), created_at: clock.now() },
    }))
    .filter((correction) => correction.amount_krw !== 0);
  if (corrections.length > 0) await tx`insert into settlement_corrections ${tx(corrections)}`;
}

/** The leader has paid at the till, and whoever owes nothing has nothing to pay: their lines are paid from the beginning. */
async function upsertLines(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  { id, leaderId }: LockedParty,
  parts: Part[],
): Promise<void> {
  const now = clock.now();
  const rows = parts.map(({ userId, quantity, amountKrw, isRoundedUp }) => {
    const isPaid = userId === leaderId || amountKrw === 0;
    return {
      ...{ party_id: id, user_id: userId, quantity, amount_krw: amountKrw, rounded_up: isRoundedUp },
      ...{ paid_krw: isPaid ? amountKrw : 0, leader_paid_at: isPaid ? now : null },
    };
  });
  await tx`
    insert into settlement_lines ${tx(rows)}
    on conflict (party_id, user_id) do update
    set quantity = excluded.quantity, amount_krw = excluded.amount_krw, rounded_up = excluded.rounded_up,
      paid_krw = case when excluded.leader_paid_at is null then settlement_lines.paid_krw else excluded.paid_krw end,
      leader_paid_at = case
        when settlement_lines.amount_krw = excluded.amount_krw then settlement_lines.leader_paid_at
        else excluded.leader_paid_at end,
      member_paid_at = case
        when settlement_lines.amount_krw = excluded.amount_krw then settlement_lines.member_paid_at end`;
}

/** Settled when the last line was marked, and no longer when one is open again. */
async function noteWhetherSettled(tx: TransactionSql, partyId: string): Promise<void> {
  await tx`
    update settlements s
    set settled_at = (
      select case when bool_and(coalesce(member_paid_at, leader_paid_at) is not null)
        then max(least(member_paid_at, leader_paid_at)) end
      from settlement_lines
      where party_id = s.party_id)
    where s.party_id = ${partyId}`;
}
