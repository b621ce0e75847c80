/**
 * The whole road, as two neighbours walk it: sign up, find a party near home, join, be accepted, chat, be alerted, and a
 * penalty for the third who did not come. Once on the service alone, once on two nodes and a worker with real servers.
 */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { openEmbeddedPostgres } from "../adapters/postgres_embedded.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import type { Sql } from "../services/ports.ts";
import { connectChat } from "./chat_client.ts";
import { openEvents } from "./event_stream.ts";
import { type Answer, call, clearQueues, createDatabase, poll } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { quietLog } from "./quiet_log.ts";

/** One of the nodes that a neighbour talks to. */
interface Node {
  url: string;
  wsUrl: string;
}

Deno.test("the whole road, on one command with nothing installed", async () => {
  await using stack = new AsyncDisposableStack();
  const dataDir = await Deno.makeTempDir({ prefix: "moajang-walk-" });
  stack.defer(() => Deno.remove(dataDir, { recursive: true }));
  await Deno.chmod(dataDir, 0o755);
  const without = { DATABASE_URL: "", REDIS_URL: "", AMQP_URL: "", JWT_SECRET: "" };
  const node = stack.use(await startNode({ ...without, DATA_DIR: dataDir }));
  const { connection } = stack.use(await openEmbeddedPostgres({ dataDir, log: quietLog }));
  const { sql } = stack.use(await openSql({ target: connection, max: 1, log: quietLog }));
  await walk({ leaders: node, neighbours: node, sql });
});

const real = ["DATABASE_URL", "REDIS_URL", "AMQP_URL"].map((name) => [name, Deno.env.get(name)]);

Deno.test({
  name: "the whole road, with the neighbours on two nodes, a worker, PostgreSQL, Redis and RabbitMQ",
  ignore: real.some(([, url]) => !url),
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await createDatabase());
    const environment = {
      ...Object.fromEntries(real) as Record<"REDIS_URL" | "AMQP_URL", string>,
      ...database.environment,
      NAMESPACE: `walk-${v7().slice(-12)}`,
      JWT_SECRET: "the walk's own secret of 32 bytes and more",
    };
    stack.defer(() => clearQueues(environment.AMQP_URL, environment.NAMESPACE, database));
    const { sql } = stack.use(await openSql({ target: database.environment.DATABASE_URL!, max: 1, log: quietLog }));
    const [leaders, neighbours, worker] = await Promise.all([
      startNode(environment),
      startNode(environment),
      startNode(environment, "worker"),
    ]);
    for (const each of [leaders, neighbours, worker]) stack.use(each);
    await walk({ leaders, neighbours, sql });
  },
});

const HOME = { roadAddress: "서울특별시 성동구 뚝섬로 379", lat: 37.5402, lng: 127.0532 };

async function walk({ leaders, neighbours, sql }: { leaders: Node; neighbours: Node; sql: Sql }): Promise<void> {
  const leader = await arrive(leaders), neighbour = await arrive(neighbours), absent = await arrive(neighbours);
  const far = await arrive(neighbours, { roadAddress: "부산광역시 해운대구 우동", lat: 35.16, lng: 129.16 });

  const { item, market } = await chooseFromCatalogue(leaders);
  for (const person of [neighbour, far]) await person.ask("PUT", `/api/favorites/items/${item.id}`);
  await using stream = await openEvents(`${neighbours.url}/api/alerts/stream`, neighbour);
  await using leadersStream = await openEvents(`${leaders.url}/api/alerts/stream`, leader);
  await stream.find(({ event }) => event === "ready");
  await leadersStream.find(({ event }) => event === "ready");

  const startsAt = Date.now() + 3600_000;
  const party = await leader.ask("POST", "/api/parties", {
    itemId: item.id,
    marketId: market.id,
    quantity: 10_000,
    unit: "g",
    priceKrw: 24_000,
    capacity: 3,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + 3600_000).toISOString(),
  });
  const path = `/api/parties/${party.id}`;
  await stream.find(({ data }) => data.type === "party.created" && data.partyId === party.id);

  const nearby = await neighbour.ask("GET", `/api/parties?itemId=${item.id}`);
  assert.deepEqual(nearby.items.map((each: { id: string }) => each.id), [party.id]);
  assert.ok(nearby.items[0].distanceM <= 10_000);

  assert.equal((await neighbour.ask("POST", `${path}/join`, {})).status, "pending");
  await leadersStream.find(({ data }) => data.type === "join.requested" && data.partyId === party.id);
  await leader.ask("PATCH", `${path}/members/${neighbour.id}`, { status: "accepted" });
  await stream.find(({ data }) => data.type === "join.accepted" && data.partyId === party.id);

  await chat({ leaders, neighbours, leader, neighbour, partyId: party.id });

  await absent.ask("POST", `${path}/join`, {});
  await leader.ask("PATCH", `${path}/members/${absent.id}`, { status: "accepted" });
  assert.equal((await leader.ask("GET", path)).status, "confirmed", "full");
  await stream.find(({ data }) => data.type === "party.confirmed" && data.partyId === party.id);
  await sql`update parties set starts_at = now(), join_until = now() where id = ${party.id}`;
  const { code } = await leader.ask("GET", `${path}/check-in`);
  assert.equal((await neighbour.ask("POST", `${path}/check-in`, { code })).attended, true);
  assert.equal((await leader.ask("POST", `${path}/complete`)).status, "done");
  const order = { userIds: [absent.id], reason: "연락 없이 오지 않음" };
  const { penalised } = await leader.ask("POST", `${path}/penalties`, order);
  assert.deepEqual(penalised, [{ userId: absent.id, penaltyCount: 1 }]);
  const refused = await call(`${leaders.url}${path}/penalties`, "POST", {
    token: leader.token,
    body: { userIds: [neighbour.id] },
  });
  assert.equal(refused.body.code, "not-penalisable");
  await poll(async () => (await neighbour.ask("GET", `/api/users/${absent.id}`)).penaltyCount === 1);

  await poll(async () => (await absent.ask("GET", "/api/alerts")).items[0]?.type === "penalty.received");
  await settle(leader, neighbour, path);
  await stream.find(({ data }) => data.type === "settlement.requested" && data.partyId === party.id);
  const inbox = await neighbour.ask("GET", "/api/alerts");
  const types = inbox.items.map((alert: { type: string }) => alert.type).toSorted();
  const expected = ["chat.opened", "join.accepted", "party.confirmed", "party.created", "settlement.requested"];
  assert.deepEqual(types, expected, "each once, no more");
  assert.deepEqual((await far.ask("GET", "/api/alerts")).items, [], "30 km and more away");
}

