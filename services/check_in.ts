/** Checking in: who reads the leader's code at the meeting place has come. No position is asked for, and none kept. */
import type { CheckInCode, Membership } from "../contract/parties.ts";
import { invalid, Problem } from "../contract/problems.ts";
import { codeAt, isCodeAt, newCheckInSecret } from "./check_in_codes.ts";
import { LIMITS } from "./limits.ts";
import { noSuchMember, readMembership } from "./member_rows.ts";
import { lockAsLeader, type LockedParty, lockParty, requireStarted, requireState } from "./party_lock.ts";
import type { PartyReader } from "./party_rows.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

/** Which party, and who asks. */
interface CheckInMove {
  partyId: string;
  callerId: string;
}

/** The leader's code of this moment. Throws `not-found`, `forbidden`, `party-state`, `party-not-started`. */
export async function readCheckInCode(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  { partyId, callerId }: CheckInMove,
): Promise<CheckInCode> {
  return await inTransaction(sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    requireMeeting(party, "show the code", clock.now());
    await tx`
      insert into check_in_secrets (party_id, secret)
      values (${partyId}, ${newCheckInSecret()})
      on conflict (party_id) do nothing`;
    return codeAt((await readSecret(tx, partyId))!, clock.now());
  });
}

/**
 * A member checks in: attended from now on, whatever anybody says later. Twice is fine. Tries are few, over all nodes.
 * Throws `not-found`, `forbidden`, `party-state`, `party-not-started`, `invalid-input` for a wrong code, `rate-limited`.
 */
export async function checkIn(
  deps: PartyReader & Pick<Deps, "limiter" | "clock">,
  { partyId, callerId }: CheckInMove,
  code: string,
): Promise<Membership> {
  const { clock } = deps;
  const wait = await deps.limiter.take(LIMITS.checkIns, `${partyId}:${callerId}`);
  if (wait) throw new Problem("rate-limited", "Cannot check in: too many tries", wait);
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockParty(tx, partyId);
    if (party.leaderId === callerId) throw new Problem("forbidden", "Cannot check in: the leader shows the code");
    await requireUnpenalised(tx, partyId, callerId);
    requireMeeting(party, "check in", clock.now());
    const secret = await readSecret(tx, partyId);
    if (!secret || !isCodeAt(secret, code, clock.now())) {
      throw invalid("/code", "must be the code that the leader shows now");
    }
    await tx`
      update party_members
      set attended = true, checked_in_at = coalesce(checked_in_at, ${clock.now()})
      where party_id = ${partyId} and user_id = ${callerId}`;
  });
  return await readMembership(deps, partyId, callerId);
}

function requireMeeting(party: LockedParty, action: string, now: Date): void {
  requireState(party, action, "confirmed", "done");
  requireStarted(party, action, now);
}

/** Only who is in; and what is settled by a penalty is not unsettled by a code. */
async function requireUnpenalised(tx: TransactionSql, partyId: string, userId: string): Promise<void> {
  const [member] = await tx<{ penalised: boolean }[]>`
    select exists (select 1 from penalties x where x.party_id = m.party_id and x.user_id = m.user_id) as penalised
    from party_members m
    where m.party_id = ${partyId} and m.user_id = ${userId} and m.status = 'accepted'`;
  if (!member) throw noSuchMember();
  if (member.penalised) {
    throw new Problem("party-state", "Cannot check in: the leader has given a penalty for this party");
  }
}

async function readSecret(tx: TransactionSql, partyId: string): Promise<Uint8Array | undefined> {
  const [row] = await tx<{ secret: Uint8Array }[]>`select secret from check_in_secrets where party_id = ${partyId}`;
  return row?.secret;
}
