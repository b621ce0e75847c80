/** Accounts: how one comes to be, how its owner proves who they are, and how it ends. */
import type { PasswordChange, Session, SignIn, SignUp } from "../contract/identity.ts";
import { invalid, Problem } from "../contract/problems.ts";
import { isCommonPassword } from "./common_passwords.ts";
import { newId } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { homeColumns, readMe, refuseTakenName } from "./me.ts";
import { leaveAllParties } from "./parties_of_leaver.ts";
import type { AccessClaims, Deps, TransactionSql } from "./ports.ts";
import { sha256 } from "./secrets.ts";
import { endSessions, type Grant, openSession, rotateRefreshToken } from "./sessions.ts";
import { inTransaction } from "./transaction.ts";

/** A session as the services give it: how the refresh token travels is for the edge to say. */
export type NewSession = Session & { refreshToken: string };

/**
 * Makes an account and signs it in. The unique indexes decide between people who want the same name. Throws
 * `email-taken`, `nickname-taken`, and `invalid-input` for a common password.
 */
export async function signUp(
  deps: Pick<Deps, "sql" | "passwords" | "tokens" | "clock">,
  { email, password, nickname, home, consents }: SignUp,
): Promise<NewSession> {
  if (isCommonPassword(password, { email, nickname })) throw tooCommon("/password");
  const hash = await deps.passwords.hash(password);
  const id = newId(deps), now = deps.clock.now();
  const person = {
    id,
    email,
    password_hash: hash,
    nickname,
    ...homeColumns(home ?? null),
    terms_at: now,
    privacy_at: now,
    location_at: consents.location ? now : null,
    created_at: now,
  };
  return await inTransaction(deps.sql, async (tx) => {
    await tx`insert into users ${tx(person)}`;
    return await sessionOf(deps, tx, await openSession(deps, tx, id));
  }).catch(refuseTakenName);
}

/**
 * Signs in. A wrong e-mail, a wrong password and a withdrawn account fail alike, after the same work. Throws
 * `bad-credentials`, and `rate-limited` when too many have tried this account, from wherever.
 */
export async function signIn(
  deps: Pick<Deps, "sql" | "passwords" | "tokens" | "limiter" | "clock">,
  { email, password }: SignIn,
): Promise<NewSession> {
  await takeGuess(deps, email);
  const [user] = await deps.sql<{ id: string; hash: string }[]>`
    select id, password_hash as hash
    from users
    where email = ${email}`;
  const isRight = await deps.passwords.verify(user?.hash ?? null, password);
  if (!user || !isRight) throw badCredentials("sign in");
  return await inTransaction(deps.sql, async (tx) => {
    // The lock makes this wait for a change of the password, or a withdrawal, that is under way, and refuse after it.
    const [still] = await tx`
      select 1
      from users
      where id = ${user.id} and password_hash = ${user.hash}
      for share`;
    if (!still) throw badCredentials("sign in");
    return await sessionOf(deps, tx, await openSession(deps, tx, user.id));
  });
}

/** Goes on with a session. Throws `unauthenticated`, and `refresh-reused` for a replayed token, whose session has then ended. */
export async function refresh(
  deps: Pick<Deps, "sql" | "tokens" | "relay" | "clock" | "log">,
  refreshToken: string,
): Promise<NewSession> {
  const session = await inTransaction(deps.sql, async (tx) => {
    const grant = await rotateRefreshToken(deps, tx, refreshToken);
    return grant && await sessionOf(deps, tx, grant);
  });
  if (!session) throw new Problem("refresh-reused", "Cannot refresh the session: the token was used before");
  return session;
}

/** Ends the caller's session, or all of theirs. */
export async function signOut(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
  { userId, sessionId }: AccessClaims,
  { everywhere }: { everywhere: boolean },
): Promise<void> {
  await inTransaction(deps.sql, (tx) => endSessions(deps, tx, { userId, ...(!everywhere && { only: sessionId }) }));
}

