/** The parties a person leads, is in, has asked to join, or waits for. */
import { z } from "zod";
import type { Page } from "../contract/common.ts";
import type { MyPartiesQuery, Party } from "../contract/parties.ts";
import { cutPage, readCursor } from "./cursor.ts";
import { loadParties, type PartyReader } from "./party_rows.ts";

const Position = z.tuple([z.uuid()]);

/** The caller's parties, newest first. */
export async function listMyParties(
  deps: PartyReader,
  callerId: string,
  { role, status, limit, cursor }: MyPartiesQuery,
): Promise<Page<Party>> {
  const { sql } = deps;
  const after = readCursor(Position, cursor);
  const rows = await sql<{ id: string }[]>`
    select m.party_id as id
    from party_members m
    join parties p on p.id = m.party_id
    where m.user_id = ${callerId}
      and m.status in ('accepted', 'pending', 'waiting')
      ${role === undefined ? sql`` : sql`and ${ROLES[role](sql)}`}
      ${status === undefined ? sql`` : sql`and p.status = ${status}`}
      ${after ? sql`and m.party_id < ${after[0]}` : sql``}
    order by m.party_id desc
    limit ${limit + 1}`;
  const { items, nextCursor } = cutPage(rows, limit, (row) => [row.id]);
  return { items: await loadParties(deps, items.map((row) => row.id), callerId), nextCursor };
}

const ROLES = {
  leader: (sql: PartyReader["sql"]) => sql`m.role = 'leader'`,
  member: (sql: PartyReader["sql"]) => sql`m.role = 'member' and m.status = 'accepted'`,
  pending: (sql: PartyReader["sql"]) => sql`m.status = 'pending'`,
  waiting: (sql: PartyReader["sql"]) => sql`m.status = 'waiting'`,
};
