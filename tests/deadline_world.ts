/** What the tests of deadlines share: parties whose times are written as they are wanted, and what was recorded of them. */
import { v7 } from "uuid";
import { addParty, addPeople, type PlainParty, type World } from "./alert_world.ts";
import { poll } from "./harness.ts";

/** One hour. */
export const HOUR_MS = 3600_000;

/** So many parties of one leader whose times lie so many hours from now; `remindIn` is when the next reminder is due. */
export async function addPartiesAt(
  world: World,
  count: number,
  { startsIn, joinIn = startsIn, remindIn = null }: { startsIn: number; joinIn?: number; remindIn?: number | null },
): Promise<PlainParty[]> {
  const [leader] = await addPeople(world, 1), first = await addParty(world, leader!.id);
  const ids = [first.id, ...Array.from({ length: count - 1 }, () => v7())];
  const now = world.clock.now().getTime(), at = (hours: number) => new Date(now + hours * HOUR_MS);
  await world.sql`
    insert into parties (id, leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at,
      ends_at, join_until, search_text, created_at)
    select copy.id, leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at, ends_at,
      join_until, search_text, created_at
    from parties p, unnest(${ids.slice(1)}::uuid[]) as copy (id)
    where p.id = ${first.id}`;
  await world.sql`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at)
    select id, ${leader!.id}, 'leader', 'accepted', 2500, now()
    from unnest(${ids.slice(1)}::uuid[]) as id`;
  await world.sql`
    update parties
    set starts_at = ${at(startsIn)}, ends_at = ${at(startsIn + 1)}, join_until = ${at(joinIn)},
      remind_at = ${remindIn === null ? null : at(remindIn)}
    where id = any(${ids}::uuid[])`;
  return ids.map((id) => ({ ...first, id }));
}

/** The types of the events of each of these parties, in the order in which they were recorded. */
export async function eventsOf({ sql }: World, parties: { id: string }[]): Promise<string[][]> {
  const rows = await sql<{ partyId: string; type: string }[]>`
    select party_id as "partyId", type || coalesce(' ' || (payload ->> 'hoursBefore'), '') as type
    from events
    where party_id = any(${parties.map(({ id }) => id)}::uuid[])
    order by created_at, id`;
  const byParty = Map.groupBy(rows, ({ partyId }) => partyId);
  return parties.map(({ id }) => (byParty.get(id) ?? []).map(({ type }) => type));
}

/** Waits until each of these parties has an event. */
export async function eachHasOne(world: World, parties: { id: string }[], timeoutMs = 20_000): Promise<void> {
  await poll(async () => (await eventsOf(world, parties)).every((types) => types.length > 0), {
    timeoutMs,
    everyMs: 50,
  });
}
