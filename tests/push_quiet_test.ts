/** Pushes and what people have chosen: nothing that they do not want, and nothing in their quiet hours. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { addParty, addPeople, allTold, type Neighbour, tell } from "./alert_world.ts";
import { poll, startTestService, type TestClock, type TestService } from "./harness.ts";
import { type Browser, clockAt, openPushService, subscribe, waitingFor } from "./push_world.ts";

const HOUR_MS = 3600_000, LONGER_THAN_A_LEASE_MS = 60_000;
const PATH = "/api/me/alert-preferences";

interface NightWorld extends AsyncDisposable {
  service: TestService;
  clock: TestClock;
  addReader(): Promise<Reader>;
}

/** Someone with a browser, and a party about which they are told. */
interface Reader {
  reader: Neighbour;
  browser: Browser;
  tell(type: "join.accepted" | "join.rejected" | "member.removed"): Promise<void>;
}

/** A system of the test's own, at this hour of Seoul. */
async function openAt(hour: number): Promise<NightWorld> {
  await using stack = new AsyncDisposableStack();
  const pushes = stack.use(openPushService()), clock = clockAt(hour);
  const service = stack.use(await startTestService({ clock, environment: { PUSH_LOCAL_HOSTS: pushes.host } }));
  async function addReader(): Promise<Reader> {
    const [reader, leader] = await addPeople(service, 2) as [Neighbour, Neighbour];
    const party = await addParty(service, leader.id), browser = await pushes.addBrowser();
    await subscribe(service, reader, browser);
    return {
      reader,
      browser,
      async tell(type) {
        await tell(service, { type, partyId: party.id, actorId: leader.id, userId: reader.id });
        await allTold(service, party);
      },
    };
  }
  const kept = stack.move();
  return { service, clock, addReader, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Until the pusher has looked, and put off all that waits for these people. */
async function untilPutOff({ service, clock }: NightWorld, readers: Reader[]): Promise<void> {
  await poll(async () => {
    const [{ count }] = await service.sql`
      select count(*)::int as count
      from push_subscriptions
      where user_id = any(${readers.map(({ reader }) => reader.id)}::uuid[])
        and due_at > ${new Date(clock.now().getTime() + LONGER_THAN_A_LEASE_MS)}` as [{ count: number }];
    return count === readers.length;
  });
}

const types = ({ received }: Browser) => received.map(({ payload }) => payload.type);
const none = async ({ service }: NightWorld, { reader }: Reader) => await waitingFor(service, [reader]) === 0;

Deno.test("In the night nothing is pushed; what waited comes at eight, in its order", async () => {
  await using world = await openAt(22);
  const readers = [await world.addReader(), await world.addReader()];
  for (const { tell } of readers) {
    await tell("join.accepted");
    await tell("member.removed");
  }
  await untilPutOff(world, readers);
  assert.deepEqual(readers.map(({ browser }) => browser.received.length), [0, 0]);
  const [{ due_at: dueAt }] = await world.service.sql`select due_at from push_subscriptions limit 1` as [
    { due_at: Date },
  ];
  assert.equal(dueAt.toISOString().slice(11, 16), "23:00");
  world.clock.advance(9.5 * HOUR_MS);
  await readers[0]!.tell("join.rejected");
  await untilPutOff(world, readers);
  assert.deepEqual(readers.map(({ browser }) => browser.received.length), [0, 0]);
  world.clock.advance(0.6 * HOUR_MS);
  await poll(() => readers[0]!.browser.received.length === 3 && readers[1]!.browser.received.length === 2);
  assert.deepEqual(types(readers[0]!.browser), ["join.accepted", "member.removed", "join.rejected"]);
});

Deno.test("A reminder that would come too late after the night is dropped; one that is still true comes", async () => {
  await using world = await openAt(5);
  const { service, clock } = world;
  const [early, later] = [await world.addReader(), await world.addReader()];
  for (const [{ reader }, hours] of [[early, 2], [later, 4]] as const) {
    const [leader] = await addPeople(service, 1) as [Neighbour];
    const party = await addParty(service, leader.id);
    const startsAt = new Date(clock.now().getTime() + hours * HOUR_MS);
    await service.sql`
      update parties
      set starts_at = ${startsAt}, ends_at = ${new Date(startsAt.getTime() + HOUR_MS)}, join_until = ${startsAt}
      where id = ${party.id}`;
    await service.sql`
      insert into party_members (party_id, user_id, role, status, quantity, requested_at)
      values (${party.id}, ${reader.id}, 'member', 'accepted', 100, now())`;
    await tell(service, { type: "party.reminder", partyId: party.id, actorId: null, hoursBefore: 2 });
    await allTold(service, party);
  }
  await poll(() => none(world, early));
  await untilPutOff(world, [later]);
  clock.advance(3.1 * HOUR_MS);
  await poll(() => later.browser.received.length === 1);
  assert.deepEqual([types(early.browser), types(later.browser)], [[], ["party.reminder"]]);
});

Deno.test("A type that is switched off is not pushed, be it while it waits; the others are", async () => {
  await using world = await openAt(22);
  const each = await world.addReader();
  await each.tell("join.accepted");
  await each.tell("join.rejected");
  await untilPutOff(world, [each]);
  const body = { types: { "join.accepted": { push: false } } };
  assert.equal((await world.service.call("PUT", PATH, { token: each.reader.token, body })).status, 200);
  await each.tell("join.accepted");
  world.clock.advance(10.1 * HOUR_MS);
  await poll(() => none(world, each));
  assert.deepEqual(types(each.browser), ["join.rejected"]);
});

Deno.test("Who ends their quiet hours gets at once what waited for their end", async () => {
  await using world = await openAt(23);
  const [waker, sleeper] = [await world.addReader(), await world.addReader()];
  for (const { tell } of [waker, sleeper]) await tell("join.accepted");
  await untilPutOff(world, [waker, sleeper]);
  const body = { quietHours: null };
  assert.equal((await world.service.call("PUT", PATH, { token: waker.reader.token, body })).status, 200);
  await poll(() => waker.browser.received.length === 1);
  assert.equal(sleeper.browser.received.length, 0);
});

Deno.test("What nobody could deliver in its time is dropped", async () => {
  await using world = await openAt(12);
  const each = await world.addReader();
  each.browser.answer = () => new Response(null, { status: 503, headers: { "retry-after": "100000" } });
  await each.tell("join.accepted");
  await poll(() => each.browser.received.length === 1);
  await untilPutOff(world, [each]);
  // At noon again.
  world.clock.advance(3 * 24 * HOUR_MS + 1_000);
  await poll(() => none(world, each));
  assert.equal(each.browser.received.length, 1);
  each.browser.answer = () => new Response(null, { status: 201 });
  await each.tell("join.rejected");
  await poll(() => each.browser.received.length === 2);
  assert.deepEqual(types(each.browser), ["join.accepted", "join.rejected"]);
});

Deno.test("A choice that cannot be read spoils nobody else's pushes, and the pusher goes on", async () => {
  await using world = await openAt(12);
  const [spoilt, other] = [await world.addReader(), await world.addReader()];
  // A zone that a later database no longer knows.
  await world.service.sql`
    insert into alert_preferences (user_id, stream_off, push_off, quiet_from, quiet_to, quiet_timezone)
    values (${spoilt.reader.id}, '{}', '{}', '21:00', '08:00', ${`Gone/${v7()}`})`;
  await spoilt.tell("join.accepted");
  for (let n = 1; n <= 8; n++) {
    await other.tell("join.accepted");
    await poll(() => other.browser.received.length === n, { timeoutMs: 30_000 });
  }
  assert.equal(spoilt.browser.received.length, 0);
  await world.service.sql`delete from alert_preferences where user_id = ${spoilt.reader.id}`;
  await poll(() => spoilt.browser.received.length === 1);
});
