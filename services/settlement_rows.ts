/** How a settlement is read. */
import { Problem } from "../contract/problems.ts";
import type { Settlement, SettlementCorrection, SettlementLine } from "../contract/settlements.ts";
import { noSuchParty } from "./party_rows.ts";
import type { Deps } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";

/** There is none, or this person has no line in it. */
export function noSettlement(): Problem {
  return new Problem("not-found", "Cannot find the settlement: not announced, or without this person");
}

/** The settlement, for the leader and accepted members, in one statement. Throws `not-found`, `forbidden`. */
export async function readSettlement(
  { sql }: Pick<Deps, "sql">,
  { partyId, callerId }: { partyId: string; callerId: string },
): Promise<Settlement> {
  const [row] = await sql<(Settlement & { isMember: boolean; isAnnounced: boolean })[]>`
    select m.user_id is not null as "isMember", s.party_id is not null as "isAnnounced",
      s.total_krw as "totalKrw", s.shared_krw as "sharedKrw", s.account, s.frozen_at as "frozenAt",
      s.settled_at as "settledAt", ${linesOf(sql)} as lines, ${correctionsOf(sql)} as corrections
    from parties p
    left join party_members m on m.party_id = p.id and m.user_id = ${callerId} and m.status = 'accepted'
    left join settlements s on s.party_id = p.id
    where p.id = ${partyId}`;
  if (!row) throw noSuchParty();
  const { isMember, isAnnounced, ...settlement } = row;
  if (!isMember) throw new Problem("forbidden", "Cannot show the settlement: only for those who are in");
  if (!isAnnounced) throw noSettlement();
  return {
    ...settlement,
    lines: settlement.lines.map(lineOf),
    corrections: settlement.corrections.map(correctionOf),
  };
}

function linesOf(sql: Deps["sql"]) {
  return sql`
    (select coalesce(json_agg(json_build_object(
        'userId', l.user_id,
        'nickname', coalesce(u.nickname, ${WITHDRAWN_NICKNAME}),
        'quantity', l.quantity,
        'amountKrw', l.amount_krw,
        'openKrw', l.amount_krw - l.paid_krw,
        'paidAt', least(l.member_paid_at, l.leader_paid_at),
        'markedBy', json_build_object('member', l.member_paid_at, 'leader', l.leader_paid_at))
      order by l.user_id <> p.leader_id, l.user_id), '[]')
    from settlement_lines l
    join users u on u.id = l.user_id
    where l.party_id = p.id)`;
}

function correctionsOf(sql: Deps["sql"]) {
  return sql`
    (select coalesce(json_agg(json_build_object(
        'userId', c.user_id,
        'amountKrw', c.amount_krw,
        'createdAt', c.created_at)
      order by c.id), '[]')
    from settlement_corrections c
    where c.party_id = p.id)`;
}

function lineOf({ paidAt, markedBy, ...line }: SettlementLine): SettlementLine {
  return {
    ...line,
    paidAt: instantOf(paidAt),
    markedBy: { member: instantOf(markedBy.member), leader: instantOf(markedBy.leader) },
  };
}

function correctionOf(correction: SettlementCorrection): SettlementCorrection {
  return { ...correction, createdAt: new Date(correction.createdAt).toISOString() };
}

/** JSON of PostgreSQL has an instant with its own digits and offset. */
function instantOf(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
