/** The signed-in person's own view of themself, and what they may change in it. */
import type { Me, MeChange } from "../contract/identity.ts";
import { invalid, Problem } from "../contract/problems.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { regionOf } from "./regions.ts";

type Home = Omit<NonNullable<Me["home"]>, "regionCode">;

/** A person as they see themself. Throws `unauthenticated` for one who has withdrawn. */
export async function readMe({ sql }: { sql: Sql | TransactionSql }, userId: string): Promise<Me> {
  const [me] = await sql<(Omit<Me, "createdAt"> & { createdAt: Date })[]>`
    select id, email, nickname, role, locale, created_at as "createdAt",
      json_build_object('location', location_at is not null) as consents,
      case when home_address is not null then json_build_object(
        'roadAddress', home_address, 'lat', home_lat, 'lng', home_lng, 'regionCode', home_region_code) end as home
    from users
    where id = ${userId} and withdrawn_at is null`;
  if (!me) throw gone();
  return { ...me, createdAt: me.createdAt.toISOString() };
}

/**
 * For a transaction that binds a person to a party, before the party is locked: they cannot withdraw until it ends. Throws
 * `unauthenticated` for one who has. Without it someone on their way out could come into a party that nobody takes them from.
 */
export async function holdPerson(tx: TransactionSql, userId: string): Promise<void> {
  const [here] = await tx`
    select 1
    from users
    where id = ${userId} and withdrawn_at is null
    for share`;
  if (!here) throw gone();
}

/**
 * Changes what is given. Taking back the consent to use one's location forgets the home with it. Throws `nickname-taken`,
 * `unauthenticated`, and `invalid-input` for a home without that consent.
 */
export async function changeMe(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  userId: string,
  change: MeChange,
): Promise<Me> {
  const { nickname, locale, home, consents } = change;
  if (home && consents?.location === false) throw consentMissing();
  const columns = {
    ...(nickname !== undefined && { nickname }),
    ...(locale !== undefined && { locale }),
    ...((home !== undefined || consents?.location === false) && homeColumns(home ?? null)),
    ...(consents && { location_at: consents.location ? clock.now() : null }),
  };
  if (Object.keys(columns).length === 0) return await readMe({ sql }, userId);
  const needsConsent = Boolean(home) && consents === undefined;
  const changed = await sql`
    update users
    set ${sql(columns)}
    where id = ${userId} and withdrawn_at is null ${needsConsent ? sql`and location_at is not null` : sql``}
    returning 1`.catch(refuseTakenName);
  const me = await readMe({ sql }, userId);
  if (changed.length === 0) throw consentMissing();
  return me;
}

/** A home as the columns of `users`, with its region. */
export function homeColumns(home: Home | null) {
  return {
    home_address: home?.roadAddress ?? null,
    home_lat: home?.lat ?? null,
    home_lng: home?.lng ?? null,
    home_region_code: home && regionOf(home),
  };
}

/** For `catch`: what a unique index refused becomes `email-taken` or `nickname-taken`; anything else goes on as it is. */
export function refuseTakenName(error: unknown): never {
  const { code, constraint_name: index } = error as { code?: string; constraint_name?: string };
  if (code === "23505" && index === "users_email_key") {
    throw new Problem("email-taken", "Cannot sign up: the e-mail is in use");
  }
  if (code === "23505" && index === "users_nickname_key") {
    throw new Problem("nickname-taken", "Cannot take the nickname: it is in use");
  }
  throw error;
}

function gone(): Problem {
  return new Problem("unauthenticated", "Cannot answer: the account has been withdrawn");
}

function consentMissing(): Problem {
  return invalid("/consents/location", "must be true when a home is given");
}
