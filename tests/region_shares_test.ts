/** Workers share the region queues fairly, take over from the dead, and hand over in order; nobody is told twice for it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { endShare, giveUpRegions, renewShare } from "../services/region_shares.ts";
import { startAlerts } from "../workers/alerts.ts";
import { startOutbox } from "../workers/outbox.ts";
import { allTold, assertTold, newRegion, partyWithFans, tell, type World } from "./alert_world.ts";
import { type IdleWorld, openIdleWorld } from "./fragile_world.ts";
import { poll } from "./harness.ts";

/** How many regions each worker has, fewest first; `null` among the keys for those that nobody has. */
async function sharesOf({ sql }: World): Promise<number[]> {
  const rows = await sql<{ count: number }[]>`
    select count(*)::int as count
    from region_queues
    group by worker_id
    order by 1`;
  return rows.map(({ count }) => count);
}

async function addRegions({ sql }: World, count: number): Promise<string[]> {
  const codes = Array.from({ length: count }, newRegion);
  await sql`
    insert into region_queues (region_code, first_used_at)
    select code, now()
    from unnest(${codes}::text[]) as code`;
  return codes;
}

/** Ports whose queue counts as everybody's, as RabbitMQ's are: the workers of a test then share it in one process. */
function sharedDeps({ deps }: IdleWorld): IdleWorld["deps"] {
  return { ...deps, queue: { ...deps.queue, isShared: true } };
}

Deno.test("Whatever workers come, die and go and whatever regions are new, then every region has one living worker and shares differ by one at most", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { sql } = world;
  const step = fc.oneof(
    fc.record({ kind: fc.constant("come" as const), count: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ kind: fc.constantFrom("die" as const, "stop" as const), count: fc.nat() }),
    fc.record({ kind: fc.constant("regions" as const), count: fc.integer({ min: 1, max: 7 }) }),
    fc.record({ kind: fc.constant("renew" as const), count: fc.nat() }),
  );
  const renew = async (id: string) => {
    const { surplus } = await renewShare({ sql }, id);
    await giveUpRegions({ sql }, id, surplus);
  };
  const check = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
    await sql`delete from region_queues`;
    await sql`delete from alert_workers`;
    const workers = [v7()];
    for (const { kind, count } of steps) {
      const id = workers[count % workers.length]!;
      if (kind === "come") workers.push(...Array.from({ length: count }, () => v7()));
      if (kind === "regions") await addRegions(world, count);
      if (kind === "renew") await renew(id);
      if (kind === "stop") await endShare({ sql }, id);
      if (kind === "die") {
        await sql`update alert_workers set lease_until = now() - interval '1 millisecond' where id = ${id}`;
      }
      if ((kind === "stop" || kind === "die") && workers.length > 1) workers.splice(workers.indexOf(id), 1);
    }
    // Once to be counted, once to give up what is too much, once to take what was given up.
    for (let round = 0; round < 3; round++) await Promise.all(workers.map(renew));
    const rows = await sql<{ id: string; count: number }[]>`
      select w.id, count(r.region_code)::int as count
      from alert_workers w
      left join region_queues r on r.worker_id = w.id
      group by w.id`;
    const [{ regions }] = await sql<[{ regions: number }]>`select count(*)::int as regions from region_queues`;
    assert.deepEqual(rows.map(({ id }) => id).toSorted(), workers.toSorted());
    assert.equal(rows.reduce((sum, { count }) => sum + count, 0), regions);
    const counts = rows.map(({ count }) => count);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
  });
  await fc.assert(check, { numRuns: 40 });
});

Deno.test("Three workers have four of twelve regions each; what one that stops leaves goes on within a second, and everybody is told once", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const deps = sharedDeps(world);
  stack.use(await startOutbox(deps));
  const regions = await addRegions(world, 12);
  const stopping = await startAlerts(deps);
  for (let n = 0; n < 2; n++) stack.use(await startAlerts(deps));
  await poll(async () => (await sharesOf(world)).join() === "4,4,4");
  const told = await Promise.all(regions.map(async (regionCode) => {
    const { fans, party, created } = await partyWithFans(world, 3, { regionCode });
    return { fans, party, eventId: await tell(world, created) };
  }));
  await stopping[Symbol.asyncDispose]();
  const stopped = performance.now();
  await poll(async () => (await sharesOf(world)).join() === "6,6");
  assert.ok(performance.now() - stopped < 1_500, `${performance.now() - stopped} ms`);
  for (const { fans, party, eventId } of told) {
    await allTold(world, party);
    await assertTold(world, fans, [eventId]);
  }
});

Deno.test("The regions of a worker that is killed are taken over within 5 s", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const deps = sharedDeps(world);
  const { fans, party, created } = await partyWithFans(world, 3, { regionCode: newRegion() });
  await world.sql`insert into region_queues (region_code, first_used_at) values (${party.regionCode}, now())`;
  // Has taken the region, and is heard of no more.
  assert.deepEqual(await renewShare(world, v7()), { regions: [party.regionCode], surplus: [] });
  const killed = performance.now();
  stack.use(await startOutbox(deps));
  stack.use(await startAlerts(deps));
  const eventId = await tell(world, created);
  await allTold(world, party);
  assert.ok(performance.now() - killed < 5_000, `${performance.now() - killed} ms`);
  await assertTold(world, fans, [eventId]);
});
