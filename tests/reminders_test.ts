import assert from "node:assert/strict";
import { openMemoryRelay } from "../adapters/relay_memory.ts";
import { remindDue } from "../services/reminders.ts";
import { startDeadlines } from "../workers/deadlines.ts";
import { addPeople, allTold, inboxOf, type Neighbour } from "./alert_world.ts";
import { addPartiesAt, eachHasOne, eventsOf, HOUR_MS } from "./deadline_world.ts";
import { openEvents } from "./event_stream.ts";
import { type IdleWorld, openIdleWorld } from "./fragile_world.ts";
import { joinAccepted, openParty, type Person, poll, startTestService, type TestService } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";

/** People at a service whose clock is the test's, each with a token that is good whatever time it is. */
async function openScene(stack: AsyncDisposableStack) {
  const service = stack.use(await startTestService());
  const [leader, member, pending] = await addPeople(service, 3) as [Person, Person, Person] & Neighbour[];
  const people = { leader, member, pending };
  const inHours = (hours: number) => new Date(service.clock.now().getTime() + hours * HOUR_MS).toISOString();
  return {
    service,
    people,
    inHours,
    async openAt(hours: number) {
      const party = await openParty(service, leader, { startsAt: inHours(hours), endsAt: inHours(hours + 1) });
      await joinAccepted(service, party, leader, member);
      await service.call("POST", `/api/parties/${party.id}/join`, { token: pending.token, body: {} });
      return party;
    },
    /** Moves the clock on, gives the worker the time to look twice, and everybody a new token. */
    async advance(hours: number) {
      service.clock.advance(hours * HOUR_MS);
      await lookAgain(service);
      for (const person of Object.values(people)) {
        const { id: userId, sessionId } = person as unknown as Neighbour;
        person.token = (await service.deps.tokens.issue({ userId, sessionId, role: "user" })).accessToken;
      }
    },
    async remindersOf(person: Person) {
      return (await inboxOf(service, person)).filter(({ type }) => type === "party.reminder").length;
    },
  };
}

/** Resolves when a worker of the service has looked for what was due at this moment: a party put there for it was taken. */
async function lookAgain(service: TestService): Promise<void> {
  const [canary] = await addPartiesAt(service, 1, { startsIn: 5, joinIn: 4, remindIn: -1 });
  await poll(async () => {
    const [row] = await service.sql`select remind_at > ${service.clock.now()} as taken from parties where id = ${
      canary!.id
    }`;
    return row!.taken;
  });
  await poll(async () => {
    const [row] = await service.sql`select count(*)::int as left from events where retired_at is null`;
    return row!.left === 0;
  });
}

Deno.test("Everyone in a party is reminded 24 and 2 hours before its start, once each, and nobody who only waits", async () => {
  await using stack = new AsyncDisposableStack();
  const { service, people: { leader, member, pending }, openAt, advance, remindersOf } = await openScene(stack);
  const party = await openAt(48);
  await advance(23.9);
  assert.equal(await remindersOf(member), 0);
  await advance(0.2);
  assert.deepEqual([await remindersOf(leader), await remindersOf(member)], [1, 1]);
  await advance(21.8);
  assert.deepEqual([await remindersOf(leader), await remindersOf(member)], [1, 1]);
  await using stream = await openEvents(`${service.url}/api/alerts/stream`, { token: member.token });
  await stream.take("ready", 1);
  await advance(0.2);
  const [sent] = await stream.take("alert", 1);
  assert.deepEqual([sent!.data.type, sent!.data.partyId, sent!.data.title], [
    "party.reminder",
    party.id,
    "파티가 곧 시작돼요",
  ]);
  await advance(3);
  assert.deepEqual([await remindersOf(leader), await remindersOf(member), await remindersOf(pending)], [2, 2, 0]);
});

Deno.test("A moved start gets its reminders anew, and none is sent for a time that has passed or a start that is no more", async () => {
  await using stack = new AsyncDisposableStack();
  const { service, people: { leader, member }, openAt, advance, inHours, remindersOf } = await openScene(stack);
  const party = await openAt(30);
  const move = async (hours: number) => {
    const body = { startsAt: inHours(hours), endsAt: inHours(hours + 1) };
    const moved = await service.call("PATCH", `/api/parties/${party.id}`, { token: leader.token, body });
    assert.equal(moved.status, 200, JSON.stringify(moved.body));
  };
  await advance(7);
  assert.equal(await remindersOf(member), 1, "24 h before the first start");
  await move(48);
  await advance(22);
  assert.equal(await remindersOf(member), 1, "2 h before a start that is no more");
  await advance(3);
  assert.equal(await remindersOf(member), 2, "24 h before the second start");
  await move(10);
  await advance(7);
  assert.equal(await remindersOf(member), 2, "a move to 10 h ahead leaves only the last");
  await advance(1.5);
  assert.equal(await remindersOf(member), 3, "2 h before the third start");
});

