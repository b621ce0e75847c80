/** What the tests of alerts share: people and parties made by SQL in any number, events told as the product tells them. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { type Telling, type Told, writeAlerts } from "../services/alert_writing.ts";
import { type NewEvent, recordEvent } from "../services/events.ts";
import { inTransaction } from "../services/transaction.ts";
import { addItem, addMarket, CITY_HALL, poll, type TestService } from "./harness.ts";

/** A person with a session. */
export interface Neighbour {
  id: string;
  sessionId: string;
  token: string;
}

/** What the makers of rows need. */
export type World = Pick<TestService, "sql" | "clock" | "deps">;

/** Adds people without the cost of their passwords, at home at City Hall unless told otherwise (`null`: no home). */
export async function addPeople(
  { sql, clock, deps }: World,
  count: number,
  { home = CITY_HALL, locale = "ko" }: { home?: { lat: number; lng: number } | null; locale?: "ko" | "en" } = {},
): Promise<Neighbour[]> {
  const people = Array.from({ length: count }, () => ({ id: v7(), sessionId: v7() }));
  const ids = people.map(({ id }) => id), now = clock.now();
  const until = new Date(now.getTime() + 30 * 24 * 3600_000);
  await sql`
    insert into users (id, email, password_hash, nickname, locale, home_address, home_lat, home_lng, home_region_code,
      terms_at, privacy_at, location_at, created_at)
    select id, id || '@example.com', 'none', '이웃' || right(id::text, 12), ${locale}, ${home && "서울 중구"},
      ${home?.lat ?? null}, ${home?.lng ?? null}, ${home && "11140"}, ${now}, ${now}, ${now}, ${now}
    from unnest(${ids}::uuid[]) as id`;
  await sql`
    insert into sessions (id, user_id, created_at, expires_at)
    select s.id, s.user_id, ${now}, ${until}
    from unnest(${people.map((each) => each.sessionId)}::uuid[], ${ids}::uuid[]) as s (id, user_id)`;
  return await Promise.all(people.map(async (person) => {
    const claims = { userId: person.id, sessionId: person.sessionId, role: "user" as const };
    return { ...person, token: (await deps.tokens.issue(claims)).accessToken };
  }));
}

/** A party as far as alerts care. */
export interface PlainParty {
  id: string;
  leaderId: string;
  itemId: string;
  marketId: string;
  regionCode: string;
}

/** Adds an open party with a market and an item of its own, in a region of its own if asked. */
export async function addParty(
  { sql, clock }: World,
  leaderId: string,
  { title = "같이 사요", regionCode = "11140", lat = CITY_HALL.lat, lng = CITY_HALL.lng } = {},
): Promise<PlainParty> {
  const { id: itemId } = await addItem({ sql });
  const { id: marketId } = await addMarket({ sql }, { lat, lng });
  const id = v7(), now = clock.now(), soon = new Date(now.getTime() + 24 * 3600_000);
  await sql`update markets set region_code = ${regionCode} where id = ${marketId}`;
  await sql`
    insert into parties (id, leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at,
      ends_at, join_until, search_text, created_at)
    values (${id}, ${leaderId}, ${marketId}, ${itemId}, ${title}, 10000, 'g', 2500, 4, ${soon},
      ${new Date(soon.getTime() + 3600_000)}, ${soon}, ${title}, ${now})`;
  await sql`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at)
    values (${id}, ${leaderId}, 'leader', 'accepted', 2500, ${now})`;
  return { id, leaderId, itemId, marketId, regionCode };
}

/** A region code that no other test uses. */
export function newRegion(): string {
  return String(90_000 + regionsUsed++);
}
let regionsUsed = 0;

/** Makes these people favour the party's market. */
export async function favourMarket({ sql }: World, { marketId }: PlainParty, people: { id: string }[]): Promise<void> {
  await sql`
    insert into favorite_markets (market_id, user_id, created_at)
    select ${marketId}, id, now()
    from unnest(${people.map(({ id }) => id)}::uuid[]) as id`;
}

/** Makes these people favour the party's item. */
export async function favourItem({ sql }: World, { itemId }: PlainParty, people: { id: string }[]): Promise<void> {
  await sql`
    insert into favorite_items (item_id, user_id, created_at)
    select ${itemId}, id, now()
    from unnest(${people.map(({ id }) => id)}::uuid[]) as id`;
}

