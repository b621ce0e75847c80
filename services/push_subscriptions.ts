/** The browsers that a person wants alerts pushed to. */
import { invalid, Problem } from "../contract/problems.ts";
import type { PushKey, PushSubscribed, PushSubscription } from "../contract/push.ts";
import { newId } from "./ids.ts";
import type { AccessClaims, Deps, Push, TransactionSql } from "./ports.ts";
import { sha256 } from "./secrets.ts";
import { inTransaction } from "./transaction.ts";

/** Browsers of one person. Whoever subscribes one more loses the one not heard of for longest. */
export const PUSH_BROWSERS_MAX = 10;

/** The key to subscribe with. Throws `push-off` where none is set. */
export function readPushKey({ push }: Pick<Deps, "push">): PushKey {
  return { publicKey: pushOf({ push }).publicKey };
}

/**
 * Pushes the person's alerts to this browser from now on, until the session ends. A browser that was another's is taken
 * over, and what waited for the other is gone; one's own that comes again keeps what waits. Throws `push-off`, and
 * `invalid-input` for an endpoint that is not of a public push service, or keys that are none.
 */
export async function subscribePush(
  deps: Pick<Deps, "sql" | "push" | "clock">,
  caller: Pick<AccessClaims, "userId" | "sessionId">,
  { endpoint, expirationTime, keys }: PushSubscription,
): Promise<{ status: 200 | 201; body: PushSubscribed }> {
  const p256dh = keys.p256dh.replace(/=+$/, ""), auth = keys.auth.replace(/=+$/, "");
  const wrong = await pushOf(deps).judge({ endpoint, p256dh, auth });
  if (wrong) throw invalid(wrong.field === "endpoint" ? "/endpoint" : "/keys/p256dh", wrong.detail);
  const now = deps.clock.now();
  const row = {
    user_id: caller.userId,
    id: newId(deps),
    session_id: caller.sessionId,
    endpoint,
    endpoint_hash: await sha256(endpoint),
    host: new URL(endpoint).host,
    p256dh,
    auth,
    expires_at: typeof expirationTime === "number" ? new Date(expirationTime) : null,
    created_at: now,
    renewed_at: now,
  };
  return await inTransaction(deps.sql, async (tx) => {
    await holdSession(tx, caller);
    const kept = await takeBrowser(tx, row);
    await dropOldest(tx, caller.userId);
    return {
      status: kept.id === row.id ? 201 : 200,
      body: { id: kept.id, createdAt: kept.createdAt.toISOString() },
    };
  });
}

/** Ends a subscription of the person's own; one that is unknown, or another's, is left as it is. */
export async function unsubscribePush({ sql }: Pick<Deps, "sql">, userId: string, endpoint: string): Promise<void> {
  await sql`
    delete from push_subscriptions
    where endpoint_hash = ${await sha256(endpoint)} and user_id = ${userId}`;
}

function pushOf({ push }: Pick<Deps, "push">): Push {
  if (!push) throw new Problem("push-off", "Cannot push: this service has no VAPID keys");
  return push;
}

/** Neither does the session end meanwhile, nor does the person subscribe two browsers at once and pass the bound. */
async function holdSession(
  tx: TransactionSql,
  { userId, sessionId }: Pick<AccessClaims, "userId" | "sessionId">,
): Promise<void> {
  const [here] = await tx`
    select 1
    from users
    where id = ${userId} and withdrawn_at is null
    for no key update`;
  const [live] = await tx`
    select 1
    from sessions
    where id = ${sessionId} and ended_at is null
    for share`;
  if (!here || !live) throw new Problem("unauthenticated", "Cannot subscribe: the session has ended");
}

interface BrowserRow {
  user_id: string;
  endpoint: string;
  endpoint_hash: Uint8Array;
}

async function takeBrowser(tx: TransactionSql, row: BrowserRow): Promise<{ id: string; createdAt: Date }> {
  // Two people with one browser come one after the other, so that the second finds what the first has written.
  await tx`select pg_advisory_xact_lock(hashtextextended(${row.endpoint}, 11))`;
  await tx`
    delete from push_subscriptions
    where endpoint_hash = ${row.endpoint_hash} and user_id <> ${row.user_id}`;
  const [kept] = await tx<{ id: string; createdAt: Date }[]>`
    insert into push_subscriptions ${tx(row as never)}
    on conflict (endpoint_hash) do update
    set session_id = excluded.session_id,
      p256dh = excluded.p256dh,
      auth = excluded.auth,
      expires_at = excluded.expires_at,
      renewed_at = excluded.renewed_at
    returning id, created_at as "createdAt"`;
  return kept!;
}

async function dropOldest(tx: TransactionSql, userId: string): Promise<void> {
  await tx`
    delete from push_subscriptions
    where user_id = ${userId}
      and id in (
        select id
        from push_subscriptions
        where user_id = ${userId}
        order by renewed_at desc, id desc
        offset ${PUSH_BROWSERS_MAX})`;
}
