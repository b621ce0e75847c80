/** How penalties and appeals are read. */
import { z } from "zod";
import type { Page, PageQuery } from "../contract/common.ts";
import type { Appeal, AppealCase, AppealQuery, Penalty } from "../contract/penalties.ts";
import { cutPage, readCursor } from "./cursor.ts";
import type { Deps, TransactionSql } from "./ports.ts";

/** So long after a penalty one may appeal. */
export const APPEAL_MS = 14 * 24 * 3600_000;

/** An appeal as the database has it. */
export type AppealRow = Omit<Appeal, "createdAt" | "decidedAt"> & { createdAt: Date; decidedAt: Date | null };
type PenaltyRow = Omit<Penalty, "createdAt" | "appeal" | "appealUntil"> & { createdAt: Date };

/** The columns of an {@link AppealRow}. */
export function appealColumns(sql: Deps["sql"] | TransactionSql) {
  return sql`id, text, created_at as "createdAt", decided_at as "decidedAt", granted, note`;
}

/** The appeal as it is shown. */
export function appealOf({ createdAt, decidedAt, ...appeal }: AppealRow): Appeal {
  return { ...appeal, createdAt: createdAt.toISOString(), decidedAt: decidedAt?.toISOString() ?? null };
}

const Position = z.tuple([z.uuid()]);

/** One's own penalties, newest first, each with its appeal. */
export async function listPenalties(
  { sql }: Pick<Deps, "sql">,
  userId: string,
  { limit, cursor }: z.infer<typeof PageQuery>,
): Promise<Page<Penalty>> {
  const after = readCursor(Position, cursor);
  const rows = await sql<PenaltyRow[]>`
    select ${penaltyColumns(sql)}
    from penalties p
    where p.user_id = ${userId} ${after ? sql`and p.id < ${after[0]}` : sql``}
    order by p.id desc
    limit ${limit + 1}`;
  const { items, nextCursor } = cutPage(rows, limit, ({ id }) => [id]);
  const appeals = await sql<(AppealRow & { partyId: string })[]>`
    select party_id as "partyId", ${appealColumns(sql)}
    from appeals
    where user_id = ${userId} and party_id = any(${items.map(({ partyId }) => partyId)}::uuid[])`;
  const byParty = new Map(appeals.map(({ partyId, ...appeal }) => [partyId, appealOf(appeal)]));
  return {
    items: items.map(({ createdAt, ...penalty }) => ({
      ...penalty,
      createdAt: createdAt.toISOString(),
      appealUntil: new Date(createdAt.getTime() + APPEAL_MS).toISOString(),
      appeal: byParty.get(penalty.partyId) ?? null,
    })),
    nextCursor,
  };
}

/** All appeals, or the open or decided ones, oldest first. */
export async function listAppeals(
  { sql }: Pick<Deps, "sql">,
  { state, limit, cursor }: AppealQuery,
): Promise<Page<AppealCase>> {
  const after = readCursor(Position, cursor);
  const rows = await sql<(AppealRow & { userId: string; penalty: PenaltyRow })[]>`
    select a.user_id as "userId", a.id, a.text, a.created_at as "createdAt", a.decided_at as "decidedAt", a.granted, a.note,
      (select to_jsonb(penalty) from (select ${penaltyColumns(sql)}) penalty) as penalty
    from appeals a
    join penalties p on p.party_id = a.party_id and p.user_id = a.user_id
    where true
      ${state === "open" ? sql`and a.decided_at is null` : state ? sql`and a.decided_at is not null` : sql``}
      ${after ? sql`and a.id > ${after[0]}` : sql``}
    order by a.id
    limit ${limit + 1}`;
  const { items, nextCursor } = cutPage(rows, limit, ({ id }) => [id]);
  return {
    items: items.map(({ userId, penalty, ...appeal }) => ({
      ...appealOf(appeal),
      userId,
      penalty: { ...penalty, createdAt: new Date(penalty.createdAt).toISOString() },
    })),
    nextCursor,
  };
}

function penaltyColumns(sql: Deps["sql"]) {
  return sql`p.id, p.party_id as "partyId", p.kind, p.reason, p.created_at as "createdAt", p.counts`;
}
