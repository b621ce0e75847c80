/** How the members of a party are read. */
import { z } from "zod";
import type { Page } from "../contract/common.ts";
import type { Membership } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import { cutPage, readCursor } from "./cursor.ts";
import { noSuchParty, offerOf, type PartyReader, placeOf } from "./party_rows.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { profilesOf } from "./profiles.ts";

type MemberRow = Omit<Membership, "nickname" | "profile"> & { requestedAt: Date };

/** One person's place in a party. Throws `not-found`. */
export async function readMembership(deps: PartyReader, partyId: string, userId: string): Promise<Membership> {
  const [member] = await withProfiles(
    deps,
    await deps.sql<MemberRow[]>`
      ${selectMembers(deps.sql)}
      where m.party_id = ${partyId} and m.user_id = ${userId}`,
  );
  if (!member) throw noSuchMember();
  return member;
}

/** What a person is to a party; `undefined` for who never asked. */
export async function findStatus(
  tx: TransactionSql,
  partyId: string,
  userId: string,
): Promise<Membership["status"] | undefined> {
  const [member] = await tx<Pick<Membership, "status">[]>`
    select status
    from party_members
    where party_id = ${partyId} and user_id = ${userId}`;
  return member?.status;
}

/** The person is not in the party, or never was. */
export function noSuchMember(): Problem {
  return new Problem("not-found", "Cannot find the person: not in the party");
}

const Position = z.tuple([z.enum(["leader", "member"]), z.iso.datetime(), z.uuid()]);

/** Everyone for the leader, the accepted for an accepted member; the leader first. Throws `not-found`, `forbidden`. */
export async function listMembers(
  deps: PartyReader,
  { partyId, callerId }: { partyId: string; callerId: string },
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<Membership>> {
  const { sql } = deps;
  const isLeader = await requireInside(deps, partyId, callerId);
  const after = readCursor(Position, cursor);
  const rows = await sql<MemberRow[]>`
    ${selectMembers(sql)}
    where m.party_id = ${partyId}
      ${isLeader ? sql`` : sql`and m.status = 'accepted'`}
      ${after ? sql`and (m.role, m.requested_at, m.user_id) > (${after[0]}, ${after[1]}, ${after[2]})` : sql``}
    order by m.role, m.requested_at, m.user_id
    limit ${limit + 1}`;
  const { items, nextCursor } = cutPage(rows, limit, (row) => [row.role, row.requestedAt.toISOString(), row.userId]);
  return { items: await withProfiles(deps, items), nextCursor };
}

/** Whether the caller leads the party; who is not in it has no business here. */
async function requireInside({ sql }: Pick<Deps, "sql">, partyId: string, callerId: string): Promise<boolean> {
  const [party] = await sql<{ role: string | null }[]>`
    select m.role
    from parties p
    left join party_members m on m.party_id = p.id and m.user_id = ${callerId} and m.status = 'accepted'
    where p.id = ${partyId}`;
  if (!party) throw noSuchParty();
  if (!party.role) throw new Problem("forbidden", "Cannot show the members: only for those who are in");
  return party.role === "leader";
}

function selectMembers(sql: Deps["sql"]) {
  return sql`
    select m.user_id as "userId", m.role, m.status, m.quantity, m.attended, m.requested_at as "requestedAt",
      coalesce(m.quantity_min, m.quantity) as "quantityMin", coalesce(m.quantity_wish, m.quantity) as "quantityWish",
      ${placeOf(sql, sql`m`)} as place, ${offerOf(sql, sql`m`)} as offer,
      exists (select 1 from penalties x where x.party_id = m.party_id and x.user_id = m.user_id) as penalised
    from party_members m`;
}

async function withProfiles(deps: PartyReader, rows: MemberRow[]): Promise<Membership[]> {
  const profiles = await profilesOf(deps, rows.map((row) => row.userId));
  return rows.map(({ requestedAt: _, ...row }) => {
    const profile = profiles.get(row.userId)!;
    return { ...row, nickname: profile.nickname, profile };
  });
}
