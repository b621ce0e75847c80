/** Changing what a party says. */
import { PartyField } from "../contract/events.ts";
import { checkTimes, type Party, type PartyChange } from "../contract/parties.ts";
import { invalid, Problem } from "../contract/problems.ts";
import { recordEvent } from "./events.ts";
import { checkStillAhead } from "./parties.ts";
import { endOffersBy, makeOffers } from "./offers.ts";
import { lockAsLeader, type LockedParty, requireState } from "./party_lock.ts";
import { tellOfParty } from "./party_news.ts";
import { type PartyChanger, readParty } from "./party_rows.ts";
import { closeRecruiting } from "./party_state.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { nextReminderAt } from "./reminders.ts";
import { searchTextOf } from "./search_text.ts";
import { inTransaction } from "./transaction.ts";

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
    const changed = await updateParty(deps, tx, party, change);
    tellOfParty(deps, tx, partyId);
    if (changed.length > 0) {
      await recordEvent(deps, tx, { type: "party.updated", partyId, actorId: callerId, changed });
    }
    if (party.status === "open" && change.capacity === party.memberCount) {
      await closeRecruiting(deps, tx, party, callerId);
    }
    if (change.startsAt) await endOffersBy(tx, partyId, new Date(change.startsAt));
    await makeOffers(deps, tx, partyId);
  });
  return await readParty(deps, partyId, callerId);
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
  deps: Pick<Deps, "clock">,
  tx: TransactionSql,
  party: LockedParty,
  change: PartyChange,
): Promise<PartyField[]> {
  const seated = party.memberCount + party.seatsOffered;
  if (change.capacity !== undefined && change.capacity < seated) {
    throw invalid("/capacity", `must not be below the ${seated} who are in, or have been offered a seat`);
  }
  const times = newTimes(deps, party, change);
  const isMoved = times.startsAt.getTime() !== party.startsAt.getTime();
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
      remind_at = ${isMoved ? nextReminderAt(times.startsAt, deps.clock.now()) : tx`p.remind_at`},
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
