import assert from "node:assert/strict";
import { endRecruitings } from "../services/recruiting_ends.ts";
import { startDeadlines } from "../workers/deadlines.ts";
import { addPeople, allTold, favourMarket, inboxOf, type PlainParty, type World } from "./alert_world.ts";
import { addPartiesAt, eachHasOne, eventsOf, HOUR_MS } from "./deadline_world.ts";
import { openIdleWorld } from "./fragile_world.ts";
import { addMarket, assertProblem, joinAccepted, openParty, poll, signUp } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { testService } from "./set_up.ts";

const service = testService();

/** Its time to join has been over for a second. */
async function letTimeRunOut({ id }: { id: string }): Promise<void> {
  await service.sql`update parties set join_until = now() - interval '1 second' where id = ${id}`;
}

async function settled({ id }: { id: string }): Promise<string> {
  return await poll(async () => {
    const { body } = await service.call("GET", `/api/parties/${id}`);
    return body.status !== "open" && body.status;
  });
}

const typesOf = async (person: { id: string }) => (await inboxOf(service, person)).map(({ type }) => type).toSorted();

Deno.test("When the time to join is over, a party with a neighbour in it is confirmed: all in it hear so, who waits gets a no, and nobody joins any more", async () => {
  const [leader, member, pending, late] = [
    await signUp(service),
    await signUp(service),
    await signUp(service),
    await signUp(service),
  ];
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  await service.call("POST", `/api/parties/${party.id}/join`, { token: pending.token, body: {} });
  await letTimeRunOut(party);
  assert.equal(await settled(party), "confirmed");
  await allTold(service, party);
  assert.deepEqual(await typesOf(leader), ["join.requested", "join.requested", "party.confirmed"]);
  assert.deepEqual(await typesOf(member), ["chat.opened", "join.accepted", "party.confirmed"]);
  assert.deepEqual(await typesOf(pending), ["join.rejected"]);
  const { body } = await service.call("GET", `/api/parties/${party.id}/members`, { token: leader.token });
  const states = Object.fromEntries(
    body.items.map((each: { userId: string; status: string }) => [each.userId, each.status]),
  );
  assert.deepEqual(states, { [leader.id]: "accepted", [member.id]: "accepted", [pending.id]: "rejected" });
  const join = await service.call("POST", `/api/parties/${party.id}/join`, { token: late.token, body: {} });
  assertProblem(join, 409, "party-closed");
});

Deno.test("When the time to join is over, a party without a neighbour is cancelled: its leader, who waits and who heard of it are told why", async () => {
  const [leader, pending, fan] = [await signUp(service), await signUp(service), await signUp(service)];
  const market = await addMarket(service);
  await favourMarket(service, { marketId: market.id } as PlainParty, [fan]);
  const party = await openParty(service, leader, { marketId: market.id });
  await service.call("POST", `/api/parties/${party.id}/join`, { token: pending.token, body: {} });
  await letTimeRunOut(party);
  assert.equal(await settled(party), "cancelled");
  await allTold(service, party);
  assert.deepEqual(await typesOf(leader), ["join.requested", "party.cancelled"]);
  assert.deepEqual(await typesOf(pending), ["party.cancelled"]);
  assert.deepEqual(await typesOf(fan), ["party.cancelled", "party.created"]);
  const [alert] = (await service.call("GET", "/api/alerts", { token: pending.token })).body.items;
  assert.equal(alert.body, `${party.title} · 사유: 기한까지 참여한 사람이 없어요`);
});

Deno.test("A party whose time to join is put off, was confirmed or was cancelled in time is left as it is", async () => {
  const leader = await signUp(service), { token } = leader;
  const in2Hours = new Date(service.clock.now().getTime() + 2 * HOUR_MS).toISOString();
  const putOff = await openParty(service, leader, {
    joinUntil: new Date(service.clock.now().getTime() + 60_000).toISOString(),
  });
  const { status } = await service.call("PATCH", `/api/parties/${putOff.id}`, { token, body: { joinUntil: in2Hours } });
  assert.equal(status, 200);
  const confirmed = await openParty(service, leader), cancelled = await openParty(service, leader);
  await service.call("POST", `/api/parties/${confirmed.id}/confirm`, { token });
  await service.call("POST", `/api/parties/${cancelled.id}/cancel`, { token, body: {} });
  for (const party of [confirmed, cancelled]) await letTimeRunOut(party);
  const versions = () =>
    service.sql`select id, version, status from parties where leader_id = ${leader.id} order by id`;
  const before = [...await versions()];
  const other = await openParty(service, leader);
  await letTimeRunOut(other);
  await settled(other);
  assert.deepEqual((await versions()).filter(({ id }) => id !== other.id), before);
});

