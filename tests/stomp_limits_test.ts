/** How long a STOMP connection lasts and how much it may do: heart-beats, sessions, allowances, slow readers, a node that stops. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { connectChat, handshake, writeText } from "./chat_client.ts";
import { openRoom, openRoomOf, range, readLog, seqsOf } from "./chat_world.ts";
import { type Person, poll, signUp, startAnotherNode, startTestService } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";
import { readFrames } from "./socket_frames.ts";
import {
  app,
  connectFrame,
  connectStock,
  connectStomp,
  frame,
  openStomp,
  type RawStomp,
  topic,
} from "./stomp_client.ts";

const service = testService();
const [leader, member] = testPeople(service, 2);

/** A SEND with its text as receipt. */
const textFrame = (partyId: string, text: string) =>
  frame("SEND", { destination: app(partyId), receipt: text }, JSON.stringify({ clientMsgId: text, text }));

Deno.test("who agreed to beat and is silent is closed after twice the time; who beats, talks or agreed to nothing stays", async () => {
  const started = performance.now();
  // The server wants 5 s at least: what a client could do faster does not count against it.
  const silent = await connectStomp(service, member, { "heart-beat": "1,0" });
  const half = await connectStomp(service, member, { "heart-beat": "7000,0" });
  await using none = await connectStomp(service, member);
  await using receiving = await connectStomp(service, member, { "heart-beat": "0,2000" });
  await using eager = await connectStomp(service, member, { "heart-beat": "0,1" });
  await using stock = await connectStock(service, member, { heartbeatOutgoing: 1_000, heartbeatIncoming: 1_000 });
  await using talker = await connectStomp(service, member, { "heart-beat": "5000,1000" });
  const halfEnded = half.failed();
  let isOver = false;
  const talking = talk(talker, () => isOver);
  const { problem, code } = await silent.failed();
  const silentMs = performance.now() - started;
  assert.ok(silentMs > 9_900 && silentMs < 14_000, `closed after ${silentMs} ms`);
  assert.deepEqual([problem.code, code], ["invalid-input", 1002]);
  assert.match(`${problem.detail}`, /heart-beat/);
  // One beat in 2 s while nothing else was said, in 1 s at the most, and none to those who want none.
  assert.ok(receiving.beats >= 4 && receiving.beats <= 7, `${receiving.beats} beats in ${silentMs} ms`);
  assert.ok(eager.beats >= 8 && eager.beats <= silentMs / 1_000 + 1, `${eager.beats} beats in ${silentMs} ms`);
  assert.equal(none.beats + silent.beats + half.beats, 0);
  assert.ok(stock.beats() >= 9, `${stock.beats()} beats`);
  await halfEnded.finally(() => isOver = true);
  const halfMs = performance.now() - started;
  assert.ok(halfMs > 13_900 && halfMs < 19_000, `closed after ${halfMs} ms`);
  await talking;
  assert.equal(talker.beats, 0, "what is said is a beat");
  for (const client of [none, receiving]) {
    client.say(frame("UNSUBSCRIBE", { id: "1", receipt: "here" }));
    await client.heard("RECEIPT");
  }
  assert.ok(stock.client.connected);
});

/** Has something said by either side all the time. */
async function talk(client: RawStomp, isOver: () => boolean): Promise<void> {
  for (let said = 0; !isOver(); said++) {
    client.say(frame("UNSUBSCRIBE", { id: "1", receipt: `${said}` }));
    await client.heard("RECEIPT", ({ headers }) => headers["receipt-id"] === `${said}`);
  }
}

Deno.test("a session that ends closes its STOMP connections with an ERROR and 4401 within 2 s", async () => {
  const person = await signUp(service);
  const byFrame = await connectStomp(service, person);
  const byHandshake = await openStomp(service, { token: person.token });
  byHandshake.say(connectFrame({}));
  await byHandshake.heard("CONNECTED");
  const started = performance.now();
  await service.call("POST", "/api/auth/signout", { token: person.token, body: {} });
  for (const client of [byFrame, byHandshake]) {
    const { problem, code } = await client.failed();
    assert.deepEqual([problem.code, code], ["unauthenticated", 4401]);
  }
  assert.ok(performance.now() - started < 2_000);
});

