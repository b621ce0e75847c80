/** The count of a person's penalties: from the cache, and never wrong. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { publishPenaltyCount } from "../services/penalty_changes.ts";
import type { Deps, Sql } from "../services/ports.ts";
import { profilesOf, readProfile } from "../services/profiles.ts";
import { inTransaction } from "../services/transaction.ts";
import { openParty, type Person, poll, signUp, startTestService, type TestService } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const DAY_MS = 86_400_000;

/** A penalty as a leader's call leaves it, for a party of its own. */
async function penalise(at: TestService, person: { id: string }, leader: Person): Promise<number> {
  const party = await openParty(at, leader);
  return await addPenalty(at.deps, person.id, party.id);
}

function addPenalty(deps: Deps, userId: string, partyId: string, createdAt = deps.clock.now()): Promise<number> {
  return inTransaction(deps.sql, async (tx) => {
    await tx`
      insert into penalties (party_id, user_id, id, created_at)
      values (${partyId}, ${userId}, ${v7()}, ${createdAt})`;
    return await publishPenaltyCount(deps, tx, { partyId, userId });
  });
}

async function shown(at: TestService, person: Person): Promise<number> {
  const answer = await at.call("GET", `/api/users/${person.id}`, { token: person.token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.penaltyCount;
}

function cached(at: TestService, { id }: { id: string }): Promise<string | null> {
  return at.deps.cache.get(`penalty-count:${id}`);
}

Deno.test("penaltyCount is right at once after every penalty, and told to the cache", async () => {
  const [leader, person] = [await signUp(service), await signUp(service)];
  assert.equal(await shown(service, person), 0);
  for (const count of [1, 2, 3]) {
    assert.equal(await penalise(service, person, leader), count);
    assert.equal(await shown(service, person), count);
    const text = await poll(async () => (await cached(service, person))?.includes(`"count":${count}`));
    assert.ok(text);
  }
});

Deno.test("penaltyCount comes from the cache while it is of the person's version, and from the penalties when it is not", async () => {
  const [leader, person] = [await signUp(service), await signUp(service)];
  await penalise(service, person, leader);
  await poll(() => cached(service, person));
  const plant = (version: number, count: number, staleAt = Date.now() + DAY_MS) =>
    service.deps.cache.set(`penalty-count:${person.id}`, JSON.stringify({ version, count, staleAt }), 60);
  await plant(1, 41);
  assert.equal(await shown(service, person), 41, "the cache is what answers");
  await plant(0, 42);
  assert.equal(await shown(service, person), 1, "an older version");
  await plant(2, 43);
  assert.equal(await shown(service, person), 1, "a version that never was");
  await plant(1, 44, Date.now() - 1);
  assert.equal(await shown(service, person), 1, "past its time");
  for (const nonsense of ["", "1", "{", '{"version":1}', '{"version":1,"count":"9","staleAt":99999999999999}']) {
    await service.deps.cache.set(`penalty-count:${person.id}`, nonsense, 60);
    assert.equal(await shown(service, person), 1, nonsense);
  }
});

Deno.test("penaltyCount is right after the cache was flushed, an invalidation was lost, and a restart", async () => {
  const [leader, person] = [await signUp(service), await signUp(service)];
  await penalise(service, person, leader);
  await poll(() => cached(service, person));
  await service.deps.cache.take(`penalty-count:${person.id}`);
  assert.equal(await shown(service, person), 1, "flushed");
  await poll(() => cached(service, person));

  const kept = await cached(service, person);
  await penalise(service, person, leader);
  await poll(async () => (await cached(service, person))?.includes('"count":2'));
  await service.deps.cache.set(`penalty-count:${person.id}`, kept!, 60);
  assert.equal(await shown(service, person), 2, "invalidation lost");

  const { database } = service;
  await using restarted = await startTestService({ database });
  assert.equal(await shown(restarted, person), 2, "restarted with an empty cache");
});

Deno.test("penaltyCount is right when the cache is away", async () => {
  const [leader, person] = [await signUp(service), await signUp(service)];
  await penalise(service, person, leader);
  const away = () => Promise.reject(new Error("away"));
  const deps = { ...service.deps, cache: { get: away, set: away, setNewer: away, take: away } };
  assert.equal((await readProfile(deps, person.id)).penaltyCount, 1);
  const party = await openParty(service, leader);
  assert.equal(await addPenalty(deps, person.id, party.id), 2);
  assert.equal((await readProfile(deps, person.id)).penaltyCount, 2);
});

Deno.test("A penalty stops counting 90 days after it was given, to the moment, though nothing else happens", async () => {
  await using later = await startTestService();
  const [leader, person] = [await signUp(later, { home: null }), await signUp(later, { home: null })];
  const parties = [await openParty(later, leader), await openParty(later, leader)];
  const start = later.clock.now().getTime();
  const at = (ms: number) => later.clock.advance(start + ms - later.clock.now().getTime());
  const count = async () => (await readProfile(later.deps, person.id)).penaltyCount;
  await addPenalty(later.deps, person.id, parties[0]!.id, new Date(start));
  await addPenalty(later.deps, person.id, parties[1]!.id, new Date(start + 10 * DAY_MS));
  const expected: [number, number][] = [
    [10 * DAY_MS, 2],
    [90 * DAY_MS - 60_000, 2],
    [90 * DAY_MS, 1],
    [100 * DAY_MS - 60_000, 1],
    [100 * DAY_MS, 0],
  ];
  for (const [ms, right] of expected) {
    at(ms);
    assert.equal(await count(), right, `${ms / DAY_MS} days`);
    assert.equal(await count(), right, "and once more, from the cache");
  }
});

Deno.test("penaltyCount is right after twelve leaders gave penalties to the same two people at once", async () => {
  const [leader, ...people] = [await signUp(service), await signUp(service), await signUp(service)];
  const ids = people.map(({ id }) => id).sort();
  const parties = await Promise.all(Array.from({ length: 12 }, () => openParty(service, leader)));
  const reading = new AbortController();
  const reader = (async () => {
    while (!reading.signal.aborted) await Promise.all(people.map((person) => shown(service, person)));
  })();
  const told = await Promise.all(parties.map((party) =>
    inTransaction(service.sql, async (tx) => {
      const counts: number[] = [];
      for (const userId of ids) {
        await tx`
          insert into penalties (party_id, user_id, id, created_at)
          values (${party.id}, ${userId}, ${v7()}, ${service.clock.now()})`;
        counts.push(await publishPenaltyCount(service.deps, tx, { partyId: party.id, userId }));
      }
      return counts;
    })
  ));
  reading.abort();
  await reader;
  const oneToTwelve = parties.map((_, i) => i + 1);
  for (const i of ids.keys()) {
    assert.deepEqual(
      told.map((counts) => counts[i]!).sort((a, b) => a - b),
      oneToTwelve,
      "each leader was told another count",
    );
  }
  for (const person of people) {
    assert.equal(await shown(service, person), 12);
    await poll(async () => (await cached(service, person))?.includes('"version":12,"count":12'));
  }
});

Deno.test("penaltyCount equals the penalties of 90 days after any order of penalties, days, flushes and lost writes", async () => {
  await using later = await startTestService();
  const leader = await signUp(later);
  const parties = await Promise.all(Array.from({ length: 15 }, () => openParty(later, leader)));
  const step = fc.oneof(
    fc.record({ do: fc.constant("penalise" as const), lost: fc.boolean() }),
    fc.record({ do: fc.constant("wait" as const), days: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ do: fc.constant("flush" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const { deps } = later, userId = v7();
      await later.sql`
        insert into users (id, email, password_hash, nickname, terms_at, privacy_at, created_at)
        values (${userId}, ${`${userId}@example.com`}, '', ${userId.slice(-12)}, now(), now(), now())`;
      const given: number[] = [], unused = parties.slice();
      for (const each of steps) {
        if (each.do === "wait") later.clock.advance(each.days * DAY_MS);
        if (each.do === "flush") await deps.cache.take(`penalty-count:${userId}`);
        if (each.do === "penalise") {
          const now = deps.clock.now();
          given.push(now.getTime());
          await addPenalty(deps, userId, unused.pop()!.id, now);
        }
        const isLost = each.do === "penalise" && each.lost;
        const cache = { ...deps.cache, ...(isLost && { setNewer: () => Promise.reject(new Error("lost")) }) };
        const since = deps.clock.now().getTime() - 90 * DAY_MS;
        const right = given.filter((ms) => ms > since).length;
        assert.equal((await readProfile({ ...deps, cache }, userId)).penaltyCount, right);
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("The profiles of a hundred people take two queries at most, and one when all counts are cached", async () => {
  const ids = await service.sql<{ id: string }[]>`
    insert into users (id, email, password_hash, nickname, terms_at, privacy_at, created_at, penalty_version)
    select gen_random_uuid(), gen_random_uuid() || '@example.com', '', substr(gen_random_uuid()::text, 1, 18), now(), now(), now(), n % 2
    from generate_series(1, 100) n
    returning id`;
  const asked: string[] = [];
  const sql = new Proxy(service.sql, {
    apply(target, self, args) {
      const text = String(args[0]).trim();
      if (text.startsWith("select")) asked.push(text);
      return Reflect.apply(target as (...args: unknown[]) => unknown, self, args);
    },
  }) as Sql;
  const read = () => profilesOf({ ...service.deps, sql }, ids.map(({ id }) => id));
  assert.equal((await read()).size, 100);
  assert.equal(asked.length, 2);
  await poll(async () => {
    asked.length = 0;
    await read();
    return asked.length === 1;
  });
  assert.equal((await profilesOf({ ...service.deps, sql }, [])).size, 0);
  assert.equal(asked.length, 1);
});
