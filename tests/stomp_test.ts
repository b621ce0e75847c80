/** The chat for unmodified STOMP clients, over two nodes: @stomp/stompjs' own client, beside those of moajang.v1. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { connectChat } from "./chat_client.ts";
import { openRoom, quiet, range, readLog, seqsOf, told } from "./chat_world.ts";
import { joinAccepted, openParty, poll, signUp } from "./harness.ts";
import { holdRows } from "./held_rows.ts";
import { testNodes, testPeople } from "./set_up.ts";
import {
  app,
  connectFrame,
  connectStock,
  connectStomp,
  frame,
  openStomp,
  type StockClient,
  topic,
} from "./stomp_client.ts";

const [service, otherNode] = testNodes();
const [leader, member] = testPeople(service, 2);

const problemOf = (client: StockClient) => poll(() => client.errors[0] && JSON.parse(client.errors[0].body));

/** Holds the room, so that no text is committed before the result is disposed of. */
function holdRoom(partyId: string): Promise<AsyncDisposable> {
  return holdRows(service.sql, (tx) => tx`select 1 from chat_rooms where party_id = ${partyId} for update`);
}

/** Resolves when somebody waits for a room that is held. */
async function someoneWaits(): Promise<void> {
  await poll(async () => {
    const waiting = await service.sql`
      select 1 from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database() and query like '%chat_rooms%'`;
    return waiting.length > 0;
  });
}

Deno.test("the stock client connects as it is, and v12.stomp or moajang.v1 is chosen by the client's order", async () => {
  await using stock = await connectStock(service, member);
  assert.equal(stock.client.connectedVersion, "1.2");
  for (
    const [protocols, chosen] of [
      [["v12.stomp", "v11.stomp", "v10.stomp"], "v12.stomp"],
      [["v11.stomp", "v12.stomp", "moajang.v1"], "v12.stomp"],
      [["moajang.v1", "v12.stomp"], "moajang.v1"],
    ] as const
  ) {
    await using client = await openStomp(service, { token: member.token, protocols: [...protocols] });
    assert.equal(client.protocol, chosen);
  }
});

Deno.test("CONNECT and STOMP sign in by Authorization, in any case, or as the handshake did, and are told of what was agreed", async () => {
  const { token } = member;
  for (
    const [handshake, connect] of [
      [{}, connectFrame({ token })],
      [{}, connectFrame({ authorization: `bearer ${token}` })],
      [{}, connectFrame({ token }).replace("CONNECT", "STOMP")],
      [{ token }, connectFrame({ "accept-version": "1.0,1.1,1.2" })],
      [{ token }, connectFrame({ token })],
    ] as const
  ) {
    await using client = await openStomp(service, handshake);
    client.say(connect);
    const { headers } = await client.heard("CONNECTED");
    assert.deepEqual([headers.version, headers["heart-beat"], headers["user-name"]], ["1.2", "1000,5000", member.id]);
  }
});

Deno.test("the stock client comes in by a ticket, too", async () => {
  const { body: { ticket } } = await service.call("POST", "/api/auth/tickets", { token: member.token });
  const wsUrl = `${service.wsUrl}?ticket=${ticket}`;
  await using stock = await connectStock({ wsUrl }, member, { connectHeaders: {} });
  const partyId = await openRoom(service, leader, [member]);
  await stock.send(partyId, { text: "표로 왔어요" });
  assert.equal((await readLog(service, leader, partyId)).at(-1)!.sender!.id, member.id);
});

Deno.test("a text sent on one node comes to everybody on both, whatever they speak, as the log has it", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using his = await connectStock(service, member);
  await using hers = await connectStock(otherNode, leader);
  await using plain = await connectChat(otherNode, { token: leader.token });
  const [his1, his2, her1] = [
    await his.subscribe(partyId),
    await his.subscribe(partyId),
    await hers.subscribe(partyId),
  ];
  await plain.subscribe(partyId);
  await his.send(partyId, { clientMsgId: "first", text: "양파 10 kg\n🧅 반씩" });
  await hers.client.publish({ destination: app(partyId), body: JSON.stringify({ text: "좋아요" }) });
  await told(plain, 3);
  await poll(() => [his1, his2, her1].every(({ messages }) => messages.length === 2));
  const log = await readLog(service, leader, partyId);
  for (const { messages, entries } of [his1, his2, her1]) {
    assert.deepEqual(entries(), log.slice(1));
    assert.deepEqual(
      messages.map(({ headers }) => [headers.destination, headers.seq, headers["message-id"], headers["content-type"]]),
      log.slice(1).map(({ seq, id }) => [topic(partyId), `${seq}`, id, "application/json"]),
    );
  }
  assert.deepEqual(plain.entries(partyId), log.slice(1));
  assert.notEqual(his1.messages[0]!.headers.subscription, his2.messages[0]!.headers.subscription);
  assert.match(log[2]!.clientMsgId!, /^[0-9a-f-]{36}$/, "it got one of the server's");
});