Deno.test("the 31st connection of a person, in whatever protocol, hears an ERROR and closes with 4429", async () => {
  const person = await signUp(service);
  await using seats = new AsyncDisposableStack();
  const limited = seats.use(
    await startTestService({ database: service.database, environment: { RATE_LIMIT_FACTOR: "1" } }),
  );
  for (let i = 0; i < 15; i++) {
    seats.use(await connectChat(limited, { token: person.token }));
    seats.use(await connectStomp(limited, person));
  }
  const late = await openStomp(limited);
  late.say(connectFrame({ token: person.token }));
  const { problem, code } = await late.failed();
  assert.deepEqual([problem.code, code], ["rate-limited", 4429]);
});

Deno.test("the 101st subscription of a connection is refused", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const client = await connectStomp(service, member);
  const subscribe = (id: string) => frame("SUBSCRIBE", { id, destination: topic(partyId), receipt: id });
  for (let i = 1; i <= 101; i++) client.say(subscribe(`${i}`));
  const { error, problem, code } = await client.failed();
  assert.deepEqual([problem.code, problem.partyId, code], ["rate-limited", partyId, 4429]);
  assert.equal(error.headers["receipt-id"], "101");
  assert.equal(client.frames.filter(({ command }) => command === "RECEIPT").length, 100);
});

Deno.test("too many messages end in an ERROR with a time to wait, after the receipts of those that were taken", async () => {
  const partyId = await openRoom(service, leader, [member]);
  // 120 messages a minute × 0.05
  await using limited = await startTestService({
    database: service.database,
    namespace: `${service.namespace}-2`,
    environment: { RATE_LIMIT_FACTOR: "0.05" },
  });
  const client = await connectStomp(limited, member);
  for (let i = 0; i < 8; i++) client.say(textFrame(partyId, `m${i}`));
  const { error, problem, code } = await client.failed();
  assert.deepEqual([problem.code, problem.clientMsgId, error.headers["receipt-id"], code], [
    "rate-limited",
    "m6",
    "m6",
    4429,
  ]);
  assert.ok(Number(problem.retryAfterS) >= 1 && Number(problem.retryAfterS) <= 60);
  const receipts = client.frames.filter(({ command }) => command === "RECEIPT").map(({ headers }) =>
    headers["receipt-id"]
  );
  assert.deepEqual(receipts, range(0, 5).map((i) => `m${i}`));
  assert.equal((await readLog(service, leader, partyId)).length, 7);
});

Deno.test("a flood of frames ends in an ERROR, and those taken are in the log with their receipts", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using watcher = await connectChat(service, { token: leader.token });
  await watcher.subscribe(partyId);
  const client = await connectStomp(service, member);
  const texts = Array.from({ length: 3_000 }, (_, i) => textFrame(partyId, `f${i}`));
  for (let i = 0; i < texts.length; i += 60) client.say(texts.slice(i, i + 60).join(""));
  // Not the close code: of who talks on, the kernel may throw the goodbye away with what was not read.
  assert.equal((await client.failed()).problem.code, "rate-limited");
  const receipts = client.frames.filter(({ command }) => command === "RECEIPT");
  const log = await readLog(service, leader, partyId);
  assert.deepEqual(
    log.slice(1).map(({ clientMsgId }) => clientMsgId),
    receipts.map(({ headers }) => headers["receipt-id"]),
  );
  assert.ok(log.length < 3_000);
  await watcher.send(partyId, "홍수가 지나갔어요");
});

