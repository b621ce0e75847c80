/** How a party is read: rows by id become {@link Party}s, with what the caller is to each. */
import type { Party } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import type { Deps, Sql } from "./ports.ts";
import { profilesOf } from "./profiles.ts";
import { unitPriceOf } from "./unit_prices.ts";

/** What reading parties needs. */
export type PartyReader = Pick<Deps, "sql" | "cache" | "clock" | "log">;

/** What changing parties and their members needs. */
export type PartyChanger = PartyReader & Pick<Deps, "relay">;

type PartyRow =
  & Omit<Party, "leader" | "unitPrice" | "startsAt" | "endsAt" | "joinUntil" | "createdAt">
  & { leaderId: string; startsAt: Date; endsAt: Date; joinUntil: Date; createdAt: Date };

/** The party as the caller (`null`: nobody) sees it. Throws `not-found`. */
export async function readParty(deps: PartyReader, partyId: string, callerId: string | null): Promise<Party> {
  const [party] = await loadParties(deps, [partyId], callerId);
  if (!party) throw noSuchParty();
  return party;
}

/** The parties with these ids, in this order; an id that does not exist is left out. */
export async function loadParties(deps: PartyReader, ids: string[], callerId: string | null): Promise<Party[]> {
  if (ids.length === 0) return [];
  const rows = await readRows(deps, ids, callerId);
  const profiles = await profilesOf(deps, [...new Set(rows.map((row) => row.leaderId))]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (!row) return [];
    const { leaderId, startsAt, endsAt, joinUntil, createdAt, ...rest } = row;
    return [{
      ...rest,
      unitPrice: unitPriceOf(rest),
      leader: profiles.get(leaderId)!,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      joinUntil: joinUntil.toISOString(),
      createdAt: createdAt.toISOString(),
    }];
  });
}

/** Where in the queue the `party_members` row stands that the alias names: 1 is the first, null for who does not wait. */
export function placeOf(sql: Sql, member: ReturnType<Sql>) {
  return sql`
    case when ${member}.status = 'waiting' then (
      select count(*)::int
      from party_members ahead
      where ahead.party_id = ${member}.party_id and ahead.queue_no <= ${member}.queue_no) end`;
}

/** What the `party_members` row that the alias names has been offered, as JSON; null for nothing. */
export function offerOf(sql: Sql, member: ReturnType<Sql>) {
  return sql`
    case when ${member}.offer_until is not null then
      jsonb_build_object('quantity', ${member}.offered_quantity, 'until', ${utc(sql, sql`${member}.offer_until`)}) end`;
}

/** An instant as JSON has it: as `toISOString` writes it. */
function utc(sql: Sql, instant: ReturnType<Sql>) {
  return sql`to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** There is no such party, or the caller may not know of it. */
export function noSuchParty(): Problem {
  return new Problem("not-found", "Cannot find the party: no such id");
}

async function readRows({ sql }: Pick<Deps, "sql">, ids: string[], callerId: string | null): Promise<PartyRow[]> {
  return await sql<PartyRow[]>`
    select p.id, p.title, p.note, p.status, p.quantity, p.unit, p.price_krw as "priceKrw",
      leader.quantity as "leaderQuantity", p.quantity_left as "quantityLeft", p.capacity,
      p.member_count as "memberCount", p.starts_at as "startsAt", p.ends_at as "endsAt", p.join_until as "joinUntil",
      p.auto_accept as "autoAccept", p.created_at as "createdAt", p.version, p.leader_id as "leaderId",
      jsonb_build_object('id', m.id, 'name', m.name, 'kind', m.kind, 'roadAddress', m.road_address,
        'lat', m.lat, 'lng', m.lng, 'regionCode', m.region_code) as market,
      jsonb_build_object('id', i.id, 'code', i.code, 'category', i.category, 'name', i.name, 'variety', i.variety)
        as item,
      case
        when caller.role = 'leader' then 'leader'
        when caller.status = 'accepted' then 'member'
        when caller.status in ('pending', 'waiting') then caller.status
        else 'none'
      end as "myRole",
      case when caller.status = 'waiting' then
        jsonb_build_object('place', ${placeOf(sql, sql`caller`)}, 'offer', ${offerOf(sql, sql`caller`)})
      end as "myQueue",
      jsonb_build_object('open', room.opened_at is not null, 'lastSeq', coalesce(room.last_seq, 0)) as chat
    from parties p
    join markets m on m.id = p.market_id
    join items i on i.id = p.item_id
    join party_members leader on leader.party_id = p.id and leader.user_id = p.leader_id
    left join party_members caller on caller.party_id = p.id and caller.user_id = ${callerId}
    left join chat_rooms room on room.party_id = p.id
    where p.id in ${sql(ids)}`;
}
