/** Transactions that may be nested, and effects that wait for the commit. */
import type { Sql, TransactionSql } from "./ports.ts";

const effectsOf = new WeakMap<object, (() => void)[]>();

/** Transactions that PostgreSQL ended to undo a deadlock are run so often in all. */
const ATTEMPTS = 3;
/** The first pause, by chance up to twice as long: run again at once, it could take back the lock that the other waits for. */
const PAUSE_MS = 20;

/**
 * Runs `work` in a transaction and resolves once it has committed; whatever it throws rolls everything back. Within
 * another one it joins it: all commit together or not at all. May run `work` again from the start: what it does outside
 * the transaction belongs into {@link afterCommit}.
 */
export async function inTransaction<T>(sql: Sql, work: (tx: TransactionSql) => Promise<T>): Promise<T> {
  if (effectsOf.has(sql)) return await work(sql as unknown as TransactionSql);
  for (let attempt = 1;; attempt++) {
    try {
      return await runOnce(sql, work);
    } catch (error) {
      const isDeadlock = (error as { code?: unknown }).code === "40P01";
      if (!isDeadlock || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt * (1 + Math.random())));
    }
  }
}

async function runOnce<T>(sql: Sql, work: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const effects: (() => void)[] = [];
  const result = await sql.begin(async (tx) => {
    effectsOf.set(tx, effects);
    return await work(tx);
  });
  for (const effect of effects) effect();
  return result as T;
}

/** Whether this is a transaction of {@link inTransaction}. */
export function isTransaction(sql: Sql): boolean {
  return effectsOf.has(sql);
}

/** The transaction as the database port has it: for functions that read in it, or join it by {@link inTransaction}. */
export function sqlOf(tx: TransactionSql): Sql {
  return tx as unknown as Sql;
}

/** Calls `effect` once the transaction has committed, and never if it does not. For wake-ups, which may be lost. */
export function afterCommit(tx: TransactionSql, effect: () => void): void {
  const effects = effectsOf.get(tx);
  if (!effects) throw new TypeError("not a transaction of inTransaction");
  effects.push(effect);
}
