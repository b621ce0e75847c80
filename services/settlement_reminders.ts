/** Asking for what a settlement says: when it is announced or corrected, and once more when it is still open. */
import { recordEvent } from "./events.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/** An open line is asked for again this long after it was asked for: a day before it is late. */
const AGAIN_MS = 2 * 24 * 3600_000;

type AskDeps = Pick<Deps, "clock" | "relay" | "log">;

/** What one person is asked for. */
interface Asked {
  partyId: string;
  userId: string;
  openKrw: number;
}

/** Asks those of a settlement that has just been written whose line is open and was not asked for as it is. */
export async function askToPay(deps: AskDeps, tx: TransactionSql, partyId: string): Promise<void> {
  const remindAt = new Date(deps.clock.now().getTime() + AGAIN_MS);
  const asked = await tx<Asked[]>`
    update settlement_lines
    set asked_krw = amount_krw, remind_at = ${remindAt}
    where party_id = ${partyId}
      and member_paid_at is null
      and leader_paid_at is null
      and asked_krw is distinct from amount_krw
      and amount_krw <> paid_krw
    returning party_id as "partyId", user_id as "userId", amount_krw - paid_krw as "openKrw"`;
  await recordAsked(deps, tx, asked);
}

/**
 * Asks again for up to `limit` lines that are open after two days, each once, whoever else does the same or is killed in
 * doing it. Returns whether more may be due.
 */
export async function remindToPay(deps: AskDeps & Pick<Deps, "sql">, limit: number): Promise<boolean> {
  return await inTransaction(deps.sql, async (tx) => {
    const due = await tx<Asked[]>`
      update settlement_lines l
      set remind_at = null
      from (
        select party_id, user_id
        from settlement_lines
        where remind_at <= ${deps.clock.now()}
        order by remind_at
        limit ${limit}
        for no key update skip locked) due
      where l.party_id = due.party_id and l.user_id = due.user_id
      returning l.party_id as "partyId", l.user_id as "userId",
        case when coalesce(l.member_paid_at, l.leader_paid_at) is null then l.amount_krw - l.paid_krw else 0 end as "openKrw"`;
    await recordAsked(deps, tx, due.filter(({ openKrw }) => openKrw !== 0));
    return due.length === limit;
  });
}

async function recordAsked(deps: AskDeps, tx: TransactionSql, asked: Asked[]): Promise<void> {
  await Promise.all(
    asked.map(({ partyId, userId, openKrw }) =>
      recordEvent(deps, tx, { type: "settlement.requested", partyId, actorId: null, userId, openKrw })
    ),
  );
}
