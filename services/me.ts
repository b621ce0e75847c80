/** The signed-in person's own view of themself, and what they may change in it. */
import type { Me, MeChange } from "../contract/identity.ts";
import { invalid, Problem } from "../contract/problems.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { regionOf } from "./regions.ts";
import { naming } from "./taken_names.ts";

/** A person as they see themself. Throws `unauthenticated` for one who has withdrawn. */
export async function readMe({ sql }: { sql: Sql | TransactionSql }, userId: string): Promise<Me> {
  const [row] = await sql<
    (Omit<Me, "home" | "createdAt"> & { createdAt: Date; address: string | null; lat: number; lng: number; code: string })[]
  >`
    select id, email, nickname, role, locale, created_at as "createdAt",
      home_address as address, home_lat as lat, home_lng as lng, home_region_code as code
    from users
    where id = ${userId} and withdrawn_at is null`;
  if (!row) throw new Problem("unauthenticated", "Cannot answer: the account has been withdrawn");
  const { address, lat, lng, code, createdAt, ...person } = row;
  const home = address === null ? null : { roadAddress: address, lat, lng, regionCode: code };
  return { ...person, home, createdAt: createdAt.toISOString() };
}

/**
 * Changes what is given. Taking the location consent back forgets the home as well. Throws `nickname-taken`, and
 * `invalid-input` for a home without the consent.
 */
export async function changeMe(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  userId: string,
  change: MeChange,
): Promise<Me> {
  const { nickname, locale, consents } = change;
  const home = consents?.location === false && change.home === undefined ? null : change.home;
  if (home && consents?.location === false) throw consentMissing();
  const columns = {
    ...(nickname !== undefined && { nickname }),
    ...(locale !== undefined && { locale }),
    ...(home !== undefined && homeColumns(home)),
    ...(consents && { location_at: consents.location ? sql`coalesce(location_at, ${clock.now()})` : null }),
  };
  if (Object.keys(columns).length > 0) {
    const needsConsent = Boolean(home) && !consents?.location;
    const changed = await naming(() =>
      sql`
        update users
        set ${sql(columns)}
        where id = ${userId} and withdrawn_at is null ${needsConsent ? sql`and location_at is not null` : sql``}
        returning 1`
    );
    if (changed.length === 0 && needsConsent) {
      await readMe({ sql }, userId);
      throw consentMissing();
    }
  }
  return await readMe({ sql }, userId);
}

/** A home as the columns of `users`. */
export function homeColumns(home: { roadAddress: string; lat: number; lng: number } | null) {
  return {
    home_address: home?.roadAddress ?? null,
    home_lat: home?.lat ?? null,
    home_lng: home?.lng ?? null,
    home_region_code: home ? regionOf(home) : null,
  };
}

function consentMissing(): Problem {
  return invalid("/consents/location", "must be true when a home is given");
}
