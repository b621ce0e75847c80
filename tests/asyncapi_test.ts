/** `/asyncapi.json`: that it is AsyncAPI 3.0, and that the socket and the stream speak what it says, and nothing else. */
import assert from "node:assert/strict";
import schema from "@asyncapi/specs/schemas/3.0.0.json" with { type: "json" };
import { Ajv } from "ajv";
import formats from "ajv-formats";
import fc from "fast-check";
import { type ClientFrame, CLOSE, type ServerFrame } from "../contract/chat.ts";
import { STOMP_CLOSE } from "../contract/stomp.ts";
import { decode } from "../services/chat_frames.ts";
import { leaderWithAlerts } from "./alert_world.ts";
import { assertPublished, messagesOf, type PublishedMessage } from "./asyncapi_document.ts";
import { connectChat } from "./chat_client.ts";
import { openRoom, told } from "./chat_world.ts";
import { openEvents } from "./event_stream.ts";
import {
  createDatabase,
  type Person,
  poll,
  signUpAll,
  startTestService,
  type TestDatabase,
  type TestService,
} from "./harness.ts";
import { connectStomp, frame } from "./stomp_client.ts";

let database: TestDatabase;
let service: TestService;
// deno-lint-ignore no-explicit-any -- checked against AsyncAPI's own schema below
let document: any;
let fromServer: Map<string, PublishedMessage>;
let fromClient: Map<string, PublishedMessage>;

Deno.test.beforeAll(async () => {
  database = await createDatabase();
  service = await startTestService({ database });
  document = (await service.call("GET", "/asyncapi.json")).body;
  fromServer = messagesOf(document, "sendFrame");
  fromClient = messagesOf(document, "receiveFrame");
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

Deno.test("the document is AsyncAPI 3.0 by its own JSON schema, and every reference leads somewhere", () => {
  const { $schema: _, ...asyncApi } = schema;
  // The schema brings that of JSON schemas along, and is of a kind that is not strict.
  const ajv = new Ajv({ meta: false, strict: false, validateSchema: false });
  formats.default(ajv);
  const isValid = ajv.compile(asyncApi);
  for (const operation of Object.keys(document.operations)) assert.ok(messagesOf(document, operation).size > 0);
  assert.equal(isValid(document), true, JSON.stringify(isValid.errors?.slice(0, 5)));
  const misspelt = { ...document, channels: { socket: { adress: "/ws" } } };
  assert.equal(isValid(misspelt), false, "the schema tells right from wrong");
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    // deno-lint-ignore no-explicit-any -- as above
    assert.ok(pointer!.split("/").reduce<any>((value, part) => value?.[part], document), pointer);
  }
});

Deno.test("the document is the same for everybody, with a token, with a bad one, or without", async () => {
  const ask = async (headers: Record<string, string>) =>
    await (await fetch(`${service.url}/asyncapi.json`, { headers })).text();
  const [first, second, third] = await Promise.all([
    ask({}),
    ask({ authorization: "Bearer nonsense" }),
    ask({ cookie: "a=b" }),
  ]);
  assert.deepEqual([second, third], [first, first]);
});

Deno.test("the document names every close code of the socket", () => {
  const told = (channel: string) => Object.keys(document.channels[channel]["x-close-codes"]).map(Number).sort();
  assert.deepEqual(told("socket"), Object.values(CLOSE).sort());
  assert.deepEqual(told("stompRoom"), [...Object.values(CLOSE), ...Object.values(STOMP_CLOSE)].sort());
});

Deno.test("whatever the server says in a walk over its socket is in the document, and the walk meets every frame of it", async () => {
  const node = await startTestService({ database, namespace: service.namespace });
  const [leader, member, other] = await signUpAll(service, 3) as [Person, Person, Person];
  const partyId = await openRoom(service, leader, [member, other]);
  const watcher = await connectChat(node, { token: leader.token });
  const client = await connectChat(node);
  const said: ClientFrame[] = [];
  const say = (frame: ClientFrame) => {
    assertPublished(fromClient, frame.type, frame);
    said.push(frame);
    client.say(frame);
  };
  await watcher.subscribe(partyId);
  say({ type: "hello", accessToken: member.token });
  await client.heard("welcome");
  say({ type: "subscribe", partyId, after: 0 });
  say({ type: "typing", partyId });
  say({ type: "send", partyId, clientMsgId: "one", text: "안녕하세요" });
  await client.heard("ack");
  say({ type: "send", partyId, clientMsgId: "one", text: "다른 말" });
  await client.heard("problem", (frame) => frame.code === "client-msg-id-reused");
  say({ type: "read", partyId, seq: 2 });
  await watcher.heard("read", (frame) => frame.userId === member.id);
  client.say({ type: "send", partyId, clientMsgId: "two", text: "" });
  client.say("?");
  client.say({ type: "unheardOf", partyId });
  await client.heard("problem", (frame) => frame.detail.includes("type"));
  say({ type: "ping" });
  await client.heard("pong");
  await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: other.token });
  await told(watcher, 4);
  say({ type: "unsubscribe", partyId });
  await client.heard("unsubscribed");
  say({ type: "subscribe", partyId });
  const path = `/api/parties/${partyId}/members/${member.id}`;
  await node.call("PATCH", path, { token: leader.token, body: { status: "removed" } });
  await client.heard("unsubscribed", (frame) => frame.reason === "removed");
  await watcher.heard("presence", (frame) => !frame.online);
  await watcher.heard("party", (frame) => frame.memberCount === 1);
  await node[Symbol.asyncDispose]();
  await Promise.all([client.ended, watcher.ended]);

  const heard: ServerFrame[] = [...client.frames, ...watcher.frames];
  for (const frame of heard) assertPublished(fromServer, frame.type, frame);
  assert.deepEqual([...new Set(heard.map(({ type }) => type))].sort(), [...fromServer.keys()].sort());
  assert.deepEqual([...new Set(said.map(({ type }) => type))].sort(), [...fromClient.keys()].sort());
});

