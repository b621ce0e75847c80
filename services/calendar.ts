/** Parties as calendar entries (RFC 5545), in UTC. */
import { ICalCalendar, ICalEventStatus } from "ical-generator";
import type { Party } from "../contract/parties.ts";
import { loadParties, noSuchParty, type PartyReader } from "./party_rows.ts";

/** The party as a calendar of one entry. Throws `not-found`. */
export async function partyCalendar(deps: PartyReader, partyId: string, callerId: string): Promise<string> {
  const parties = await loadParties(deps, [partyId], callerId);
  if (parties.length === 0) throw noSuchParty();
  return calendarOf(deps, parties);
}

/** Parties of the last so many days stay in a person's calendar … */
const PAST_MS = 90 * 24 * 3600_000;
/** … which has so many at most, the latest of them. */
const PARTIES_MAX = 500;

/** The parties that the person is in. Those called off are told as such, so that calendars take them out. */
export async function ownCalendar(deps: PartyReader, userId: string): Promise<string> {
  const since = new Date(deps.clock.now().getTime() - PAST_MS);
  const rows = await deps.sql<{ id: string }[]>`
    select p.id
    from party_members m
    join parties p on p.id = m.party_id
    where m.user_id = ${userId} and m.status = 'accepted' and p.ends_at > ${since}
    order by p.starts_at desc, p.id
    limit ${PARTIES_MAX}`;
  return calendarOf(deps, await loadParties(deps, rows.map(({ id }) => id), userId));
}

const STATUS: Record<Party["status"], ICalEventStatus> = {
  open: ICalEventStatus.TENTATIVE,
  confirmed: ICalEventStatus.CONFIRMED,
  done: ICalEventStatus.CONFIRMED,
  cancelled: ICalEventStatus.CANCELLED,
};

function calendarOf({ clock }: Pick<PartyReader, "clock">, parties: Party[]): string {
  const calendar = new ICalCalendar({
    name: "모아장",
    prodId: { company: "moajang", product: "parties", language: "KO" },
  });
  for (const { id, title, note, status, market, startsAt, endsAt, version } of parties) {
    calendar.createEvent({
      id: `${id}@moajang`,
      // By this a calendar knows which of two is the newer.
      sequence: version,
      stamp: clock.now(),
      start: new Date(startsAt),
      end: new Date(endsAt),
      status: STATUS[status],
      summary: title,
      ...(note && { description: note }),
      location: { title: market.name, address: market.roadAddress, geo: { lat: market.lat, lon: market.lng } },
    });
  }
  return calendar.toString();
}