Deno.test("A party opened ten hours ahead is reminded of once; a cancelled one and one that is done not at all", async () => {
  await using stack = new AsyncDisposableStack();
  const { service, people: { leader, member }, openAt, advance, remindersOf } = await openScene(stack);
  await openAt(10);
  const cancelled = await openAt(10);
  const { status } = await service.call("POST", `/api/parties/${cancelled.id}/cancel`, {
    token: leader.token,
    body: {},
  });
  assert.equal(status, 200);
  const done = await openAt(10);
  await service.sql`update parties set status = 'done' where id = ${done.id}`;
  await advance(7.9);
  assert.equal(await remindersOf(member), 0);
  await advance(0.2);
  assert.equal(await remindersOf(member), 1);
});

/** So many workers side by side on the world's database. */
function startWorkers(stack: AsyncDisposableStack, { deps }: IdleWorld, count: number): void {
  for (let n = 0; n < count; n++) stack.use(startDeadlines(deps));
}

Deno.test("Three workers at once remind of each of 1,000 parties once", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const parties = await addPartiesAt(world, 1_000, { startsIn: 24, remindIn: 0 });
  startWorkers(stack, world, 3);
  await eachHasOne(world, parties);
  assert.deepEqual(await eventsOf(world, parties), parties.map(() => ["party.reminder 24"]));
  world.clock.advance(22 * HOUR_MS);
  await poll(async () => (await eventsOf(world, parties)).every((types) => types.includes("party.reminder 2")));
  const counts = (await eventsOf(world, parties)).map((types) => types.filter((type) => /reminder/.test(type)));
  assert.deepEqual(counts, parties.map(() => ["party.reminder 24", "party.reminder 2"]));
});

Deno.test("What was due while no worker ran: the last reminder of each, none after the start, none for another start's time", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const [late] = await addPartiesAt(world, 1, { startsIn: 20, joinIn: 19, remindIn: -4 });
  const [tooLate] = await addPartiesAt(world, 1, { startsIn: 1, joinIn: 0.5, remindIn: -23 });
  const [over] = await addPartiesAt(world, 1, { startsIn: -1, joinIn: -1, remindIn: -3 });
  const [moved] = await addPartiesAt(world, 1, { startsIn: 48, joinIn: 47, remindIn: -1 });
  const [movedNear] = await addPartiesAt(world, 1, { startsIn: 20, joinIn: 19, remindIn: -1 });
  await world.sql`update parties set status = 'confirmed' where id = ${over!.id}`;
  assert.equal(await remindDue(world.deps, 5), true);
  assert.deepEqual(await eventsOf(world, [late!, tooLate!, over!, moved!, movedNear!]), [
    ["party.reminder 24"],
    ["party.reminder 2"],
    [],
    [],
    [],
  ]);
  assert.equal(await remindDue(world.deps, 1), false);
  world.clock.advance(24 * HOUR_MS);
  await remindDue(world.deps, 100);
  assert.deepEqual(await eventsOf(world, [late!, over!, moved!]), [["party.reminder 24"], [], ["party.reminder 24"]]);
});

Deno.test("A worker that is killed between claim and commit has done nothing, and the next one reminds of each once", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const parties = await addPartiesAt(world, 50, { startsIn: 24, remindIn: 0 });
  await world.sql.begin(async (tx) => {
    // Its events wait for this, the parties being marked.
    await tx`lock table events in share mode`;
    const killed = assert.rejects(remindDue(world.deps, 100));
    const { pid } = await poll(async () => {
      const [row] = await world.sql<{ pid: number }[]>`
        select pid
        from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into events%'`;
      return row;
    });
    assert.equal(await remindDue(world.deps, 1), false, "whoever comes meanwhile passes them over");
    await world.sql`select pg_terminate_backend(${pid})`;
    await killed;
  });
  assert.deepEqual(await eventsOf(world, parties), parties.map(() => []));
  startWorkers(stack, world, 3);
  await eachHasOne(world, parties);
  assert.deepEqual(await eventsOf(world, parties), parties.map(() => ["party.reminder 24"]));
});

Deno.test("With a relay that tells nothing, a reminder is told all the same", async () => {
  await using stack = new AsyncDisposableStack();
  const deaf = stack.use(openMemoryRelay({ log: quietLog }));
  const service = stack.use(await startTestService({ relay: deaf }));
  const [party] = await addPartiesAt(service, 1, { startsIn: 24, remindIn: 0 });
  await eachHasOne(service, [party!]);
  await allTold(service, party!);
  const [leader] = await service.sql<{ id: string }[]>`select leader_id as id from parties where id = ${party!.id}`;
  assert.deepEqual((await inboxOf(service, leader!)).map(({ type }) => type), ["party.reminder"]);
});
