/** How a party is read: rows by id become {@link Party}s, with what the caller is to each. */
import type { Party } from "../contract/parties.ts";
import { Problem } from "../contract/problems.ts";
import type { Deps } from "./ports.ts";
import { profilesOf } from "./profiles.ts";

/** What reading parties needs. */
export type PartyReader = Pick<Deps, "sql" | "cache" | "clock" | "log">;

/** What changing parties and their members needs. */
export type PartyChanger = PartyReader & Pick<Deps, "relay">;

type PartyRow =
  & Omit<Party, "leader" | "startsAt" | "endsAt" | "joinUntil" | "createdAt">
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
      leader: profiles.get(leaderId)!,
      startsAt: startsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      joinUntil: joinUntil.toISOString(),
      createdAt: createdAt.toISOString(),
    }];
  });
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
        when caller.status = 'pending' then 'pending'
        else 'none'
      end as "myRole",
      jsonb_build_object('open', room.opened_at is not null, 'lastSeq', coalesce(room.last_seq, 0)) as chat
    from parties p
    join markets m on m.id = p.market_id
    join items i on i.id = p.item_id
    join party_members leader on leader.party_id = p.id and leader.user_id = p.leader_id
    left join party_members caller on caller.party_id = p.id and caller.user_id = ${callerId}
    left join chat_rooms room on room.party_id = p.id
    where p.id in ${sql(ids)}`;
}