/** Half of them with a neighbour in them. */
async function addOverdue(world: World, count: number): Promise<{ id: string }[]> {
  const parties = await addPartiesAt(world, count, { startsIn: 24, joinIn: -0.1 });
  const [member] = await addPeople(world, 1);
  const full = parties.filter((_, i) => i % 2 === 0).map(({ id }) => id);
  await world.sql`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at)
    select id, ${member!.id}, 'member', 'accepted', 100, now()
    from unnest(${full}::uuid[]) as id`;
  await world.sql`update parties set member_count = 2 where id = any(${full}::uuid[])`;
  return parties;
}

const EITHER = (_: unknown, i: number) => [i % 2 === 0 ? "party.confirmed" : "party.cancelled"];

Deno.test("Three workers at once end each of 300 parties' recruiting once", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const parties = await addOverdue(world, 300);
  for (let n = 0; n < 3; n++) stack.use(startDeadlines(world.deps));
  await eachHasOne(world, parties);
  assert.deepEqual(await eventsOf(world, parties), parties.map(EITHER));
  const [{ versions }] = await world.sql<[{ versions: number[] }]>`
    select array_agg(distinct version) as versions from parties where id = any(${parties.map(({ id }) => id)}::uuid[])`;
  assert.deepEqual(versions, [2]);
});

Deno.test("A party that somebody is changing is passed over, and seen as it is afterwards", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const [held, free] = await addOverdue(world, 2);
  await world.sql.begin(async (tx) => {
    await tx`update parties set join_until = now() + interval '1 hour' where id = ${held!.id}`;
    await endRecruitings(world.deps, 10);
  });
  await endRecruitings(world.deps, 10);
  assert.deepEqual(await eventsOf(world, [held!, free!]), [[], ["party.cancelled"]]);
});

Deno.test("A party that cannot be ended does not keep the others from it", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const [broken, sound] = await addOverdue(world, 2);
  await world.sql`update parties set join_until = join_until - interval '1 hour' where id = ${broken!.id}`;
  await world.sql.unsafe(`alter table events add check (party_id <> '${broken!.id}')`);
  await endRecruitings(world.deps, 10);
  assert.deepEqual(await eventsOf(world, [broken!, sound!]), [[], ["party.cancelled"]]);
  const [row] = await world.sql`select status from parties where id = ${broken!.id}`;
  assert.equal(row!.status, "open");
});

Deno.test("Of two worker processes one is killed in the midst of it: each party is ended and reminded of once", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const overdue = await addOverdue(world, 600);
  const due = await addPartiesAt(world, 1_000, { startsIn: 23.9, remindIn: -0.1 });
  const environment = { DATABASE_URL: world.databaseUrl, NAMESPACE: world.namespace };
  const secret = { JWT_SECRET: "the tests' own secret, 32 bytes and more", REDIS_URL: "", AMQP_URL: "" };
  const [doomed, survivor] = await Promise.all([
    startNode({ ...environment, ...secret }, "worker"),
    startNode({ ...environment, ...secret }, "worker"),
  ]);
  stack.use(doomed);
  stack.use(survivor);
  const count = async () => {
    const [row] = await world.sql`select count(*)::int as n from events`;
    return row!.n;
  };
  await poll(async () => await count() > 0, { everyMs: 5 });
  await doomed.kill();
  assert.ok(await count() < overdue.length + due.length, "killed in the midst");
  await eachHasOne(world, [...overdue, ...due], 60_000);
  assert.deepEqual(await eventsOf(world, overdue), overdue.map(EITHER));
  assert.deepEqual(await eventsOf(world, due), due.map(() => ["party.reminder 24"]));
});
