/** Transactions on one link, in as few round trips as their statements allow. */
import type { Sql, TransactionSql } from "../services/ports.ts";
import type { Link, Statement } from "./postgres_link.ts";

/**
 * Runs `work` in a transaction on the link. `begin` travels with the first statements. What `work` leaves unawaited when it
 * resolves travels with the `commit` and belongs to the transaction like the rest: whatever the server refuses rolls all of
 * it back and rejects. `statements` makes the same statements as the pool's `sql`, to be run by the given function.
 */
export async function transact<T>(
  link: Link,
  statements: (run: (statement: Statement) => void) => Sql,
  work: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  let refusal: Error | undefined;
  const tx = statements((statement) => {
    statement.catch((error) => refusal ??= error);
    link.execute(statement);
  });
  tx.unsafe("begin").execute();
  let result: T;
  try {
    result = await work(tx as unknown as TransactionSql);
  } catch (error) {
    await tx.unsafe("rollback");
    // "The transaction is aborted" is only what followed from the first refusal.
    throw (error as { code?: unknown }).code === "25P02" ? refusal : error;
  }
  // For a transaction in which something was refused, the server takes this for a rollback.
  await tx.unsafe("commit");
  if (refusal) throw refusal;
  return result;
}
