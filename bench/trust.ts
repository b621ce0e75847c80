/**
 * What people rely on, in figures beside their limits: profiles read beside a bare GET from Redis behind the same guard; the
 * last seat of a hundred parties, two hundred joiners each, beside pgbench, where each of them takes the lock; and how long after a penalty
 * another node still shows the old count, while penalties are given all the time.
 *
 *   deno task bench trust [--rounds 3] [--seconds 5] [--parties 100]
 *
 * Needs PostgreSQL's programs, redis-server, Node and taskset in the PATH, and two cores.
 */
import { parseArgs } from "node:util";
import { openParty, type Person, type TestService } from "../tests/harness.ts";
import { TextLineStream } from "../tests/text_lines.ts";
import { type Member, openWorld, seatsOf } from "./chat_world.ts";
import { median, spread, tell } from "./figures.ts";
import type { RequestsPlan, RequestsResult } from "./load/requests.ts";
import { outputOfLoad, runLoad } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    parties: { type: "string", default: "100" },
  },
});
const rounds = Number(options.rounds), seconds = Number(options.seconds), partiesCount = Number(options.parties);
const JOINERS = 200, CONNECTIONS = 32, LIMIT = 0.7, STALE_LIMIT_MS = 200;

await using world = await openWorld({ rooms: 5, members: JOINERS / 5 + 1 });
await using nodes = await startNodes();
const seats = (await seatsOf(world.rooms, [{ host: "127.0.0.1", port: nodes.service } as never])).flat();
const members = world.rooms.flatMap((room) => room.members);
const tokenOf = new Map(members.map(({ userId }, i) => [userId, seats[i]!.token]));
const leader = members[0]!, joiners = members.slice(1, JOINERS + 1);

await profiles();
await lastSeats();
await staleness();

interface Nodes extends AsyncDisposable {
  service: number;
  peer: number;
  other: number;
}

/** A node with the peer beside it, and another one. */
async function startNodes(): Promise<Nodes> {
  const environment = {
    DATABASE_URL: world.stores.databaseUrl,
    REDIS_URL: world.stores.redisUrl,
    JWT_SECRET: "the benches' own secret, 32 bytes and more",
    RATE_LIMIT_FACTOR: "10000",
    PORT: "0",
    HOST: "127.0.0.1",
  };
  const path = new URL("trust_peer.ts", import.meta.url).pathname;
  const process = new Deno.Command("taskset", {
    args: ["-c", "0", Deno.execPath(), "run", "--no-check", "--allow-all", path],
    env: environment,
    stdout: "piped",
  }).spawn();
  const other = await world.startNode();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  const { value } = await lines.getReader().read();
  const { service, peer } = JSON.parse(value!);
  return {
    ...{ service, peer, other: other.port },
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await other[Symbol.asyncDispose]();
    },
  };
}

async function load(plan: RequestsPlan): Promise<RequestsResult> {
  return await runLoad<RequestsPlan, RequestsResult>({ name: "requests", plan });
}

async function profiles(): Promise<void> {
  await penaliseAll();
  const ours: number[] = [], theirs: number[] = [];
  const requests = (port: number) =>
    joiners.map(({ userId }) => ({
      ...{ port, method: "GET" as const, path: `/api/users/${userId}`, token: tokenOf.get(userId)! },
    }));
  // Code that has just begun to run is slow, and counts that nobody has asked for are not cached.
  for (const port of [nodes.service, nodes.peer]) {
    await load({ connections: CONNECTIONS, requests: requests(port), ms: 2_000 });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [port, found] of [[nodes.service, ours], [nodes.peer, theirs]] as const) {
      const { perS, statuses } = await load({
        connections: CONNECTIONS,
        requests: requests(port),
        ms: seconds * 1_000,
      });
      if (Object.keys(statuses).some((status) => status !== "200")) throw new Error(JSON.stringify(statuses));
      found.push(perS);
    }
  }
  const ratios = ours.map((perS, i) => perS / theirs[i]!), ratio = median(ratios);
  tell("profiles with a cached count", `${median(ours).toFixed(0)}/s (${spread(ours)})`);
  tell("a bare GET from Redis behind the same guard", `${median(theirs).toFixed(0)}/s (${spread(theirs)})`);
  tell("profiles, of the bare GET", `${ratio.toFixed(2)} (${spread(ratios, 2)})`, `${LIMIT} or more`, ratio >= LIMIT);
}

/** One penalty each, so that there is a count to cache. */
async function penaliseAll(): Promise<void> {
  const { partyId } = world.rooms[0]!;
  await world.sql`
    insert into penalties (party_id, user_id, id, created_at)
    select ${partyId}, id, gen_random_uuid(), now()
    from unnest(${joiners.map(({ userId }) => userId)}::uuid[]) as id`;
  await world.sql`update users set penalty_version = 1 where id = any(${joiners.map(({ userId }) => userId)}::uuid[])`;
}

