/** What the tests of shares and of waiting share: asking by HTTP as people of one's own, and the party's books. */
import assert from "node:assert/strict";
import type { JoinRequest, Party } from "../contract/parties.ts";
import { addPeople, inboxOf, type World } from "./alert_world.ts";
import { addItem, addMarket, type Answer, openParty, poll, type Several, type TestService } from "./harness.ts";

/** A person by their id; every call is made with a token that is valid by the clock of the moment. */
export interface Someone {
  id: string;
  sessionId: string;
}

/** So many people, whose sessions outlast the clock's moves. */
export async function newPeople<Count extends number>(
  service: TestService,
  count: Count,
): Promise<Several<Someone, Count>> {
  const people = await addPeople(service, count);
  await service.sql`
    update sessions set expires_at = now() + interval '10 years' where user_id = any(${
    people.map(({ id }) => id)
  }::uuid[])`;
  return people as unknown as Several<Someone, Count>;
}

/** Calls the node as this person. */
export async function callAs(
  node: TestService,
  { id, sessionId }: Someone,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const { accessToken } = await node.deps.tokens.issue({ userId: id, sessionId, role: "user" });
  return await node.call(method, path, { token: accessToken, body });
}

/** What people do with one party, each as one call. */
export function actsOn(party: { id: string }, leader: Someone) {
  const path = `/api/parties/${party.id}`;
  return {
    join: (node: TestService, who: Someone, body: Partial<JoinRequest> = {}) =>
      callAs(node, who, "POST", `${path}/join`, body),
    wait: (node: TestService, who: Someone, body: Partial<JoinRequest> = {}) =>
      callAs(node, who, "POST", `${path}/join`, { ...body, waitlist: true }),
    decide: (node: TestService, who: Someone, status: "accepted" | "rejected" | "removed") =>
      callAs(node, leader, "PATCH", `${path}/members/${who.id}`, { status }),
    leave: (node: TestService, who: Someone) => callAs(node, who, "DELETE", `${path}/members/me`),
    answer: (node: TestService, who: Someone, accept: boolean) =>
      callAs(node, who, "POST", `${path}/offer`, { accept }),
    confirm: (node: TestService) => callAs(node, leader, "POST", `${path}/confirm`),
    read: async (node: TestService, who: Someone = leader): Promise<Party> =>
      (await callAs(node, who, "GET", path)).body,
  };
}

/** A party of so many pieces for so many, in a month, of which its leader takes `leaderQuantity`. */
export async function openPack(
  service: TestService,
  leader: Someone,
  options: { quantity: number; capacity: number; leaderQuantity: number; autoAccept?: boolean; startsIn?: number },
): Promise<Party> {
  const { startsIn = 30 * 24 * 3600_000, ...rest } = options;
  const startsAt = service.clock.now().getTime() + startsIn;
  const { accessToken } = await service.deps.tokens.issue({
    userId: leader.id,
    sessionId: leader.sessionId,
    role: "user",
  });
  const person = { ...leader, token: accessToken, refreshToken: "", email: "", password: "", nickname: "" };
  const [item, market] = await Promise.all([addItem(service), addMarket(service)]);
  return await openParty(service, person, {
    ...{ itemId: item.id, marketId: market.id, unit: "ea", autoAccept: true, ...rest },
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + 3600_000).toISOString(),
  });
}

/** A party's row of one person, as the books have it. */
export interface BookRow {
  userId: string;
  status: string;
  quantity: number;
  offered: number | null;
  place: number | null;
}

/** Everything that the database holds of a party's people, the leader left out; those who wait in their order. */
export async function booksOf({ sql }: Pick<World, "sql">, { id }: { id: string }): Promise<BookRow[]> {
  const rows = await sql<BookRow[]>`
    select user_id as "userId", status, quantity, offered_quantity as offered,
      case when status = 'waiting' then row_number() over (order by queue_no)::int end as place
    from party_members
    where party_id = ${id} and role = 'member'
    order by queue_no, user_id`;
  return rows.map((row) => ({ ...row }));
}

/** Asserts that nothing is overfilled, the counters are those of the rows, and nobody waits whom there is room for. */
export async function assertBooks({ sql, clock }: Pick<World, "sql" | "clock">, { id }: { id: string }): Promise<void> {
  const [party] = await sql`
    select p.member_count = m.members as "countsMembers", p.seats_offered = m.offers as "countsOffers",
      p.quantity_taken = m.taken as "countsShares", m.members + m.offers <= p.capacity as "hasSeats",
      m.taken <= p.quantity as "hasPack",
      not exists (
        select from party_members w
        where w.party_id = p.id and w.status = 'waiting' and w.offer_until is null
          and w.quantity_min <= p.quantity - m.taken and m.members + m.offers < p.capacity
          and p.status in ('open', 'confirmed') and p.starts_at > ${clock.now()}) as "skipsNobody"
    from parties p
    cross join lateral (
      select count(*) filter (where status = 'accepted') as members, count(offer_until) as offers,
        coalesce(sum(quantity) filter (where status = 'accepted'), 0) + coalesce(sum(offered_quantity), 0) as taken
      from party_members
      where party_id = p.id) m
    where p.id = ${id}`;
  const fine = { countsMembers: true, countsOffers: true, countsShares: true, hasSeats: true, hasPack: true };
  assert.deepEqual({ ...party }, { ...fine, skipsNobody: true });
}

/** Moves the clock on and waits until the service has ended every offer that has run out. */
export async function letRunOut({ sql, clock }: TestService, party: { id: string }, ms = 16 * 60_000): Promise<void> {
  clock.advance(ms);
  const due = clock.now();
  await poll(async () => {
    const { count } = await sql`select from party_members where party_id = ${party.id} and offer_until <= ${due}`;
    return count === 0;
  });
}

/** A party of ten pieces, unless told otherwise, all of them taken: five by the leader, the others by its only member. */
export async function openTaken(
  service: TestService,
  { capacity = 4, quantity = 10, ...rest }: { capacity?: number; startsIn?: number; quantity?: number } = {},
) {
  const [leader, member] = await newPeople(service, 2);
  const party = await openPack(service, leader, { quantity, capacity, leaderQuantity: 5, ...rest });
  const acts = actsOn(party, leader);
  assert.equal((await acts.join(service, member, { quantity: quantity - 5 })).status, 201);
  return { leader, member, party, acts };
}

/** Who has been offered how much, in the order of the queue. */
export async function offersOf(world: Pick<World, "sql">, party: { id: string }): Promise<(string | number)[][]> {
  const rows = await booksOf(world, party);
  return rows.flatMap(({ userId, offered }) => offered === null ? [] : [[userId, offered]]);
}

/** The types of all that a person has been told. */
export async function typesOf(world: World, person: Someone): Promise<string[]> {
  return (await inboxOf(world, person)).map(({ type }) => type).toSorted();
}
