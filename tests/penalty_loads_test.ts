/** How a count that is not cached is loaded: once at a time, however many ask, and never for who knows of a newer penalty. */
import assert from "node:assert/strict";
import { createClient } from "redis";
import { v7 } from "uuid";
import { penaltyCounts } from "../services/penalty_counts.ts";
import { profilesOf } from "../services/profiles.ts";
import { inTransaction, sqlOf } from "../services/transaction.ts";
import { addParty, addPeople, type Neighbour } from "./alert_world.ts";
import { poll, startTestService, type TestService } from "./harness.ts";
import { openRedisServer, type OwnServer } from "./own_servers.ts";

const stack = new AsyncDisposableStack();
let redis: OwnServer | undefined;
let service: TestService;

/**
 * A service whose penalties are a view: each row that a count looks at is told by a sequence, waits while somebody holds it up
 * ({@link heldUp}), and fails while there is trouble.
 */
Deno.test.beforeAll(async () => {
  if (Deno.env.get("REDIS_URL")) {
    redis = await openRedisServer();
    stack.defer(() => redis!.kill());
  }
  service = stack.use(await startTestService({ environment: redis && { REDIS_URL: redis.url } }));
  await service.sql.unsafe(`
    create sequence looks;
    create table trouble (told text);
    create function look() returns boolean language plpgsql as $$
    begin
      perform nextval('looks');
      perform pg_advisory_xact_lock_shared(${HOLD});
      if exists (select from trouble) then
        raise 'out of space' using errcode = '53100';
      end if;
      return true;
    end
    $$;
    alter table penalties rename to penalties_kept;
    create view penalties as select * from penalties_kept where look()`);
});
Deno.test.afterAll(async () => await stack.disposeAsync());

const HOLD = 20_261_128;
const DAY_MS = 86_400_000;
/** Connections of the service. */
const POOL = 10;

/** Holds every count up until it is let go. */
async function heldUp(work: () => Promise<void>): Promise<void> {
  await inTransaction(service.sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(${HOLD})`;
    await work();
  });
}

const waiting = async () => {
  const [row] = await service.sql`
    select count(*)::int as n
    from pg_locks
    where locktype = 'advisory' and not granted and objid = ${HOLD}
      and database = (select oid from pg_database where datname = current_database())`;
  return row!.n as number;
};

const looks = async () => (await service.sql`select coalesce(pg_sequence_last_value('looks'), 0) as n`)[0]!.n as number;

/** Somebody's next penalty, for a party of its own, given so long ago. */
async function addPenalty({ id }: Neighbour, agoMs = 0): Promise<void> {
  const party = await addParty(service, id), givenAt = new Date(Date.now() - agoMs);
  await service.sql`
    with given as (
      insert into penalties_kept (party_id, user_id, id, created_at)
      values (${party.id}, ${id}, ${v7()}, ${givenAt}))
    update users
    set penalty_version = penalty_version + 1
    where id = ${id}`;
}

/** Nothing is left in the cache. */
async function flush({ id }: Neighbour): Promise<void> {
  if (!redis) return void await service.deps.cache.take(`penalty-count:${id}`);
  const client = createClient({ url: redis.url });
  await client.connect();
  await client.flushAll();
  client.destroy();
}

async function penalised(): Promise<Neighbour> {
  const [person] = await addPeople(service, 1);
  await addPenalty(person!);
  return person!;
}

const ask = ({ id, token }: Neighbour) => service.call("GET", `/api/users/${id}`, { token });
const askTimes = (person: Neighbour, times: number) => Promise.all(Array.from({ length: times }, () => ask(person)));

Deno.test("GET /api/users/:id counts once right after a FLUSHALL, however many ask at once", async () => {
  const person = await penalised();
  assert.equal((await ask(person)).body.penaltyCount, 1);
  await flush(person);
  const before = await looks();
  let asking: ReturnType<typeof askTimes>;
  await heldUp(async () => {
    asking = askTimes(person, 60);
    await poll(async () => (await waiting()) > 0);
  });
  const answers = await asking!;
  assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body.penaltyCount}`))], ["200 1"]);
  assert.equal(await looks() - before, 1);
  await askTimes(person, 10);
  assert.equal(await looks() - before, 1, "then the cache answers");
});