Deno.test("the RECEIPT of a SEND comes after its commit; DISCONNECT waits for those under way, and nothing is obeyed after it", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const client = await connectStomp(service, member);
  const send = (text: string) =>
    frame("SEND", { destination: app(partyId), receipt: text }, JSON.stringify({ clientMsgId: text, text }));
  {
    await using _held = await holdRoom(partyId);
    client.say(send("a") + send("b") + frame("DISCONNECT", { receipt: "bye" }) + send("c"));
    await someoneWaits();
    assert.deepEqual(client.frames.map(({ command }) => command), ["CONNECTED"]);
  }
  assert.equal((await client.ended).code, 1000);
  assert.deepEqual(client.frames.slice(1).map(({ headers }) => headers["receipt-id"]), ["a", "b", "bye"]);
  assert.deepEqual((await readLog(service, leader, partyId)).map(({ clientMsgId }) => clientMsgId), [null, "a", "b"]);
});

Deno.test("a text sent again gets a receipt and no number; its clientMsgId for another text is an ERROR that names it", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const text = { clientMsgId: v7(), text: "두 망 주세요" };
  await using first = await connectStock(service, member);
  await using second = await connectStock(otherNode, member);
  await first.send(partyId, text);
  await second.send(partyId, text);
  second.client.publish({ destination: app(partyId), body: JSON.stringify({ ...text, text: "세 망 주세요" }) });
  const { code, partyId: about, clientMsgId } = await problemOf(second);
  assert.deepEqual([code, about, clientMsgId], ["client-msg-id-reused", partyId, text.clientMsgId]);
  assert.equal(await second.ended, 1008);
  assert.deepEqual(seqsOf(await readLog(service, leader, partyId)), [1, 2]);
});

Deno.test("after replays what is greater in order and goes on live; without it a subscription is live only", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using writer = await connectChat(service, { token: leader.token });
  for (let i = 2; i <= 350; i++) writer.say({ type: "send", partyId, clientMsgId: `${i}`, text: `${i}` });
  await writer.heard("ack", (frame) => frame.seq === 350);
  await using stock = await connectStock(otherNode, member);
  const wanted = [["0", 1], ["348", 349], ["352", 353]] as const;
  const all = [];
  for (const [after, from] of wanted) all.push({ from, got: await stock.subscribe(partyId, { after }) });
  all.push({ from: 351, got: await stock.subscribe(partyId) });
  for (let i = 351; i <= 353; i++) await writer.send(partyId, `${i}`);
  for (const { from, got } of all) {
    await poll(() => got.messages.at(-1)?.headers.seq === "353");
    assert.deepEqual(seqsOf(got.entries()), range(from, 353));
  }
});

Deno.test("over reconnects of the stock client to either node, with after, every entry comes once and in order", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using writer = await connectChat(service, { token: leader.token });
  const got: number[] = [];
  for (let round = 0; round < 8; round++) {
    const texts = Array.from({ length: 30 }, (_, i) => writer.send(partyId, `${round}.${i}`));
    await using stock = await connectStock(round % 2 ? service : otherNode, member);
    const { messages } = await stock.subscribe(partyId, { after: `${got.length}` });
    await poll(() => messages.length > 10);
    stock.client.forceDisconnect();
    await stock.ended;
    got.push(...messages.map(({ headers }) => Number(headers.seq)));
    await Promise.all(texts);
  }
  assert.deepEqual(got, range(1, got.length));
});

