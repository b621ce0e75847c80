/** The audit log: what admins have decided. The database lets it only grow. */
import { newId } from "./ids.ts";
import type { Deps, TransactionSql } from "./ports.ts";

/** A decision: who, what, about what. */
export interface Decision {
  actorId: string;
  action: "appeal.decided";
  subject: Record<string, string | boolean>;
}

/** Writes a decision in the transaction of what it decides. */
export async function recordAudit(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  { actorId, action, subject }: Decision,
): Promise<void> {
  await tx`
    insert into audit_log (id, actor_id, action, subject, created_at)
    values (${newId({ clock })}, ${actorId}, ${action}, ${tx.json(subject)}, ${clock.now()})`;
}