Deno.test("A count that fails does so for those who waited for it; who comes next is answered", async () => {
  const person = await penalised();
  await service.sql`insert into trouble (told) values ('full')`;
  const before = await looks();
  let asking: ReturnType<typeof askTimes>;
  await heldUp(async () => {
    asking = askTimes(person, 3);
    await poll(async () => (await waiting()) > 0);
  });
  assert.ok((await asking!).every(({ status }) => status === 503));
  assert.ok(await looks() > before);
  await service.sql`delete from trouble`;
  const { status, body } = await ask(person);
  assert.deepEqual([status, body.penaltyCount], [200, 1]);
});

Deno.test("A count that was begun before a penalty never answers who comes after it", async () => {
  const person = await penalised();
  let before: ReturnType<typeof ask>, after: ReturnType<typeof ask>;
  await heldUp(async () => {
    before = ask(person);
    await poll(async () => (await waiting()) === 1);
    await addPenalty(person);
    after = ask(person);
    await Promise.race([after, poll(async () => (await waiting()) === 2)]).catch(() => {});
  });
  assert.equal((await after!).body.penaltyCount, 2);
  assert.equal((await before!).body.penaltyCount, 1);
  assert.equal((await ask(person)).body.penaltyCount, 2);
});

Deno.test("With every connection in a transaction each is told the count, though somebody without one waits for the same", async () => {
  const { id } = await penalised(), versions = new Map([[id, 1]]), { deps, sql } = service;
  const all = Promise.withResolvers<void>();
  let open = 0, alone: Promise<Map<string, number>>;
  const counts = await Promise.all(Array.from({ length: POOL }, () =>
    inTransaction(sql, async (tx) => {
      await tx`select 1`;
      if (++open === POOL) all.resolve();
      await all.promise;
      alone ??= penaltyCounts(deps, versions);
      return await penaltyCounts({ ...deps, sql: sqlOf(tx) }, versions);
    })));
  assert.deepEqual([...counts, await alone!].map((each) => each.get(id)), Array.from({ length: POOL + 1 }, () => 1));
});

Deno.test("Cached counts live for a day or up to a tenth less, each its own time, and never past the end of a penalty", async () => {
  const people = await addPeople(service, 60);
  for (const each of people) await addPenalty(each);
  const [ending] = await addPeople(service, 1) as [Neighbour];
  await addPenalty(ending, 90 * DAY_MS - 3600_000);
  const begun = Date.now();
  await profilesOf(service.deps, [...people, ending].map(({ id }) => id));
  const done = Date.now();
  const ends = async ({ id }: Neighbour) =>
    JSON.parse((await service.deps.cache.get(`penalty-count:${id}`))!).staleAt as number;
  const lives = (await Promise.all(people.map(ends))).map((staleAt) => staleAt - begun).toSorted((a, b) => a - b);
  assert.ok(lives[0]! >= 0.9 * DAY_MS - 1 && lives.at(-1)! <= DAY_MS + done - begun, `${lives[0]} to ${lives.at(-1)}`);
  assert.ok(lives.at(-1)! - lives[0]! > 3600_000, `${lives[0]} to ${lives.at(-1)}`);
  const [{ createdAt }] = await service.sql`
    select created_at as "createdAt" from penalties_kept where user_id = ${ending.id}` as [{ createdAt: Date }];
  assert.equal(await ends(ending), createdAt.getTime() + 90 * DAY_MS);
});

Deno.test({
  name: "What is cached of a count leaves Redis when its time is over",
  ignore: !Deno.env.get("REDIS_URL"),
  async fn() {
    const [lasting, ending] = await addPeople(service, 2) as [Neighbour, Neighbour];
    await addPenalty(lasting);
    await addPenalty(ending, 90 * DAY_MS - 3600_000);
    await profilesOf(service.deps, [lasting.id, ending.id]);
    const client = createClient({ url: redis!.url });
    await client.connect();
    const [long, short] = await Promise.all(
      [lasting, ending].map(({ id }) => client.pTTL(`${service.namespace}:cache:penalty-count:${id}`)),
    );
    client.destroy();
    assert.ok(long! > 0.89 * DAY_MS && long! <= DAY_MS, `${long}`);
    assert.ok(short! > 3500_000 && short! <= 3600_000, `${short}`);
  },
});
