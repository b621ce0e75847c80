/** A person's own data in one piece, for them to take away. */
import type { MyData } from "../contract/my_data.ts";
import type { Penalty } from "../contract/penalties.ts";
import { readAlertPreferences } from "./alert_preferences.ts";
import { type AlertRow, selectAlerts, toAlert } from "./alert_rows.ts";
import { listPenalties } from "./appeal_rows.ts";
import { readMe } from "./me.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/**
 * Everything that is kept about a person, all of one moment. But for what is secret (hashes of passwords and tokens) and what
 * only passes through (presence, answers to repeated requests, events on their way to inboxes). Throws `unauthenticated` for
 * one who has withdrawn.
 */
export async function readMyData({ sql, clock }: Pick<Deps, "sql" | "clock">, userId: string): Promise<MyData> {
  return await inTransaction(sql, async (tx) => {
    tx`set transaction isolation level repeatable read, read only`.execute();
    const [account, alerts, alertPreferences, penalties, lists] = await Promise.all([
      readAccount(tx, userId),
      readInbox(sqlOf(tx), userId),
      readAlertPreferences({ sql: sqlOf(tx) }, userId),
      readPenalties(sqlOf(tx), userId),
      readLists(tx, userId),
    ]);
    return { exportedAt: clock.now().toISOString(), account, ...lists, alerts, alertPreferences, penalties };
  });
}

async function readAccount(tx: TransactionSql, userId: string): Promise<MyData["account"]> {
  const [me, [consents]] = await Promise.all([
    readMe({ sql: tx }, userId),
    tx`select terms_at as terms, privacy_at as privacy, location_at as location from users where id = ${userId}`,
  ]);
  return { ...me, consents: told(consents!) as MyData["account"]["consents"] };
}

async function readInbox(sql: Sql, userId: string): Promise<MyData["alerts"]> {
  const rows = await sql<AlertRow[]>`
    ${selectAlerts(sql)}
    where a.user_id = ${userId}
    order by a.seq`;
  return rows.map((row) => ({ ...toAlert(row), deletedAt: row.deletedAt?.toISOString() ?? null }));
}

async function readPenalties(sql: Sql, userId: string): Promise<Penalty[]> {
  const all: Penalty[] = [];
  let cursor: string | undefined;
  do {
    const page = await listPenalties({ sql }, userId, { limit: 100, cursor });
    all.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return all.reverse();
}

/** What is told as the tables have it. */
type Lists = Omit<MyData, "exportedAt" | "account" | "alerts" | "alertPreferences" | "penalties">;

const LISTS: Record<keyof Lists, (tx: TransactionSql, userId: string) => PromiseLike<Record<string, unknown>[]>> = {
  sessions: (tx, userId) =>
    tx`
      select created_at as "createdAt", expires_at as "expiresAt", ended_at as "endedAt"
      from sessions
      where user_id = ${userId}
      order by created_at`,
  favoriteItems: (tx, userId) =>
    tx`
      select i.id as "itemId", i.name, i.variety, f.created_at as "createdAt"
      from favorite_items f
      join items i on i.id = f.item_id
      where f.user_id = ${userId}
      order by f.created_at`,
  favoriteMarkets: (tx, userId) =>
    tx`
      select m.id as "marketId", m.name, f.created_at as "createdAt"
      from favorite_markets f
      join markets m on m.id = f.market_id
      where f.user_id = ${userId}
      order by f.created_at`,
  parties: (tx, userId) =>
    tx`
      select p.id as "partyId", p.title, p.note, i.name as "itemName", m.name as "marketName", p.starts_at as "startsAt",
        p.status as "partyStatus", own.role, own.status, own.quantity, own.quantity_wish as "quantityWish",
        own.quantity_min as "quantityMin", own.requested_at as "requestedAt", own.decided_at as "decidedAt",
        own.checked_in_at as "checkedInAt", own.attended, own.read_seq as "readSeq"
      from party_members own
      join parties p on p.id = own.party_id
      join items i on i.id = p.item_id
      join markets m on m.id = p.market_id
      where own.user_id = ${userId}
      order by own.party_id`,
  messages: (tx, userId) =>
    tx`
      select e.party_id as "partyId", e.seq, e.kind, e.text, e.target_seq as "targetSeq", e.sent_at as "sentAt"
      from party_members own
      join chat_entries e on e.party_id = own.party_id and e.sender_id = own.user_id
      where own.user_id = ${userId} and e.kind in ('text', 'edit', 'delete')
      order by e.party_id, e.seq`,
  pushSubscriptions: (tx, userId) =>
    tx`
      select id, endpoint, created_at as "createdAt", renewed_at as "renewedAt", expires_at as "expiresAt"
      from push_subscriptions
      where user_id = ${userId}
      order by id`,
  lateCancellations: (tx, userId) =>
    tx`
      select party_id as "partyId", created_at as "createdAt"
      from late_cancellations
      where user_id = ${userId}
      order by created_at`,
  leaderReports: (tx, userId) =>
    tx`
      select own.party_id as "partyId", r.created_at as "createdAt"
      from party_members own
      join leader_reports r on r.party_id = own.party_id and r.user_id = own.user_id
      where own.user_id = ${userId}
      order by r.created_at`,
  settlementLines: (tx, userId) =>
    tx`
      select party_id as "partyId", quantity, amount_krw as "amountKrw", paid_krw as "paidKrw",
        member_paid_at as "memberPaidAt", leader_paid_at as "leaderPaidAt"
      from settlement_lines
      where user_id = ${userId}
      order by party_id`,
  settlementCorrections: (tx, userId) =>
    tx`
      select c.party_id as "partyId", c.amount_krw as "amountKrw", c.created_at as "createdAt"
      from settlement_lines line
      join settlement_corrections c on c.party_id = line.party_id and c.user_id = line.user_id
      where line.user_id = ${userId}
      order by c.id`,
  settlementAccounts: (tx, userId) =>
    tx`
      select s.party_id as "partyId", s.account
      from parties p
      join settlements s on s.party_id = p.id
      where p.leader_id = ${userId} and s.account is not null
      order by s.party_id`,
};

async function readLists(tx: TransactionSql, userId: string): Promise<Lists> {
  const lists = Object.entries(LISTS).map(async ([name, read]) => [name, (await read(tx, userId)).map(told)]);
  return Object.fromEntries(await Promise.all(lists));
}

/** A row with its instants as they are told. */
function told(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, value instanceof Date ? value.toISOString() : value]),
  );
}