Deno.test("a frame is read by the server exactly when it fits the document, texts aside that are blank or too long", () => {
  const id = "0199d1a0-0000-7000-8000-000000000000";
  const value = fc.oneof(
    fc.constantFrom<unknown>(id, "x", "", null, -1, 0, 1.5, 2 ** 53, true, [], {}, "text", "m-1"),
    fc.string({ maxLength: 70 }),
    fc.integer(),
  );
  const likely: Record<string, fc.Arbitrary<unknown>> = {
    partyId: fc.constant(id),
    after: fc.nat(),
    clientMsgId: fc.constant("m-1"),
    text: fc.string(),
    accessToken: fc.string(),
  };
  const others = fc.dictionary(fc.constantFrom("partyId", "after", "text", "extra"), value, { maxKeys: 1 });
  const anyFrame: fc.Arbitrary<{ type: string; text?: unknown }> = fc.constantFrom(...fromClient.values()).chain(
    ({ name, fields }) =>
      fc.tuple(
        fc.record(
          Object.fromEntries(
            fields.map((field) => [field, fc.oneof({ weight: 4, arbitrary: likely[field] ?? value }, value)]),
          ),
          { requiredKeys: fields.filter((field) => field !== "after") },
        ),
        fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, others),
        fc.oneof({ weight: 9, arbitrary: fc.constant(name) }, fc.constant("dance")),
      ).map(([own, more, type]) => ({ ...own, ...more, type })),
  );
  let read = 0;
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const isPublished = fromClient.get(frame.type)?.check(frame) ?? false;
      const decoded = decode(JSON.stringify(frame));
      const isTextAlone = "problem" in decoded && /^Cannot read the frame: text: /.test(decoded.problem.detail);
      if ("problem" in decoded && isPublished) return assert.ok(isTextAlone && typeof frame.text === "string");
      assert.equal(!("problem" in decoded), isPublished, JSON.stringify(frame));
      if (isPublished) read++;
    }),
    { numRuns: 3_000 },
  );
  assert.ok(read > 100, `only ${read} were frames at all`);
});

Deno.test("whatever the alert stream says from its first event to the goodbye is in the document", async () => {
  const events = messagesOf(document, "sendAlert");
  const node = await startTestService({ database, namespace: service.namespace });
  const { leader, alert } = await leaderWithAlerts(service, 2);
  await using stream = await openEvents(`${node.url}/api/alerts/stream`, { token: leader.token, lastEventId: 0 });
  await stream.take("alert", 2);
  await alert();
  await stream.take("alert", 3);
  await node[Symbol.asyncDispose]();
  await stream.over;
  for (const { event, id, data } of stream.log) {
    assertPublished(events, event, data);
    const { headers } = document.components.messages[events.get(event)!.key];
    assert.equal(headers.properties.event.const, event);
    if ("id" in headers.properties) assert.match(id ?? "", new RegExp(headers.properties.id.pattern));
    else assert.equal(id, null);
  }
  assert.deepEqual([...new Set(stream.log.map(({ event }) => event))], ["ready", "alert", "reconnect"]);
});

Deno.test("what a STOMP client sends and is sent is in the document, with its headers, where the document says", async () => {
  const sent = messagesOf(document, "receiveStompText"), received = messagesOf(document, "sendStompEntry");
  const [leader, member] = await signUpAll(service, 2) as [Person, Person];
  const partyId = await openRoom(service, leader, [member]);
  const at = (channel: string) => document.channels[channel].address.replace("{partyId}", partyId);
  await using client = await connectStomp(service, member);
  client.say(frame("SUBSCRIBE", { id: "0", destination: at("stompRoom"), after: "0" }));
  for (const body of [{ text: "안녕하세요" }, { clientMsgId: "m-1", text: "또요" }]) {
    assertPublished(sent, "SEND", body);
    client.say(frame("SEND", { destination: at("stompSend"), receipt: body.text }, JSON.stringify(body)));
    await client.heard("RECEIPT", ({ headers }) => headers["receipt-id"] === body.text);
  }
  const messages = await poll(() => {
    const all = client.frames.filter(({ command }) => command === "MESSAGE");
    return all.length === 3 && all;
  });
  const { headers } = document.components.messages["stomp.message"];
  for (const message of messages) {
    assertPublished(received, "MESSAGE", JSON.parse(message.body));
    for (const [name, { pattern }] of Object.entries<{ pattern: string }>(headers.properties)) {
      assert.match(message.headers[name] ?? "", new RegExp(pattern), name);
    }
  }
});
