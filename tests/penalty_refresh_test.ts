/** The cached count of penalties after each change of it, though nobody reads it: through the outbox. */
import assert from "node:assert/strict";
import { appealPenalty, decideAppeal } from "../services/appeals.ts";
import { reportLeader } from "../services/leader_reports.ts";
import { penalise } from "../services/penalties.ts";
import type { Cache } from "../services/ports.ts";
import { readProfile } from "../services/profiles.ts";
import { startAlerts } from "../workers/alerts.ts";
import { startOutbox } from "../workers/outbox.ts";
import { addParty, addPeople, type Neighbour, type World } from "./alert_world.ts";
import { type IdleWorld, openIdleWorld } from "./fragile_world.ts";
import { clearNamespace } from "./broker.ts";
import { call, environmentOf, poll, signUp, startTestService } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { partyWith } from "./trust_world.ts";

/** Of the parties of {@link addParty}. */
const REGION = "11140";

/** A party that is over, with one member besides the leader. */
async function doneParty(world: World, leader: Neighbour, member: Neighbour): Promise<string> {
  const { id } = await addParty(world, leader.id);
  await world.sql`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at)
    values (${id}, ${member.id}, 'member', 'accepted', 1, now())`;
  await world.sql`
    update parties
    set status = 'done', starts_at = now() - interval '1 minute', join_until = now() - interval '1 minute'
    where id = ${id}`;
  return id;
}

async function cachedCount({ deps }: World, { id }: { id: string }): Promise<number | null> {
  const text = await deps.cache.get(`penalty-count:${id}`);
  return text === null ? null : JSON.parse(text).count;
}

/** Those who do what the dead have left behind. */
async function startWork(world: IdleWorld, cache: Cache = world.deps.cache): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  stack.use(await startOutbox(world.deps));
  stack.use(await startAlerts({ ...world.deps, cache }));
  return stack.move();
}

async function openWorld(stack: AsyncDisposableStack): Promise<IdleWorld> {
  const world = await openIdleWorld(stack), url = Deno.env.get("AMQP_URL");
  if (url) stack.defer(() => clearNamespace(url, world.namespace, [REGION]));
  return world;
}

Deno.test("A node that dies with its commit leaves no old count in the cache, be it a penalty, a report of the leader, an appeal or its decision", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openWorld(stack), { deps, sql } = world;
  const [leader, member] = await addPeople(world, 2) as [Neighbour, Neighbour];
  const parties = [await doneParty(world, leader, member), await doneParty(world, leader, member)] as const;
  const penaltyId = async () => (await sql`select id from penalties where user_id = ${member.id}`)[0]!.id;
  const appealId = async () => (await sql`select id from appeals where user_id = ${member.id}`)[0]!.id;
  const giving = { callerId: leader.id };
  const changes: [Neighbour, () => Promise<unknown>, number][] = [
    [member, () => penalise(deps, { partyId: parties[0], ...giving }, { userIds: [member.id] }), 1],
    [member, async () => appealPenalty(deps, { penaltyId: await penaltyId(), callerId: member.id }, "갔어요"), 0],
    [
      member,
      async () => decideAppeal(deps, { appealId: await appealId(), adminId: leader.id }, { granted: false }),
      1,
    ],
    [leader, () => reportLeader(deps, { partyId: parties[1], callerId: member.id }), 1],
  ];
  for (const [person, change, count] of changes) {
    await readProfile(deps, person.id);
    const before = await cachedCount(world, person);
    await change();
    assert.equal(await cachedCount(world, person), before, "nobody has told the cache");
    await using _ = await startWork(world);
    await poll(async () => (await cachedCount(world, person)) === count);
  }
});

Deno.test("While the cache is away the count waits and nothing else does: alerts are written, no message is given up, and later the cache is right", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openWorld(stack), { deps, sql, clock } = world;
  const [leader, member] = await addPeople(world, 2) as [Neighbour, Neighbour];
  const partyId = await doneParty(world, leader, member);
  let isAway = true, tries = 0;
  const cache: Cache = {
    ...deps.cache,
    setNewer(...args) {
      tries += 1;
      return isAway ? Promise.reject(new Error("away")) : deps.cache.setNewer(...args);
    },
  };
  stack.use(await startWork(world, cache));
  await penalise(deps, { partyId, callerId: leader.id }, { userIds: [member.id] });
  const left = async () => (await sql`select type from events where retired_at is null`).map(({ type }) => type);
  await poll(async () => tries > 0 && (await left()).join() === "penalties.changed");
  const [{ alerts }] = await sql`select count(*)::int as alerts from alerts` as [{ alerts: number }];
  assert.equal(alerts, 1);
  isAway = false;
  // Past the lease of the outbox.
  clock.advance(60_000);
  await poll(async () => (await left()).length === 0);
  assert.equal(await cachedCount(world, member), 1);
  assert.deepEqual(await deps.queue.deadLetters(REGION, 10), []);
});

Deno.test("An event of a count that comes late, or twice, never puts an older one in its place", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openWorld(stack), { deps, sql } = world;
  const [leader, member] = await addPeople(world, 2) as [Neighbour, Neighbour];
  for (let n = 0; n < 6; n++) {
    const partyId = await doneParty(world, leader, member);
    await penalise(deps, { partyId, callerId: leader.id }, { userIds: [member.id] });
  }
  await using first = new AsyncDisposableStack();
  for (let n = 0; n < 2; n++) first.use(await startWork(world));
  await poll(async () => (await sql`select from events where retired_at is null`).count === 0);
  assert.equal(await cachedCount(world, member), 6);
  await sql`update events set retired_at = null, publish_after = now() where type = 'penalties.changed'`;
  await poll(async () => (await sql`select from events where retired_at is null`).count === 0);
  assert.equal(await cachedCount(world, member), 6);
});

Deno.test({
  name: "A node killed when it has just answered a penalty leaves no old count in Redis",
  ignore: !Deno.env.get("REDIS_URL") || !Deno.env.get("AMQP_URL"),
  async fn() {
    await using service = await startTestService();
    const [leader, member] = [await signUp(service), await signUp(service)];
    const [first, second] = [
      await partyWith(service, leader, [member], { status: "done" }),
      await partyWith(service, leader, [member], { status: "done" }),
    ];
    const node = await startNode(environmentOf(service));
    const give = (url: string, { id }: { id: string }) =>
      call(`${url}/api/parties/${id}/penalties`, "POST", { token: leader.token, body: { userIds: [member.id] } });
    await give(service.url, first);
    await poll(async () => (await cachedCount(service, member)) === 1);
    const { status } = await give(node.url, second);
    await node.kill();
    assert.equal(status, 201);
    // The node may have had the event on its lease.
    await poll(async () => (await cachedCount(service, member)) === 2, { timeoutMs: 30_000 });
  },
});
