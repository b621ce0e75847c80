/** When the leader does not come: half of the members who did may say so. */
import type { LeaderReport } from "../contract/penalties.ts";
import { Problem } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { newId } from "./ids.ts";
import { noSuchMember } from "./member_rows.ts";
import { type LockedParty, lockParty, requireStarted, requireState } from "./party_lock.ts";
import type { PartyChanger } from "./party_rows.ts";
import { publishPenaltyCount } from "./penalty_changes.ts";
import type { TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/** Reports are taken for so long after the start. */
const REPORT_MS = 7 * 24 * 3600_000;

/**
 * A member says that the leader did not come. With half of those who came the leader gets a penalty, once. Nobody can say
 * so where somebody has checked in: the code was the leader's. Throws `not-found`, `party-state`, `party-not-started`.
 */
export async function reportLeader(
  deps: PartyChanger,
  { partyId, callerId }: { partyId: string; callerId: string },
): Promise<LeaderReport> {
  const now = deps.clock.now();
  return await inTransaction(deps.sql, async (tx) => {
    const party = await lockParty(tx, partyId);
    if (party.leaderId === callerId) throw new Problem("forbidden", "Cannot report the leader: it is the caller");
    await requireReporter(tx, partyId, callerId);
    requireState(party, "report the leader", "confirmed", "done");
    requireStarted(party, "report the leader", now);
    if (now.getTime() - party.startsAt.getTime() > REPORT_MS) {
      throw new Problem("party-state", "Cannot report the leader: the time for it is over");
    }
    await tx`
      insert into leader_reports (party_id, user_id, created_at)
      values (${partyId}, ${callerId}, ${now})
      on conflict (party_id, user_id) do nothing`;
    const { reports, came } = await count(tx, partyId);
    const needed = Math.ceil(came / 2);
    if (reports >= needed) await penaliseLeader(deps, tx, party);
    return { reports, needed, penalised: reports >= needed };
  });
}

/** Who was in and has no penalty for this party; and only while nothing shows that the leader was there. */
async function requireReporter(tx: TransactionSql, partyId: string, userId: string): Promise<void> {
  const [member] = await tx<{ isPenalised: boolean; hasCode: boolean }[]>`
    select exists (select from penalties x where x.party_id = m.party_id and x.user_id = m.user_id) as "isPenalised",
      exists (select from party_members o where o.party_id = m.party_id and o.checked_in_at is not null) as "hasCode"
    from party_members m
    where m.party_id = ${partyId} and m.user_id = ${userId} and m.status = 'accepted'`;
  if (!member) throw noSuchMember();
  if (member.isPenalised) {
    throw new Problem("party-state", "Cannot report the leader: the caller did not come themself");
  }
  if (member.hasCode) {
    throw new Problem("party-state", "Cannot report the leader: somebody has checked in with their code");
  }
}

/** Who reports has come, whatever the leader has noted of them. */
async function count(tx: TransactionSql, partyId: string): Promise<{ reports: number; came: number }> {
  const [counts] = await tx<{ reports: number; came: number }[]>`
    select count(r.user_id)::int as reports,
      (count(*) filter (where r.user_id is not null or m.attended is not false))::int as came
    from party_members m
    left join leader_reports r on r.party_id = m.party_id and r.user_id = m.user_id
    where m.party_id = ${partyId} and m.status = 'accepted' and m.role = 'member'`;
  return counts!;
}

async function penaliseLeader(deps: PartyChanger, tx: TransactionSql, { id, leaderId }: LockedParty): Promise<void> {
  const { count } = await tx`
    insert into penalties (party_id, user_id, id, kind, created_at)
    values (${id}, ${leaderId}, ${newId(deps)}, 'leader-no-show', ${deps.clock.now()})
    on conflict (party_id, user_id) do nothing`;
  if (count === 0) return;
  await publishPenaltyCount(deps, tx, { partyId: id, userId: leaderId });
  await recordEvent(deps, tx, { type: "penalty.received", partyId: id, actorId: null, userId: leaderId, reason: null });
}
