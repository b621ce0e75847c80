/** Opening a party and changing what it says. */
import type { Item } from "../contract/catalogue.ts";
import { PartyField } from "../contract/events.ts";
import { checkTimes, type NewParty, type Party, type PartyChange } from "../contract/parties.ts";
import { invalid, Problem } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { newId } from "./ids.ts";
import { holdPerson } from "./me.ts";
import { lockAsLeader, type LockedParty, requireState } from "./party_lock.ts";
import { type PartyChanger, readParty } from "./party_rows.ts";
import { closeRecruiting } from "./party_state.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { regionOf } from "./regions.ts";
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

/**
 * Changes what the leader may still change: everything while open; title, note, price and times once confirmed. A capacity
 * that is just reached confirms. Throws `not-found`, `forbidden`, `stale-version`, `party-state`, `invalid-input`.
 */
export async function changeParty(
  deps: PartyChanger,
  { partyId, callerId, ifVersion }: { partyId: string; callerId: string; ifVersion: number | null },
  change: PartyChange,
): Promise<Party> {
  await inTransaction(deps.sql, async (tx) => {
    const party = await lockAsLeader(tx, partyId, callerId);
    if (ifVersion !== null && ifVersion !== party.version) {
      throw new Problem("stale-version", `Cannot change the party: it is at version ${party.version}`);
    }
    const forRecruiting = ["capacity", "joinUntil", "autoAccept"].some((field) => field in change);
    requireState(party, "change the party", "open", ...(forRecruiting ? [] : ["confirmed" as const]));
    const changed = await updateParty(tx, party, change, newTimes(deps, party, change));
    if (changed.length > 0) {
      await recordEvent(deps, tx, { type: "party.updated", partyId, actorId: callerId, changed });
    }
    if (party.status === "open" && change.capacity === party.memberCount) {
      await closeRecruiting(deps, tx, party, callerId);
    }
  });
  return await readParty(deps, partyId, callerId);
}

function checkStillAhead({ clock }: Pick<Deps, "clock">, times: { startsAt: string; joinUntil?: string | undefined }) {
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
      capacity, starts_at, ends_at, join_until, auto_accept, search_text, created_at)
    values (${partyId}, ${leaderId}, ${market.id}, ${item.id}, ${title}, ${party.note}, ${quantity}, ${party.unit},
      ${party.priceKrw}, ${leaderQuantity}, ${capacity}, ${startsAt}, ${endsAt}, ${joinUntil}, ${party.autoAccept},
      ${searchTextOf(title, item.name, market.name)}, ${now})`;
  await tx`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at, decided_at)
    values (${partyId}, ${leaderId}, 'leader', 'accepted', ${leaderQuantity}, ${now}, ${now})`;
}

interface Times {
  startsAt: Date;
  endsAt: Date;
  joinUntil: Date;
}

/** The times after the change, in order. A `joinUntil` that was never set apart goes along with `startsAt`. */
function newTimes(deps: Pick<Deps, "clock">, party: LockedParty, change: PartyChange): Times {
  const { startsAt, endsAt, joinUntil } = change;
  if (!startsAt && !endsAt && !joinUntil) return party;
  const starts = startsAt ? new Date(startsAt) : party.startsAt;
  const wasApart = party.joinUntil.getTime() !== party.startsAt.getTime();
  const kept = wasApart && party.joinUntil < starts ? party.joinUntil : starts;
  const times = {
    startsAt: starts,
    endsAt: endsAt ? new Date(endsAt) : party.endsAt,
    joinUntil: joinUntil ? new Date(joinUntil) : kept,
  };
  if (startsAt || joinUntil) {
    checkStillAhead(deps, { startsAt: starts.toISOString(), joinUntil });
  }
  checkTimes(
    {
      startsAt: times.startsAt.toISOString(),
      endsAt: times.endsAt.toISOString(),
      joinUntil: times.joinUntil.toISOString(),
    },
    (field, detail) => {
      throw invalid(`/${field}`, detail);
    },
  );
  return times;
}

/** Answers what is different now, of what the change has named and those in the party have a part in. */
async function updateParty(
  tx: TransactionSql,
  party: LockedParty,
  change: PartyChange,
  times: Times,
): Promise<PartyField[]> {
  if (change.capacity !== undefined && change.capacity < party.memberCount) {
    throw invalid("/capacity", `must not be below the ${party.memberCount} who are in`);
  }
  const { title = null, note = null, capacity = null, autoAccept = null } = change;
  const [changed] = await tx<Record<PartyField, boolean>[]>`
    update parties p
    set title = coalesce(${title}, p.title),
      search_text = coalesce(${title && await searchTextUnder(tx, party.id, title)}, p.search_text),
      note = coalesce(${note}, p.note),
      price_krw = ${change.priceKrw === undefined ? tx`p.price_krw` : change.priceKrw},
      capacity = coalesce(${capacity}, p.capacity),
      starts_at = ${times.startsAt},
      ends_at = ${times.endsAt},
      join_until = ${times.joinUntil},
      auto_accept = coalesce(${autoAccept}, p.auto_accept),
      version = p.version + 1
    from parties was
    where p.id = ${party.id} and was.id = p.id
    returning p.title <> was.title as title, p.note <> was.note as note,
      p.price_krw is distinct from was.price_krw as "priceKrw", p.capacity <> was.capacity as capacity,
      p.starts_at <> was.starts_at as "startsAt", p.ends_at <> was.ends_at as "endsAt",
      p.join_until <> was.join_until as "joinUntil"`;
  return PartyField.options.filter((field) => field in change && changed![field]);
}

/** What a party is searched by when it is called so. */
async function searchTextUnder(tx: TransactionSql, partyId: string, title: string): Promise<string> {
  const [names] = await tx<{ item: string; market: string }[]>`
    select i.name as item, m.name as market
    from parties p
    join items i on i.id = p.item_id
    join markets m on m.id = p.market_id
    where p.id = ${partyId}`;
  return searchTextOf(title, names!.item, names!.market);
}