/** A caller for what the tests open parties by. */
function serviceAt(port: number): TestService {
  return {
    sql: world.sql,
    clock: { now: () => new Date() },
    async call(method: string, path: string, { token, body }: { token?: string; body?: unknown } = {}) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: await response.json().catch(() => null) };
    },
  } as unknown as TestService;
}

function personOf({ userId }: Member): Person {
  return { id: userId, token: tokenOf.get(userId)! } as Person;
}

async function lastSeats(): Promise<void> {
  // With penalties people would have to wait for the leader's word.
  await world.sql`delete from penalties`;
  const at = serviceAt(nodes.service);
  const parties: string[] = [];
  for (let i = 0; i < partiesCount; i++) {
    parties.push((await openParty(at, personOf(leader), { capacity: 2, autoAccept: true })).id);
  }
  const requests = parties.flatMap((id) =>
    joiners.map(({ userId }, i) => ({
      ...{ port: i % 2 ? nodes.service : nodes.other, method: "POST" as const, path: `/api/parties/${id}/join` },
      ...{ token: tokenOf.get(userId)!, body: "{}" },
    }))
  );
  const { perS, statuses } = await load({ connections: CONNECTIONS, requests });
  const [row] = await world.sql<{ wrong: number }[]>`
    select count(*)::int as wrong
    from parties
    where id = any(${parties}::uuid[])
      and (member_count <> 2 or 2 <> (
        select count(*) from party_members m where m.party_id = parties.id and m.status = 'accepted'))`;
  tell(
    `last seat, ${JOINERS} joiners × ${partiesCount} parties`,
    `${perS.toFixed(0)} joins/s ${JSON.stringify(statuses)}`,
  );
  tell(
    "parties without exactly one winner",
    `${row!.wrong}`,
    "0",
    row!.wrong === 0 && statuses["201"] === partiesCount,
  );
  const theirs = await pgbenchSeat(parties[0]!);
  const ratio = perS / theirs;
  tell("pgbench, the lock and the looks for each join", `${theirs.toFixed(0)}/s`);
  tell("of pgbench", ratio.toFixed(2), `${LIMIT} or more`, ratio >= LIMIT);
}

async function pgbenchSeat(party: string): Promise<number> {
  await world.sql`create table joiners (n int primary key, id uuid)`;
  await world.sql`
    insert into joiners (n, id)
    select n, id from unnest(${joiners.map(({ userId }) => userId)}::uuid[]) with ordinality as joiner (id, n)`;
  const script = new URL("pgbench/seat.sql", import.meta.url).pathname;
  const told = await outputOfLoad([
    ...[
      "pgbench",
      "-n",
      "-D",
      `joiners=${JOINERS}`,
      "-D",
      `party='${party}'`,
      "-c",
      `${CONNECTIONS}`,
      "-T",
      `${seconds}`,
    ],
    ...["-f", script, world.stores.databaseUrl],
  ]);
  return Number(/tps = ([\d.]+)/.exec(told)![1]);
}

/** From the answer to the penalty, on one node, until the other shows its count. */
async function staleness(): Promise<void> {
  const giving = serviceAt(nodes.service), reading = serviceAt(nodes.other);
  const took: number[] = [];
  const until = performance.now() + seconds * 2_000;
  await Promise.all(
    joiners.slice(0, 8).map(async (joiner) => {
      for (let count = 1; performance.now() < until; count++) {
        const { id } = await openParty(giving, personOf(leader), { capacity: 2, autoAccept: true });
        await world.sql`
        insert into party_members (party_id, user_id, role, status, quantity, quantity_wish, quantity_min, requested_at)
        values (${id}, ${joiner.userId}, 'member', 'accepted', 1, 1, 1, now())`;
        await world.sql`update parties set status = 'done', starts_at = now(), join_until = now() where id = ${id}`;
        const { token } = personOf(leader), body = { userIds: [joiner.userId] };
        const given = await giving.call("POST", `/api/parties/${id}/penalties`, { token, body });
        if (given.status !== 201) throw new Error(JSON.stringify(given.body));
        const begun = performance.now();
        for (let shown = NaN; shown !== given.body.penalised[0].penaltyCount;) {
          shown = (await reading.call("GET", `/api/users/${joiner.userId}`, { token })).body.penaltyCount;
        }
        took.push(performance.now() - begun);
      }
    }),
  );
  const p99 = took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)]!;
  const figure = `${median(took).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, of ${took.length} under ${
    (took.length / seconds / 2).toFixed(0)
  }/s`;
  tell("until another node shows a penalty", figure, `p99 ${STALE_LIMIT_MS} ms or less`, p99 <= STALE_LIMIT_MS);
}
