/** How many sockets there may be: of a person, of an address, of strangers, on a node. */
import assert from "node:assert/strict";
import { type ChatClient, connectChat, handshake } from "./chat_client.ts";
import {
  createDatabase,
  environmentOf,
  type Person,
  poll,
  signUp,
  signUpAll,
  startAnotherNode,
  startTestService,
  type TestDatabase,
  type TestService,
} from "./harness.ts";
import { startNode } from "./node_process.ts";
import { readFrames } from "./socket_frames.ts";

let database: TestDatabase;
/** Where people sign up: its allowances are not those under test. */
let service: TestService;

Deno.test.beforeAll(async () => {
  database = await createDatabase();
  service = await startTestService({ database });
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** A system of its own whose limits are multiplied by this. */
const startLimited = (factor: number) =>
  startTestService({
    database,
    environment: { RATE_LIMIT_FACTOR: String(factor), TRUSTED_PROXIES: "127.0.0.1" },
  });

/** Sockets by hand, at whatever address; closed together. */
function openDoor() {
  const open: Deno.TcpConn[] = [];
  return {
    async knock(at: { url: string }, address: string, person?: Person): Promise<string> {
      const headers = { "x-forwarded-for": address, ...(person && { authorization: `Bearer ${person.token}` }) };
      const { status, head, connection } = await handshake(at, { headers });
      if (status === 101) open.push(connection);
      else connection.close();
      return [status, /^retry-after: (\d+)\r$/im.exec(head)?.[1]].filter(Boolean).join(" ");
    },
    leave: () => open.pop()!.close(),
    [Symbol.dispose]: () => open.forEach((connection) => connection.close()),
  };
}

Deno.test("a person's 31st connection closes with 4429, however it signs in, and one that is closed makes room", async () => {
  await using limited = await startLimited(1);
  const person = await signUp(service);
  const open = () => connectChat(limited, { token: person.token });
  const clients = await Promise.all(Array.from({ length: 30 }, open));
  const late = await connectChat(limited);
  late.say({ type: "hello", accessToken: person.token });
  assert.equal((await late.ended).code, 4429);
  const { connection } = await handshake(limited, { headers: { authorization: `Bearer ${person.token}` } });
  assert.equal((await readFrames(connection)).closeCode, 4429);
  connection.close();
  await clients.pop()![Symbol.asyncDispose]();
  clients.push(await poll(() => openWelcome(limited, person)));
  for (const client of clients) await client[Symbol.asyncDispose]();
});

/** A socket that is welcomed, or `null`. */
async function openWelcome(at: TestService, { token }: Person): Promise<ChatClient | null> {
  const client = await connectChat(at);
  client.say({ type: "hello", accessToken: token });
  return await Promise.race([client.heard("welcome").then(() => client), client.ended.then(() => null)]);
}

Deno.test({
  name: "a person's connections are counted over all nodes together",
  ignore: !Deno.env.get("REDIS_URL"),
  async fn() {
    await using here = await startLimited(1);
    await using there = await startAnotherNode(here, { environment: { RATE_LIMIT_FACTOR: "1" } });
    const person = await signUp(service);
    const clients = await Promise.all(
      Array.from({ length: 30 }, (_, i) => connectChat(i % 2 ? here : there, { token: person.token })),
    );
    for (const node of [here, there]) assert.equal(await openWelcome(node, person), null);
    await clients.pop()![Symbol.asyncDispose]();
    clients.push(await poll(() => openWelcome(there, person)));
    for (const client of clients) await client[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "the connections of a node that is killed make room elsewhere within 35 s, and those of a living one never",
  ignore: !Deno.env.get("REDIS_URL"),
  async fn() {
    await using here = await startLimited(1);
    const doomed = await startNode({ ...environmentOf(here), RATE_LIMIT_FACTOR: "1", PORT: "0" });
    const person = await signUp(service);
    const clients = await Promise.all(Array.from({ length: 30 }, () => connectChat(doomed, { token: person.token })));
    const stayer = await signUp(service);
    const staying = await Promise.all(Array.from({ length: 30 }, () => connectChat(here, { token: stayer.token })));
    await doomed.kill();
    const killed = performance.now();
    assert.equal(await openWelcome(here, person), null);
    await using next = await poll(() => openWelcome(here, person), { timeoutMs: 40_000, everyMs: 1_000 });
    const tookS = (performance.now() - killed) / 1_000;
    assert.ok(tookS > 15 && tookS < 35, `${tookS} s`);
    assert.equal(next.frames[0]?.type, "welcome");
    for (const client of clients) await client.ended;
    assert.equal(await openWelcome(here, stayer), null, "leases of sockets that are open have run out");
    for (const client of staying) await client[Symbol.asyncDispose]();
  },
});

Deno.test("an address' sockets are counted over all its people: one too many is 429 with Retry-After, and not elsewhere's", async () => {
  // 200 × 0.05
  await using limited = await startLimited(0.05);
  using door = openDoor();
  const people = await signUpAll(service, 12);
  const last = people.pop()!, late = people.pop()!;
  for (const person of people) assert.equal(await door.knock(limited, "203.0.113.1", person), "101");
  assert.equal(await door.knock(limited, "203.0.113.1", late), "429 10");
  assert.equal(await door.knock(limited, "203.0.113.2", late), "101");
  door.leave();
  door.leave();
  await poll(async () => await door.knock(limited, "203.0.113.1", last) === "101", { everyMs: 200 });
});

Deno.test({
  name: "an address' sockets are counted over all nodes together",
  ignore: !Deno.env.get("REDIS_URL"),
  async fn() {
    const environment = { RATE_LIMIT_FACTOR: "0.05", TRUSTED_PROXIES: "127.0.0.1" };
    await using here = await startLimited(0.05);
    await using there = await startAnotherNode(here, { environment });
    using door = openDoor();
    const people = await signUpAll(service, 11), late = people.pop()!;
    for (const [i, person] of people.entries()) {
      assert.equal(await door.knock(i % 2 ? here : there, "203.0.113.1", person), "101");
    }
    for (const node of [here, there]) assert.equal(await door.knock(node, "203.0.113.1", late), "429 10");
  },
});

Deno.test("of an address only so many sockets at once may leave open whose they are; those that are known do not count", async () => {
  // 50 × 0.06, and 7 openings a minute of an address.
  await using limited = await startLimited(0.06);
  using door = openDoor();
  const person = await signUp(service), own = "127.0.0.1";
  await using speaker = await connectChat(limited);
  for (let i = 0; i < 2; i++) assert.equal(await door.knock(limited, own), "101");
  assert.equal(await door.knock(limited, own), "429 10");
  assert.equal(await door.knock(limited, own, person), "101");
  assert.equal(await door.knock(limited, "203.0.113.1"), "101");
  speaker.say({ type: "hello", accessToken: person.token });
  await speaker.heard("welcome");
  assert.equal(await door.knock(limited, own), "101");
});

Deno.test("a node that is full answers 503 with Retry-After before the upgrade, and takes in again when somebody goes", async () => {
  // 10,000 × 0.0005; everything else is 1
  await using limited = await startLimited(0.0005);
  using door = openDoor();
  const people = await signUpAll(service, 7);
  for (let i = 0; i < 5; i++) assert.equal(await door.knock(limited, `203.0.113.${i}`, people[i]), "101");
  assert.equal(await door.knock(limited, "203.0.113.100", people[5]), "503 10");
  door.leave();
  await poll(async () => await door.knock(limited, "203.0.113.101", await signUp(service)) === "101", { everyMs: 200 });
});
