/** The chat's socket: who may open it, what it speaks, and what it makes of frames that are none. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { type ChatClient, connectChat, handshake } from "./chat_client.ts";
import { openRoom, quiet } from "./chat_world.ts";
import {
  createDatabase,
  type Person,
  poll,
  signUp,
  startTestService,
  type TestDatabase,
  type TestService,
} from "./harness.ts";

const ALLOWED = "https://moajang.example";

let database: TestDatabase;
let service: TestService;
let leader: Person;
let member: Person;
let stranger: Person;

Deno.test.beforeAll(async () => {
  database = await createDatabase();
  service = await startTestService({ database, environment: { ALLOWED_ORIGINS: ALLOWED } });
  [leader, member, stranger] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

async function ticketOf({ token }: Person): Promise<string> {
  const answer = await service.call("POST", "/api/auth/tickets", { token });
  assert.equal(answer.status, 201);
  return answer.body.ticket;
}

async function refusal(options: { path?: string; headers?: Record<string, string> }): Promise<string> {
  const { status, head, connection } = await handshake(service, options);
  connection.close();
  return `${status} ${/^upgrade: websocket\r$/im.test(head) ? "upgrade" : ""}`.trim();
}

Deno.test("the socket opens for an Authorization header, a ticket, or a first frame hello, and says welcome", async () => {
  await using byHeader = await connectChat(service, { token: member.token });
  await using byTicket = await connectChat(service, { ticket: await ticketOf(member) });
  await using byHello = await connectChat(service);
  byHello.say({ type: "hello", accessToken: member.token });
  for (const client of [byHeader, byTicket, byHello]) {
    const { userId, heartbeatS } = await client.heard("welcome");
    assert.equal(userId, member.id);
    assert.ok(heartbeatS > 0);
  }
});

Deno.test("a bad token, a used or unknown ticket, an ended session and a cookie do not open the socket: 401, no upgrade", async () => {
  const gone = await signUp(service);
  const lateTicket = await ticketOf(gone);
  await service.call("POST", "/api/auth/signout", { token: gone.token, body: {} });
  const used = await ticketOf(member);
  await (await connectChat(service, { ticket: used }))[Symbol.asyncDispose]();
  for (
    const options of [
      { headers: { authorization: "Bearer nonsense" } },
      { headers: { authorization: `Bearer ${gone.token}` } },
      { headers: { authorization: `Basic ${btoa("a:b")}` } },
      { path: "/ws?ticket=nonsense" },
      { path: "/ws?ticket=" },
      { path: `/ws?ticket=${used}` },
      { path: `/ws?ticket=${lateTicket}` },
    ]
  ) assert.equal(await refusal(options), "401", JSON.stringify(options));

  const { status, connection } = await handshake(service, {
    headers: { cookie: `refreshToken=${member.refreshToken}; accessToken=${member.token}` },
  });
  assert.equal(status, 101, "a cookie is not looked at, so hello is awaited");
  connection.close();
});

Deno.test("a ticket works for 30 s", async () => {
  await using later = await startTestService({ database, namespace: service.namespace });
  const answer = await later.call("POST", "/api/auth/tickets", { token: member.token });
  later.clock.advance(31_000);
  const { status, connection } = await handshake(later, { path: `/ws?ticket=${answer.body.ticket}` });
  connection.close();
  assert.equal(status, 401);
});

Deno.test("an Origin must be on the allow-list or the service's own; a foreign one is 403 and costs no ticket", async () => {
  const opens = async (origin: string) => {
    const { status, connection } = await handshake(service, { headers: { origin } });
    connection.close();
    return status;
  };
  assert.equal(await opens(ALLOWED), 101);
  assert.equal(await opens(service.url), 101);
  for (const origin of ["https://evil.example", `${ALLOWED}.evil.example`, "http://moajang.example", "null", ""]) {
    assert.equal(await opens(origin), 403, origin);
  }
  const ticket = await ticketOf(member);
  assert.equal(await refusal({ path: `/ws?ticket=${ticket}`, headers: { origin: "https://evil.example" } }), "403");
  await using client = await connectChat(service, { ticket });
  await client.heard("welcome");
});

Deno.test("GET /ws without a WebSocket handshake answers 426 and names the protocol to use", async () => {
  assert.equal(await refusal({ headers: { upgrade: "h2c" } }), "426 upgrade");
  assert.equal(await refusal({ headers: { "sec-websocket-version": "8" } }), "426 upgrade");
  const answer = await service.call("GET", "/ws");
  assert.deepEqual([answer.status, answer.body.code], [426, "upgrade-required"]);
});

Deno.test("moajang.v1 is chosen when offered, spoken when nothing is, and other subprotocols alone are refused", async () => {
  await using offered = await connectChat(service, { token: member.token, protocols: ["v99.other", "moajang.v1"] });
  assert.equal(offered.protocol, "moajang.v1");
  await using silent = await connectChat(service, { token: member.token });
  assert.equal(silent.protocol, "");
  assert.equal(await refusal({ headers: { "sec-websocket-protocol": "v99.other" } }), "422");
});

Deno.test("a first frame that is not a good hello closes with 4401", async () => {
  for (
    const first of [
      { type: "hello", accessToken: "nonsense" },
      { type: "subscribe", partyId: v7() },
      { type: "ping" },
    ]
  ) {
    const client = await connectChat(service);
    client.say(first);
    assert.equal((await client.ended).code, 4401, JSON.stringify(first));
  }
});

Deno.test("a client that says nothing for 5 s closes with 4401", async () => {
  const started = performance.now();
  const client = await connectChat(service);
  assert.equal((await client.ended).code, 4401);
  assert.ok(performance.now() - started > 4_500);
});

Deno.test("a second hello is refused and changes nothing", async () => {
  await using client = await connectChat(service, { token: member.token });
  client.say({ type: "hello", accessToken: stranger.token });
  assert.equal((await client.heard("problem")).code, "unauthenticated");
  const partyId = await openRoom(service, leader, [member]);
  assert.equal((await client.send(partyId, "여전히 나")).seq, 2);
});

Deno.test("a malformed frame is answered with a problem that names the field, and the socket stays open", async () => {
  await using client = await connectChat(service, { token: member.token });
  const partyId = await openRoom(service, leader, [member]);
  const wrong: [unknown, RegExp][] = [
    ["{", /not JSON/],
    ["", /not JSON/],
    [new Uint8Array([123, 125]), /not JSON/],
    ["null", /Cannot read the frame/],
    ["[]", /Cannot read the frame/],
    [{}, /type/],
    [{ type: "dance" }, /type/],
    [{ type: "__proto__" }, /type/],
    [{ type: "subscribe" }, /partyId/],
    [{ type: "subscribe", partyId: "x" }, /partyId/],
    [{ type: "subscribe", partyId, after: -1 }, /after/],
    [{ type: "subscribe", partyId, after: 1.5 }, /after/],
    [{ type: "subscribe", partyId, after: 2 ** 53 }, /after/],
    [{ type: "subscribe", partyId, extra: 1 }, /extra/],
    [{ type: "send", partyId, clientMsgId: "m", text: "" }, /text/],
    [{ type: "send", partyId, clientMsgId: "m", text: "가".repeat(2001) }, /text/],
    [{ type: "send", partyId, clientMsgId: "", text: "a" }, /clientMsgId/],
    [{ type: "send", partyId, text: "a" }, /clientMsgId/],
    [{ type: "ping", "\u0000": 1 }, /./],
  ];
  for (const [i, [frame, told]] of wrong.entries()) {
    client.say(frame);
    const problems = await poll(() => {
      const all = client.frames.filter((each) => each.type === "problem");
      return all.length > i && all;
    });
    assert.equal(problems[i]!.code, "invalid-input");
    assert.match(problems[i]!.detail, told, JSON.stringify(frame));
  }
  assert.equal((await client.send(partyId, "아직 있어요")).seq, 2);
});

Deno.test("a problem about a send names its party and clientMsgId", async () => {
  await using client = await connectChat(service, { token: member.token });
  const partyId = await openRoom(service, leader, [member]), clientMsgId = v7();
  client.say({ type: "send", partyId, clientMsgId, text: " " });
  const problem = await client.heard("problem");
  assert.deepEqual([problem.code, problem.partyId, problem.clientMsgId], ["invalid-input", partyId, clientMsgId]);
});

Deno.test("a hundred malformed frames in a row close with 4429", async () => {
  const client = await connectChat(service, { token: member.token });
  for (let i = 0; i < 99; i++) client.say("?");
  client.say({ type: "ping" });
  for (let i = 0; i < 99; i++) client.say("?");
  await quiet(client);
  for (let i = 0; i < 100; i++) client.say("?");
  assert.equal((await client.ended).code, 4429);
});

Deno.test("a client that goes on talking still hears why it was closed", async () => {
  const ends: [number, (client: ChatClient, person: Person) => unknown][] = [
    [4429, (client) => Array.from({ length: 100 }, () => client.say("?"))],
    [1009, (client) => client.say("?".repeat(16 * 1024 + 1))],
    [4401, (_, { token }) => service.call("POST", "/api/auth/signout", { token, body: {} })],
  ];
  for (const [code, cause] of ends) {
    const person = await signUp(service), client = await connectChat(service, { token: person.token });
    const talk = () => Array.from({ length: 5 }, () => client.say({ type: "ping" }));
    const talking = setInterval(talk, 1);
    await client.heard("pong");
    await cause(client, person);
    talk();
    assert.equal((await client.ended.finally(() => clearInterval(talking))).code, code);
  }
});

Deno.test("a frame over 16 KiB closes with 1009, counted in bytes; one of 16 KiB does not", async () => {
  const padded = (bytes: number) => JSON.stringify({ type: "ping" }).padEnd(bytes, " ");
  await using client = await connectChat(service, { token: member.token });
  client.say(padded(16 * 1024));
  await client.heard("pong");
  client.say(padded(16 * 1024 + 1));
  assert.equal((await client.ended).code, 1009);
  for (const frame of ["가".repeat(5462), new Uint8Array(16 * 1024 + 1)]) {
    const other = await connectChat(service, { token: member.token });
    other.say(frame);
    assert.equal((await other.ended).code, 1009);
  }
});
