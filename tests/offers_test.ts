/** How long an offer stands, and what becomes of one whose time is over. */
import assert from "node:assert/strict";
import { endRecruitings } from "../services/recruiting_ends.ts";
import { expireOffers } from "../services/waiting_list.ts";
import { startDeadlines } from "../workers/deadlines.ts";
import { addPeople, allTold, type World } from "./alert_world.ts";
import { addPartiesAt, eventsOf, HOUR_MS } from "./deadline_world.ts";
import { openIdleWorld } from "./fragile_world.ts";
import { assertProblem, movableClock, poll } from "./harness.ts";
import { assertBooks, booksOf, callAs, letRunOut, newPeople, offersOf, openTaken, typesOf } from "./queue_world.ts";
import { testNodes } from "./set_up.ts";

const clock = movableClock();
const [service, other] = testNodes({ clock });

const MINUTE_MS = 60_000;

Deno.test("An offer stands for 15 minutes, or a tenth of the time until the start if that is less", async () => {
  for (
    const [startsIn, standsFor] of [[24 * 60 * MINUTE_MS, 15 * MINUTE_MS], [50 * MINUTE_MS, 5 * MINUTE_MS]] as const
  ) {
    const [a] = await newPeople(service, 1);
    const { acts, member } = await openTaken(service, { startsIn });
    await acts.wait(service, a, { quantity: 1 });
    await acts.leave(service, member);
    const { until } = (await acts.read(service, a)).myQueue!.offer!;
    const off = Date.parse(until) - clock.now().getTime() - standsFor;
    assert.ok(Math.abs(off) < 30_000, `${off} ms off`);
  }
});

Deno.test("An offer ends with the start when that is moved nearer", async () => {
  const [a] = await newPeople(service, 1);
  const { acts, member, party, leader } = await openTaken(service);
  await acts.wait(service, a, { quantity: 1 });
  await acts.leave(service, member);
  const at = (minutes: number) => new Date(clock.now().getTime() + minutes * MINUTE_MS).toISOString();
  const change = { startsAt: at(5), endsAt: at(65) };
  assert.equal((await callAs(service, leader, "PATCH", `/api/parties/${party.id}`, change)).status, 200);
  assert.equal((await acts.read(service, a)).myQueue!.offer!.until, change.startsAt);
});

Deno.test("An offer that runs out goes to the next, and who let it run out has left the queue", async () => {
  const [a, b] = await newPeople(service, 2);
  const { party, acts, member } = await openTaken(service);
  await acts.wait(service, a, { quantity: 5 });
  await acts.wait(service, b, { quantity: 5 });
  await acts.leave(service, member);
  assert.deepEqual(await offersOf(service, party), [[a.id, 5]]);
  await letRunOut(service, party);
  assert.deepEqual(await offersOf(service, party), [[b.id, 5]]);
  assertProblem(await acts.answer(service, a, true), 409, "no-offer");
  assert.equal((await acts.read(service, a)).myRole, "none");
  assert.equal((await acts.wait(service, a, { quantity: 5 })).body.place, 2, "who left may wait again, at the end");
  await allTold(service, party);
  assert.deepEqual(await typesOf(service, b), ["offer.made"]);
  await letRunOut(service, party);
  await letRunOut(service, party);
  assert.equal((await acts.read(service)).quantityLeft, 5);
  await assertBooks(service, party);
});

Deno.test("An offer whose time is over is not taken any more, whether or not it has been ended", async () => {
  const [a] = await newPeople(service, 1);
  const { acts, member, party } = await openTaken(service);
  await acts.wait(service, a, { quantity: 5 });
  await acts.leave(service, member);
  // Nobody can end it while this holds the row.
  const held = Promise.withResolvers<void>(), done = Promise.withResolvers<void>();
  const holding = service.sql.begin(async (tx) => {
    await tx`select from parties where id = ${party.id} for no key update`;
    held.resolve();
    await done.promise;
  });
  await held.promise;
  clock.advance(16 * MINUTE_MS);
  const answering = acts.answer(service, a, true);
  done.resolve();
  await holding;
  assertProblem(await answering, 409, "no-offer");
});