/** Records an event as a change of the party does. Answers its id. */
export async function tell({ sql, deps }: World, event: NewEvent): Promise<string> {
  return await inTransaction(sql, async (tx) => {
    await recordEvent(deps, tx, event);
    // The one that this transaction has written, whatever others write meanwhile.
    const [row] =
      await tx`select id from events where party_id = ${event.partyId} and xmin = pg_current_xact_id()::xid`;
    return row!.id;
  });
}

/** Writes an event's alerts by itself, whatever the workers do. Answers how many. */
export async function writeEvent({ deps }: Pick<World, "deps">, event: Telling): Promise<number> {
  const [{ count, waiting }] = await writeAlerts(deps, [event]) as [Told];
  return waiting.length === 0 ? count : count + await writeEvent({ deps }, { ...event, waiting });
}

/** Waits until nothing of the party waits to be told. */
export async function allTold({ sql }: World, { id }: { id: string }, timeoutMs = 10_000): Promise<void> {
  await poll(async () => {
    const [{ left }] = await sql`
      select count(*)::int as left from events where party_id = ${id} and retired_at is null` as [{ left: number }];
    return left === 0;
  }, { timeoutMs });
}

/** A line of an inbox, straight from the table. */
export interface InboxLine {
  seq: number;
  eventId: string;
  type: string;
}

/** Someone's whole inbox by number. */
export async function inboxOf({ sql }: World, { id }: { id: string }): Promise<InboxLine[]> {
  return await sql<InboxLine[]>`
    select seq, event_id as "eventId", type
    from alerts
    where user_id = ${id}
    order by seq`;
}

/** Puts alerts into an inbox as the worker would have, without the events they came from. */
export async function fillInbox(
  { sql }: World,
  { id }: { id: string },
  party: PlainParty,
  { count, title = "같이 사요" }: { count: number; title?: string },
): Promise<void> {
  const payload = {
    v: 1,
    partyTitle: title,
    itemId: party.itemId,
    itemName: "사과",
    marketId: party.marketId,
    marketName: "시장",
    startsAt: "2026-12-31T15:30:00.000Z",
    actorId: party.leaderId,
    userId: id,
    reason: null,
  };
  await sql`
    with head as (
      insert into alert_heads as h (user_id, last_seq)
      values (${id}, ${count})
      on conflict (user_id) do update
      set last_seq = h.last_seq + ${count}
      returning last_seq
    )
    insert into alerts (user_id, seq, id, event_id, type, party_id, payload, created_at)
    select ${id}, head.last_seq - ${count}::int + n, gen_random_uuid(), gen_random_uuid(), 'join.accepted', ${party.id},
      ${sql.json(payload)}, now()
    from head, generate_series(1, ${count}::int) as n`;
}

/** A party whose market these many people favour. */
export async function partyWithFans(world: World, count: number, place: { regionCode?: string } = {}) {
  const [leader] = await addPeople(world, 1), fans = await addPeople(world, count);
  const party = await addParty(world, leader!.id, place);
  await favourMarket(world, party, fans);
  return {
    leader: leader!,
    fans,
    party,
    created: { type: "party.created" as const, partyId: party.id, actorId: leader!.id },
  };
}

/** Asserts that each of these people has been told exactly these events, each once, numbered from 1. */
export async function assertTold(world: World, people: { id: string }[], eventIds: string[]): Promise<void> {
  const rows = await world.sql<{ userId: string; seqs: number[]; eventIds: string[] }[]>`
    select user_id as "userId", array_agg(seq order by seq) as seqs, array_agg(event_id order by event_id) as "eventIds"
    from alerts
    where user_id = any(${people.map(({ id }) => id)}::uuid[])
    group by user_id`;
  assert.equal(rows.length, eventIds.length === 0 ? 0 : people.length);
  for (const { seqs, eventIds: told } of rows) {
    assert.deepEqual(told, eventIds.toSorted());
    assert.deepEqual(seqs, eventIds.map((_, i) => i + 1));
  }
}

/** Someone with a party of their own, who gets one more alert each time that somebody asks to join it. */
export async function leaderWithAlerts(service: World, count: number) {
  const [leader, applicant] = await addPeople(service, 2) as [Neighbour, Neighbour];
  const party = await addParty(service, leader.id);
  const alert = async (times = 1) => {
    const about = { type: "join.requested" as const, partyId: party.id, actorId: applicant.id, userId: applicant.id };
    await Promise.all(Array.from({ length: times }, () => tell(service, about)));
  };
  await alert(count);
  await allTold(service, party);
  return { leader, alert, party, whenTold: () => allTold(service, party) };
}
