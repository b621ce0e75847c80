/** POSTs that happen once, however often they are sent: the first answer and what it did are one transaction. */
import { Problem } from "../contract/problems.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/** What a POST answers. */
export interface Answer {
  status: 200 | 201;
  body: unknown;
}

/** Which request this is. The hash covers method, path and body. */
export interface RequestIdentity {
  userId: string;
  key: string;
  hash: Uint8Array;
}

/**
 * Runs `work` once per person and key, and answers repeats with the first answer for 24 h. Only a success counts: after a
 * refusal the key is free. Throws `idempotency-mismatch` for another request, `idempotency-in-flight` while the first runs.
 */
export async function once<Scope extends Pick<Deps, "sql" | "clock">>(
  deps: Scope,
  request: RequestIdentity,
  work: (scope: Scope) => Promise<Answer>,
): Promise<Answer> {
  return await inTransaction(deps.sql, async (tx) => {
    await claim(tx, request);
    const { clock } = deps;
    const first = await findFirst({ tx, clock }, request);
    if (first) return first;
    const answer = await work({ ...deps, sql: sqlOf(tx) });
    await keep({ tx, clock }, request, answer);
    return answer;
  });
}

interface Scope extends Pick<Deps, "clock"> {
  tx: TransactionSql;
}

/** A lock that ends with the transaction: a killed process leaves no key claimed. */
async function claim(tx: TransactionSql, { userId, key }: RequestIdentity): Promise<void> {
  const [lock] = await tx<{ isOurs: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtextextended(${`${userId} ${key}`}, 0)) as "isOurs"`;
  if (!lock?.isOurs) {
    throw new Problem("idempotency-in-flight", "Cannot answer: the first request with this key is still running", {
      retryAfterS: 1,
    });
  }
}

async function findFirst({ tx, clock }: Scope, { userId, key, hash }: RequestIdentity): Promise<Answer | undefined> {
  const [first] = await tx<(Answer & { isSame: boolean })[]>`
    select status, response as body, request_hash = ${hash} as "isSame"
    from idempotency_keys
    where user_id = ${userId}
      and key = ${key}
      and created_at > ${clock.now()}::timestamptz - interval '24 hours'`;
  if (first && !first.isSame) {
    throw new Problem("idempotency-mismatch", "Cannot answer: the key was used for another request");
  }
  return first && { status: first.status, body: first.body };
}

async function keep({ tx, clock }: Scope, { userId, key, hash }: RequestIdentity, { status, body }: Answer) {
  await tx`
    insert into idempotency_keys (user_id, key, request_hash, status, response, created_at)
    values (${userId}, ${key}, ${hash}, ${status}, ${tx.json(body as never)}, ${clock.now()})
    on conflict (user_id, key) do update
    set request_hash = excluded.request_hash,
      status = excluded.status,
      response = excluded.response,
      created_at = excluded.created_at`;
}