/** The leader says what the till took; the neighbour, who came, pays their part of it. */
async function settle(leader: Walker, neighbour: Walker, path: string): Promise<void> {
  const { lines } = await leader.ask("PUT", `${path}/settlement`, { totalKrw: 24_001 });
  assert.deepEqual(lines.map(({ userId }: { userId: string }) => userId), [leader.id, neighbour.id]);
  assert.equal(lines[0].amountKrw + lines[1].amountKrw, 24_001);
  const paid = await neighbour.ask("PUT", `${path}/settlement/lines/${neighbour.id}`, { paid: true });
  assert.ok(paid.settledAt);
}

interface Walker {
  id: string;
  token: string;
  /** Asks the node that this person talks to, and gives the body of a success. */
  // deno-lint-ignore no-explicit-any -- a test reads whatever shape it expects, and fails when it is not there
  ask(method: string, path: string, body?: unknown): Promise<any>;
}

/** Someone who has signed up at a node. */
async function arrive(node: Node, home = HOME): Promise<Walker> {
  const name = v7();
  const consents = { terms: true, privacy: true, location: true };
  const session = succeeded(
    await call(`${node.url}/api/auth/signup`, "POST", {
      body: { email: `${name}@example.com`, password: `pw ${name}`, nickname: name.slice(-12), home, consents },
    }),
  );
  const token = session.accessToken;
  return {
    id: session.user.id,
    token,
    ask: async (method, path, body) => succeeded(await call(node.url + path, method, { token, body })),
  };
}

function succeeded({ status, body }: Answer) {
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`);
  return body;
}

/** Onions at the mart nearest to home, from the catalogue that the service has brought along. */
async function chooseFromCatalogue({ url }: Node) {
  const item = await poll(async () => succeeded(await call(`${url}/api/items?q=양파`, "GET")).items[0]);
  const near = `${url}/api/markets?lat=${HOME.lat}&lng=${HOME.lng}&radiusM=10000`;
  const market = await poll(async () => succeeded(await call(near, "GET")).items[0]);
  assert.match(item.name, /양파/);
  return { item, market };
}

/** Both talk, each on their own node, and both have read the same afterwards. */
async function chat(
  { leaders, neighbours, leader, neighbour, partyId }: {
    leaders: Node;
    neighbours: Node;
    leader: Walker;
    neighbour: Walker;
    partyId: string;
  },
): Promise<void> {
  await using hers = await connectChat(leaders, leader);
  await using his = await connectChat(neighbours, neighbour);
  await hers.subscribe(partyId, 0);
  await his.subscribe(partyId, 0);
  await hers.send(partyId, "정문에서 만나요");
  await his.heard("entry", (entry) => entry.text === "정문에서 만나요");
  const { seq } = await his.send(partyId, "네, 곧 갈게요");
  await hers.heard("entry", (entry) => entry.seq === seq);
  const { items } = await neighbour.ask("GET", `/api/parties/${partyId}/chat/entries`);
  assert.deepEqual(items.map((each: { seq: number }) => each.seq), [1, 2, 3]);
  assert.deepEqual(his.entries(partyId), items);
  assert.deepEqual(hers.entries(partyId), items);
}
