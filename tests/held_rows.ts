/** Rows that a test holds, so that others who need them wait. */
import type { Sql, TransactionSql } from "../services/ports.ts";

/** Locks what `lock` says, in a transaction that ends when the answer is disposed. */
export async function holdRows(sql: Sql, lock: (tx: TransactionSql) => Promise<unknown>): Promise<AsyncDisposable> {
  const held = Promise.withResolvers<void>(), over = Promise.withResolvers<void>();
  const holding = sql.begin(async (tx) => {
    await lock(tx);
    held.resolve();
    await over.promise;
  });
  await Promise.race([held.promise, holding]);
  return {
    async [Symbol.asyncDispose]() {
      over.resolve();
      await holding;
    },
  };
}