/** Changes the password; all other sessions end. Throws `bad-credentials`, `rate-limited`, `invalid-input`. */
export async function changePassword(
  deps: Pick<Deps, "sql" | "passwords" | "limiter" | "relay" | "clock" | "log">,
  { userId, sessionId }: AccessClaims,
  { currentPassword, newPassword }: PasswordChange,
): Promise<void> {
  const { hash, email, nickname } = await proveOwner(deps, userId, currentPassword, "change the password");
  if (isCommonPassword(newPassword, { email, nickname })) throw tooCommon("/newPassword");
  const newHash = await deps.passwords.hash(newPassword);
  await inTransaction(deps.sql, async (tx) => {
    const changed = await tx`
      update users
      set password_hash = ${newHash}
      where id = ${userId} and password_hash = ${hash}
      returning 1`;
    if (changed.length === 0) throw badCredentials("change the password");
    await endSessions(deps, tx, { userId, except: sessionId });
  });
}

/**
 * Withdraws the account: personal data erased, parties left or cancelled, every session ended, all in one transaction. What
 * the person wrote and the penalties they got stay, under no name. Throws `bad-credentials`, `rate-limited`.
 */
export async function withdraw(
  deps: Pick<Deps, "sql" | "passwords" | "limiter" | "relay" | "clock" | "log">,
  { userId }: AccessClaims,
  password: string,
): Promise<void> {
  const { hash } = await proveOwner(deps, userId, password, "withdraw");
  await inTransaction(deps.sql, async (tx) => {
    const erased = await tx`
      update users
      set email = null, password_hash = null, nickname = null, home_address = null, home_lat = null, home_lng = null,
        home_region_code = null, location_at = null, withdrawn_at = ${deps.clock.now()}
      where id = ${userId} and password_hash = ${hash}
      returning 1`;
    if (erased.length === 0) throw badCredentials("withdraw");
    await endSessions(deps, tx, { userId });
    await leaveAllParties(deps, tx, userId);
    await tx`delete from favorite_items where user_id = ${userId}`;
    await tx`delete from favorite_markets where user_id = ${userId}`;
    await tx`delete from alerts where user_id = ${userId}`;
    await tx`delete from alert_preferences where user_id = ${userId}`;
    await tx`delete from idempotency_keys where user_id = ${userId}`;
    await tx`
      delete from refresh_tokens t
      using sessions s
      where s.id = t.session_id and s.user_id = ${userId}`;
  });
}

async function sessionOf(
  { tokens }: Pick<Deps, "tokens">,
  tx: TransactionSql,
  { userId, sessionId, refreshToken }: Grant,
): Promise<NewSession> {
  const user = await readMe({ sql: tx }, userId);
  return { ...await tokens.issue({ userId, sessionId, role: user.role }), refreshToken, user };
}

/** Whether this person is an admin now. */
export async function isAdmin({ sql }: Pick<Deps, "sql">, userId: string): Promise<boolean> {
  const [admin] = await sql`select 1 from users where id = ${userId} and role = 'admin'`;
  return admin !== undefined;
}

/** Someone may hold another's access token: only the password proves that they are its owner. */
async function proveOwner(
  deps: Pick<Deps, "sql" | "passwords" | "limiter">,
  userId: string,
  password: string,
  action: string,
) {
  const [user] = await deps.sql<{ hash: string; email: string; nickname: string }[]>`
    select password_hash as hash, email, nickname
    from users
    where id = ${userId} and withdrawn_at is null`;
  if (!user) throw badCredentials(action);
  await takeGuess(deps, user.email);
  if (!await deps.passwords.verify(user.hash, password)) throw badCredentials(action);
  return user;
}

/** Counts guesses at one account over all addresses. The counter's key must not tell whose it is. */
async function takeGuess({ limiter }: Pick<Deps, "limiter">, email: string): Promise<void> {
  const wait = await limiter.take(LIMITS.account, (await sha256(email)).toHex());
  if (wait) throw new Problem("rate-limited", "Cannot check the password: too many have tried", wait);
}

function badCredentials(action: string): Problem {
  return new Problem("bad-credentials", `Cannot ${action}: wrong e-mail or password`);
}

function tooCommon(pointer: string): Problem {
  return invalid(pointer, "is too common, or too close to the e-mail or the nickname");
}