Deno.test("A party whose only neighbour to be has an offer waits for their answer when its time to join is over", async () => {
  for (const accept of [true, false]) {
    const [a] = await newPeople(service, 1);
    const { acts, member, party } = await openTaken(service);
    await acts.wait(service, a, { quantity: 5 });
    await acts.leave(service, member);
    await service.sql`update parties set join_until = ${clock.now()} where id = ${party.id}`;
    // Both look at all that is overdue, as the workers do.
    for (const { deps } of [service, other]) await endRecruitings(deps, 100);
    assert.equal((await acts.read(service)).status, "open");
    assert.equal((await acts.answer(service, a, accept)).status, 200);
    const status = await poll(async () => {
      const now = await acts.read(service);
      return now.status !== "open" && now.status;
    });
    assert.equal(status, accept ? "confirmed" : "cancelled");
  }
});

Deno.test("An offer of a party that somebody is changing is passed over, and ended as things are afterwards", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const [party] = await addOffers(world, 1);
  const now = world.clock.now();
  await world.sql.begin(async (tx) => {
    await tx`update parties set starts_at = ${now}, join_until = ${now} where id = ${party!.id}`;
    await expireOffers(world.deps, 10);
  });
  assert.deepEqual((await booksOf(world, party!)).map(({ offered }) => offered), [7500, null]);
  await expireOffers(world.deps, 10);
  const rows = await booksOf(world, party!);
  assert.deepEqual(
    rows.map(({ status, offered }) => [status, offered]),
    [["waiting", null], ["left", null]],
    "it began",
  );
});

Deno.test("A party that waits for an answer does not keep the others' recruiting from its end", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const [waits] = await addOffers(world, 1), [free] = await addPartiesAt(world, 1, { startsIn: 24, joinIn: -0.1 });
  const earlier = new Date(world.clock.now().getTime() - HOUR_MS);
  await world.sql`update parties set join_until = ${earlier} where id = ${waits!.id}`;
  await endRecruitings(world.deps, 1);
  assert.deepEqual(await eventsOf(world, [waits!, free!]), [[], ["party.cancelled"]]);
});

/** So many parties, of each of which all that is left is on an offer that has run out; another waits behind it. */
async function addOffers(world: World, count: number): Promise<{ id: string }[]> {
  const parties = await addPartiesAt(world, count, { startsIn: 24 });
  const [first, second] = await addPeople(world, 2);
  const ids = parties.map(({ id }) => id);
  await world.sql`
    insert into party_members (party_id, user_id, role, status, quantity, queue_no, offered_quantity, offer_until,
      requested_at)
    select id, ${first!.id}::uuid, 'member', 'waiting', 7500, 1, 7500, ${world.clock.now()}::timestamptz, now()
    from unnest(${ids}::uuid[]) as id
    union all
    select id, ${second!.id}::uuid, 'member', 'waiting', 100, 2, null::int, null::timestamptz, now()
    from unnest(${ids}::uuid[]) as id`;
  await world.sql`
    update parties set seats_offered = 1, quantity_taken = 10000 where id = any(${ids}::uuid[])`;
  return parties;
}

Deno.test("Three workers at once end each of 100 parties' offers once, and each goes on to the next in the queue", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const parties = await addOffers(world, 100);
  for (let n = 0; n < 3; n++) stack.use(startDeadlines(world.deps));
  await poll(async () => (await eventsOf(world, parties)).every((types) => types.length > 0), { timeoutMs: 20_000 });
  assert.deepEqual(await eventsOf(world, parties), parties.map(() => ["offer.made"]));
  const [row] = await world.sql`
    select array_agg(distinct p.version) as versions, array_agg(distinct p.quantity_left) as left,
      array_agg(distinct m.status || coalesce(' ' || m.offered_quantity, '')) as states
    from parties p
    join party_members m on m.party_id = p.id and m.role = 'member'
    where p.id = any(${parties.map(({ id }) => id)}::uuid[])`;
  assert.deepEqual({ ...row }, { versions: [3], left: [7400], states: ["left", "waiting 100"] });
});