Deno.test("of frames that come all at once over what may wait, none is obeyed after the ERROR is due", async () => {
  const client = await connectStomp(service, member);
  client.say(frame("UNSUBSCRIBE", { id: "1", receipt: "r" }).repeat(501));
  const { problem, code } = await client.failed();
  assert.deepEqual([problem.code, code], ["rate-limited", 4429]);
  assert.deepEqual(client.frames.map(({ command }) => command), ["CONNECTED", "ERROR"]);
});

/** 6,000 bytes. */
const LONG = "느".repeat(2_000);

Deno.test("a STOMP reader that stops reading is cut off with 4408, live or catching up, and resumes whole", async () => {
  const { partyId, people: [slow, late, quick] } = await openRoomOf(service, leader, 3);
  const byHand = async ({ token }: Person, after: Record<string, string>) => {
    const { connection } = await handshake(service, { headers: { "sec-websocket-protocol": "v12.stomp" } });
    const subscribe = frame("SUBSCRIBE", { id: "s", destination: topic(partyId), ...after });
    await writeText(connection, connectFrame({ token }) + subscribe);
    return connection;
  };
  await using watcher = await connectChat(service, { token: leader.token });
  await watcher.subscribe(partyId);
  const left = (person: Person) =>
    watcher.heard("presence", (frame) => frame.userId === person.id && !frame.online, { timeoutMs: 40_000 });
  const live = await byHand(slow!, {});
  await watcher.heard("presence", (frame) => frame.userId === slow!.id && frame.online);
  for (let sent = 0; sent < 2_000; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => watcher.send(partyId, LONG)));
  }
  await left(slow!);
  const catchingUp = await byHand(late!, { after: "0" });
  await left(late!);
  for (const connection of [live, catchingUp]) {
    const { texts, closeCode } = await readFrames(connection);
    connection.close();
    const messages = texts.filter((text) => text.startsWith("MESSAGE"));
    assert.equal(closeCode, 4408);
    assert.ok(messages.length > 0 && messages.length < 2_000, `${messages.length} messages`);
    const seqs = messages.map((text) => Number(/^seq:(\d+)$/m.exec(text)![1]));
    assert.deepEqual(seqs, range(seqs[0]!, seqs[0]! + messages.length - 1));
  }
  await using resumed = await connectStock(service, quick!);
  const { entries } = await resumed.subscribe(partyId, { after: "3" });
  await poll(() => entries().length === 2_000, { timeoutMs: 30_000 });
  assert.deepEqual(seqsOf(entries()), range(4, 2_003));
});

Deno.test("a node that stops gives the receipts of what is under way, takes nothing new, and closes with 1001 and no ERROR", async () => {
  const { partyId, people: [person] } = await openRoomOf(service, leader, 1);
  const stopping = await startAnotherNode(service);
  const clients = await Promise.all(Array.from({ length: 10 }, () => connectStomp(stopping, person!)));
  for (const client of clients.slice(1)) {
    for (let i = 0; i < 20; i++) client.say(textFrame(partyId, v7()));
  }
  await clients[1]!.heard("RECEIPT");
  await stopping[Symbol.asyncDispose]();
  const idle = clients[0]!;
  assert.equal((await idle.ended).code, 1001);
  assert.deepEqual(idle.frames.map(({ command }) => command), ["CONNECTED"]);
  for (const client of clients.slice(1)) {
    const { code } = await client.ended;
    const refused = client.frames.filter(({ command }) => command === "ERROR");
    assert.ok(code === 1001 || (code === 1013 && refused.length === 1), `closed with ${code}`);
    assert.ok(refused.every(({ body }) => JSON.parse(body).code === "unavailable"));
  }
  const log = await readLog(service, leader, partyId);
  const receipts = clients.flatMap(({ frames }) => frames.filter(({ command }) => command === "RECEIPT"));
  assert.deepEqual(
    receipts.map(({ headers }) => headers["receipt-id"]).sort(),
    log.slice(1).map(({ clientMsgId }) => clientMsgId).sort(),
  );
});
