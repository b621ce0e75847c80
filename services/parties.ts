/** Opening a party. */
import type { Item } from "../contract/catalogue.ts";
import type { NewParty, Party } from "../contract/parties.ts";
import { invalid } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { newId } from "./ids.ts";
import { holdPerson } from "./me.ts";
import { type PartyChanger, readParty } from "./party_rows.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { regionOf } from "./regions.ts";
import { nextReminderAt } from "./reminders.ts";
import { searchTextOf } from "./search_text.ts";
import { inTransaction, sqlOf } from "./transaction.ts";

/** Opens a party led by the caller and tells those who wait for one. Throws `invalid-input` naming the field. */
export async function openParty(deps: PartyChanger, leaderId: string, party: NewParty): Promise<Party> {
  checkStillAhead(deps, party);
  const partyId = newId(deps);
  return await inTransaction(deps.sql, async (tx) => {
    await holdPerson(tx, leaderId);
    const item = await readChosenItem(tx, party.itemId);
    const market = party.place ? await addPlace(deps, tx, partyId, party.place) : await readChosenMarket(tx, party);
    await insertParty(deps, tx, { ...party, partyId, leaderId, item, market });
    await recordEvent(deps, tx, { type: "party.created", partyId, actorId: leaderId });
    return await readParty({ ...deps, sql: sqlOf(tx) }, partyId, leaderId);
  });
}

/** Throws `invalid-input` for a time that has passed. */
export function checkStillAhead(
  { clock }: Pick<Deps, "clock">,
  times: { startsAt: string; joinUntil?: string | undefined },
) {
  const now = clock.now().getTime();
  if (Date.parse(times.startsAt) <= now) throw invalid("/startsAt", "must be in the future");
  if (times.joinUntil && Date.parse(times.joinUntil) <= now) throw invalid("/joinUntil", "must be in the future");
}

async function readChosenItem(tx: TransactionSql, itemId: string): Promise<Pick<Item, "id" | "name">> {
  const [item] = await tx<Pick<Item, "id" | "name">[]>`
    select id, name
    from items
    where id = ${itemId} and retired_at is null`;
  if (!item) throw invalid("/itemId", "is not an item of the catalogue");
  return item;
}

interface ChosenMarket {
  id: string;
  name: string;
}

async function readChosenMarket(tx: TransactionSql, { marketId }: NewParty): Promise<ChosenMarket> {
  const [market] = await tx<ChosenMarket[]>`
    select id, name
    from markets
    where id = ${marketId!} and source <> 'place' and retired_at is null`;
  if (!market) throw invalid("/marketId", "is not a market of the catalogue");
  return market;
}

/** A meeting place of the party's own: a market that only this party has. */
async function addPlace(
  deps: Pick<Deps, "clock">,
  tx: TransactionSql,
  partyId: string,
  place: NonNullable<NewParty["place"]>,
): Promise<ChosenMarket> {
  const id = newId(deps);
  await tx`
    insert into markets (id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text,
      updated_at)
    values (${id}, 'place', ${partyId}, ${place.name}, 'other', ${place.roadAddress}, ${place.lat}, ${place.lng},
      ${regionOf(place)}, ${searchTextOf(place.name, place.roadAddress)}, ${deps.clock.now()})`;
  return { id, name: place.name };
}

async function insertParty(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: NewParty & { partyId: string; leaderId: string; item: Pick<Item, "id" | "name">; market: ChosenMarket },
): Promise<void> {
  const { partyId, leaderId, item, market, quantity, capacity } = party;
  const title = party.title ?? `${item.name} · ${market.name}`.slice(0, 80);
  const leaderQuantity = party.leaderQuantity ?? Math.floor(quantity / capacity);
  const startsAt = new Date(party.startsAt), endsAt = new Date(party.endsAt);
  const joinUntil = party.joinUntil ? new Date(party.joinUntil) : startsAt;
  const now = clock.now();
  await tx`
    insert into parties (id, leader_id, market_id, item_id, title, note, quantity, unit, price_krw, quantity_taken,
      capacity, starts_at, ends_at, join_until, remind_at, auto_accept, search_text, created_at)
    values (${partyId}, ${leaderId}, ${market.id}, ${item.id}, ${title}, ${party.note}, ${quantity}, ${party.unit},
      ${party.priceKrw}, ${leaderQuantity}, ${capacity}, ${startsAt}, ${endsAt}, ${joinUntil},
      ${nextReminderAt(startsAt, now)}, ${party.autoAccept}, ${searchTextOf(title, item.name, market.name)}, ${now})`;
  await tx`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at, decided_at)
    values (${partyId}, ${leaderId}, 'leader', 'accepted', ${leaderQuantity}, ${now}, ${now})`;
}