Deno.test("one's own leave or removal is the last MESSAGE, on any node; the connection and its other subscriptions go on", async () => {
  for (const kind of ["leave", "removed"] as const) {
    const partyId = await openRoom(service, leader, [member]), another = await openRoom(service, leader, [member]);
    await using his = await connectStock(otherNode, member);
    await using hers = await connectChat(service, { token: leader.token });
    await hers.subscribe(partyId);
    const ended = await his.subscribe(partyId), ahead = await his.subscribe(partyId, { after: "9" });
    const other = await his.subscribe(another);
    const path = `/api/parties/${partyId}/members`;
    if (kind === "leave") await service.call("DELETE", `${path}/me`, { token: member.token });
    else await service.call("PATCH", `${path}/${member.id}`, { token: leader.token, body: { status: "removed" } });
    await hers.send(partyId, "이제 둘이서");
    await hers.send(another, "아직 여기 있어요");
    await told(hers, 3);
    await poll(() => [ended, ahead, other].every(({ messages }) => messages.length > 0));
    // To unsubscribe from what has ended is nothing wrong.
    await his.receipt((headers) => ended.unsubscribe(headers));
    his.client.publish({ destination: app(partyId), body: JSON.stringify({ text: "저기요" }) });
    assert.equal((await problemOf(his)).code, "forbidden");
    assert.equal(await his.ended, 1008);
    for (const { entries } of [ended, ahead]) {
      assert.deepEqual(entries().map((entry) => [entry.seq, entry.kind, entry.sender?.id]), [[2, kind, member.id]]);
    }
  }
});

Deno.test("a refused subscription is an ERROR that names the problem, and ends the connection", async () => {
  const stranger = await signUp(service), applicant = await signUp(service), former = await signUp(service);
  const partyId = await openRoom(service, leader, [member]);
  await service.call("POST", `/api/parties/${partyId}/join`, { token: applicant.token, body: {} });
  await joinAccepted(service, { id: partyId }, leader, former);
  await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: former.token });
  const unopened = (await openParty(service, leader)).id;
  for (
    const [person, room, code] of [
      [stranger, partyId, "forbidden"],
      [applicant, partyId, "forbidden"],
      [former, partyId, "forbidden"],
      [stranger, v7(), "not-found"],
      [leader, unopened, "chat-closed"],
    ] as const
  ) {
    await using stock = await connectStock(service, person);
    const messages: unknown[] = [];
    stock.client.subscribe(topic(room), (message) => messages.push(message), { after: "0", receipt: "asked" });
    const problem = await problemOf(stock);
    assert.deepEqual([problem.code, problem.partyId, stock.errors[0]!.headers["receipt-id"]], [code, room, "asked"]);
    assert.equal(await stock.ended, 1008);
    assert.deepEqual(messages, []);
  }
});

Deno.test("after UNSUBSCRIBE nothing comes, the id may be used again, and who follows by STOMP is online to the others", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using watcher = await connectChat(service, { token: leader.token });
  await watcher.subscribe(partyId);
  await using stock = await connectStock(service, member);
  const first = await stock.subscribe(partyId, { id: "mine" });
  await watcher.heard("presence", (frame) => frame.userId === member.id && frame.online);
  await using beside = await connectChat(service, { token: member.token });
  await beside.subscribe(partyId);
  watcher.say({ type: "typing", partyId });
  await beside.heard("typing");
  await stock.receipt((headers) => first.unsubscribe(headers));
  await stock.send(partyId, { text: "안 들려요" });
  const second = await stock.subscribe(partyId, { id: "mine" });
  await stock.send(partyId, { text: "들려요" });
  await poll(() => second.messages.length > 0);
  await quiet(watcher);
  assert.deepEqual([first.messages.length, seqsOf(second.entries())], [0, [3]]);
});

Deno.test("an id is one whichever way its letters are written: capitals find the same room", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using stock = await connectStock(service, member);
  const { entries } = await stock.subscribe(partyId.toUpperCase());
  await stock.send(partyId.toUpperCase(), { text: "대문자" });
  await using hers = await connectStock(otherNode, leader);
  await hers.send(partyId, { text: "소문자" });
  await poll(() => entries().length === 2);
  assert.deepEqual(entries().map((entry) => [entry.seq, entry.partyId]), [[2, partyId], [3, partyId]]);
});
