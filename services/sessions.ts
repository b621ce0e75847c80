/**
 * Sessions: one sign-in each, with a family of refresh tokens of which each works once. Refresh tokens are kept as hashes.
 * Whether a session lives is asked of the database by every request, so that its end is felt at once on every node.
 */
import { Problem } from "../contract/problems.ts";
import { newId } from "./ids.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { newSecret, sha256 } from "./secrets.ts";
import { afterCommit } from "./transaction.ts";

const DAY_MS = 24 * 3600_000;
/** A session that is not refreshed for so long is over. */
export const REFRESH_S = 30 * 24 * 3600;
/** However often it is refreshed, a session is over after so long. */
const SESSION_MS = 90 * DAY_MS;

/** The relay channel on which `endSessions` tells whose sessions to look at. */
export const SESSIONS_CHANNEL = "sessions";

/** A session with its newest refresh token, which nothing but this answer knows. */
export interface Grant {
  userId: string;
  sessionId: string;
  refreshToken: string;
}

/** Opens a session, and clears away those of this person that have long ended. */
export async function openSession(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  userId: string,
): Promise<Grant> {
  const now = clock.now(), sessionId = newId({ clock }), expiresAt = new Date(now.getTime() + SESSION_MS);
  // Those that ended lately stay: a refresh token that comes back must still be known for used.
  await tx`
    delete from sessions
    where user_id = ${userId} and (expires_at <= ${now} or ended_at < ${new Date(now.getTime() - DAY_MS)})`;
  await tx`
    insert into sessions (id, user_id, created_at, expires_at)
    values (${sessionId}, ${userId}, ${now}, ${expiresAt})`;
  return { userId, sessionId, refreshToken: await issueRefreshToken(tx, sessionId, now, expiresAt) };
}

/**
 * Exchanges a refresh token for the next one; the guarded update lets it happen once. `null` for a replayed token: its
 * session has been ended, which the caller must let commit before refusing. Throws `unauthenticated` for any other.
 */
export async function rotateRefreshToken(
  deps: Pick<Deps, "relay" | "clock" | "log">,
  tx: TransactionSql,
  refreshToken: string,
): Promise<Grant | null> {
  const now = deps.clock.now(), tokenHash = await sha256(refreshToken);
  const [session] = await tx<{ userId: string; sessionId: string; expiresAt: Date }[]>`
    update refresh_tokens t
    set used_at = ${now}
    from sessions s
    where t.token_hash = ${tokenHash} and t.used_at is null and t.expires_at > ${now}
      and s.id = t.session_id and s.ended_at is null and s.expires_at > ${now}
    returning s.user_id as "userId", s.id as "sessionId", s.expires_at as "expiresAt"`;
  if (session) {
    const { userId, sessionId, expiresAt } = session;
    await tx`delete from refresh_tokens where session_id = ${sessionId} and expires_at <= ${now}`;
    return { userId, sessionId, refreshToken: await issueRefreshToken(tx, sessionId, now, expiresAt) };
  }
  const [replayed] = await tx<{ userId: string; sessionId: string }[]>`
    select s.user_id as "userId", s.id as "sessionId"
    from refresh_tokens t join sessions s on s.id = t.session_id
    where t.token_hash = ${tokenHash} and t.used_at is not null`;
  if (!replayed) {
    throw new Problem(
      "unauthenticated",
      "Cannot refresh the session: the refresh token is unknown, expired or revoked",
    );
  }
  await endSessions(deps, tx, { userId: replayed.userId, only: replayed.sessionId });
  return null;
}

/** Whether a session has neither ended nor expired: one read by primary key. */
export async function isSessionLive({ sql, clock }: Pick<Deps, "sql" | "clock">, sessionId: string): Promise<boolean> {
  const [live] = await sql`
    select 1
    from sessions
    where id = ${sessionId} and ended_at is null and expires_at > ${clock.now()}`;
  return live !== undefined;
}

/**
 * Ends a person's sessions: all, or `only` one, or all `except` one, and with each the pushes to its browsers. After the
 * commit their sockets and streams hear of it.
 */
export async function endSessions(
  { relay, clock, log }: Pick<Deps, "relay" | "clock" | "log">,
  tx: TransactionSql,
  { userId, only, except }: { userId: string; only?: string; except?: string },
): Promise<void> {
  const ended = await tx<{ id: string }[]>`
    update sessions
    set ended_at = ${clock.now()}
    where user_id = ${userId} and ended_at is null
      ${only === undefined ? tx`` : tx`and id = ${only}`}
      ${except === undefined ? tx`` : tx`and id <> ${except}`}
    returning id`;
  if (ended.length === 0) return;
  await tx`
    delete from push_subscriptions
    where session_id = any(${ended.map(({ id }) => id)}::uuid[])`;
  afterCommit(tx, () => {
    relay.publish(SESSIONS_CHANNEL, userId).catch((error) => log.debug("session hint not sent", { error }));
  });
}

async function issueRefreshToken(
  tx: TransactionSql,
  sessionId: string,
  now: Date,
  sessionExpiresAt: Date,
): Promise<string> {
  const refreshToken = newSecret();
  const expiresAt = new Date(Math.min(now.getTime() + REFRESH_S * 1000, sessionExpiresAt.getTime()));
  await tx`
    insert into refresh_tokens (token_hash, session_id, issued_at, expires_at)
    values (${await sha256(refreshToken)}, ${sessionId}, ${now}, ${expiresAt})`;
  return refreshToken;
}
