/** Appeals: what the penalised say, what an admin decides, and what that means for the count. */
import type { Appeal, AppealDecision } from "../contract/penalties.ts";
import { Problem } from "../contract/problems.ts";
import { APPEAL_MS, appealColumns, appealOf, type AppealRow } from "./appeal_rows.ts";
import { recordAudit } from "./audit.ts";
import { newId } from "./ids.ts";
import { publishPenaltyCount } from "./penalty_changes.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction } from "./transaction.ts";

type AppealDeps = Pick<Deps, "sql" | "relay" | "clock" | "log">;

/** Appeals once against one's own penalty; until it is decided, that does not count. Throws `not-found`, `appeal-closed`. */
export async function appealPenalty(
  deps: AppealDeps,
  { penaltyId, callerId }: { penaltyId: string; callerId: string },
  text: string,
): Promise<Appeal> {
  return await inTransaction(deps.sql, async (tx) => {
    const now = deps.clock.now();
    const [penalty] = await tx<{ partyId: string; createdAt: Date }[]>`
      select party_id as "partyId", created_at as "createdAt"
      from penalties
      where id = ${penaltyId} and user_id = ${callerId}
      for update`;
    if (!penalty) throw new Problem("not-found", "Cannot find the penalty: no such id among the caller's own");
    if (now.getTime() - penalty.createdAt.getTime() > APPEAL_MS) {
      throw new Problem("appeal-closed", "Cannot appeal: its 14 days are over");
    }
    const [appeal] = await tx<AppealRow[]>`
      insert into appeals (party_id, user_id, id, text, created_at)
      values (${penalty.partyId}, ${callerId}, ${newId(deps)}, ${text}, ${now})
      on conflict (party_id, user_id) do nothing
      returning ${appealColumns(tx)}`;
    if (!appeal) throw new Problem("appeal-closed", "Cannot appeal: there is an appeal already");
    await setCounts(deps, tx, { partyId: penalty.partyId, userId: callerId }, false);
    return appealOf(appeal);
  });
}

/**
 * An admin decides an appeal, once; the same decision again is fine. Granted, the penalty never counts again; else it does
 * from now on, for the rest of its time. Throws `not-found`, `appeal-closed`.
 */
export async function decideAppeal(
  deps: AppealDeps,
  { appealId, adminId }: { appealId: string; adminId: string },
  { granted, note }: AppealDecision,
): Promise<Appeal> {
  return await inTransaction(deps.sql, async (tx) => {
    const [open] = await tx<{ partyId: string; userId: string; granted: boolean | null }[]>`
      select party_id as "partyId", user_id as "userId", granted
      from appeals
      where id = ${appealId}
      for update`;
    if (!open) throw new Problem("not-found", "Cannot find the appeal: no such id");
    if (open.granted !== null && open.granted !== granted) {
      throw new Problem("appeal-closed", "Cannot decide the appeal: it was decided otherwise");
    }
    if (open.granted === null) {
      await tx`
        update appeals
        set granted = ${granted}, note = ${note ?? ""}, decided_at = ${deps.clock.now()}
        where id = ${appealId}`;
      await setCounts(deps, tx, open, !granted);
      await recordAudit(deps, tx, { actorId: adminId, action: "appeal.decided", subject: { appealId, granted } });
    }
    const [appeal] = await tx<AppealRow[]>`select ${appealColumns(tx)} from appeals where id = ${appealId}`;
    return appealOf(appeal!);
  });
}

async function setCounts(
  deps: AppealDeps,
  tx: TransactionSql,
  { partyId, userId }: { partyId: string; userId: string },
  counts: boolean,
): Promise<void> {
  await tx`update penalties set counts = ${counts} where party_id = ${partyId} and user_id = ${userId}`;
  await publishPenaltyCount(deps, tx, { partyId, userId });
}
