/** The chat over its socket: subscribing, sending, presence, limits, and where it ends. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { type ChatClient, connectChat } from "./chat_client.ts";
import { openRoom, quiet, range, seqsOf } from "./chat_world.ts";
import { joinAccepted, openParty, poll, signUp, startTestService } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";

const service = testService();
const [leader, member, stranger] = testPeople(service, 3);

Deno.test("subscribe is refused to strangers, applicants and former members, and where there is no open chat", async () => {
  const applicant = await signUp(service), former = await signUp(service);
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
    await using client = await connectChat(service, { token: person.token });
    client.say({ type: "subscribe", partyId: room, after: 0 });
    const problem = await client.heard("problem");
    assert.deepEqual([problem.code, problem.partyId], [code, room]);
    client.say({ type: "send", partyId: room, clientMsgId: "m", text: "들리나요" });
    assert.equal((await client.heard("problem", (frame) => frame.clientMsgId === "m")).code, code);
    client.say({ type: "typing", partyId: room });
    await quiet(client);
    assert.deepEqual(client.frames.filter((frame) => frame.type === "entry"), []);
  }
});

Deno.test("a text is acked to its sender and shown to everyone, the sender too, with one seq and one id", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using his = await connectChat(service, { token: member.token });
  await using hers = await connectChat(service, { token: leader.token });
  await his.subscribe(partyId);
  await hers.subscribe(partyId);
  const ack = await his.send(partyId, "사과 반 상자 남았어요");
  for (const client of [his, hers]) {
    const entry = await client.heard("entry", (frame) => frame.seq === ack.seq);
    assert.deepEqual([entry.id, entry.text, entry.sentAt, entry.clientMsgId, entry.sender], [
      ack.id,
      "사과 반 상자 남았어요",
      ack.sentAt,
      ack.clientMsgId,
      { id: member.id, nickname: member.nickname },
    ]);
  }
  const again = await his.send(partyId, "사과 반 상자 남았어요", ack.clientMsgId);
  assert.deepEqual(again, ack);
  his.say({ type: "send", partyId, clientMsgId: ack.clientMsgId, text: "다른 말" });
  assert.equal((await his.heard("problem")).code, "client-msg-id-reused");
  await quiet(hers);
  assert.deepEqual(seqsOf(hers.entries(partyId)), [2]);
});

Deno.test("texts of one socket keep their order, even when sent without waiting", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using client = await connectChat(service, { token: member.token });
  await client.subscribe(partyId);
  const acks = await Promise.all(Array.from({ length: 200 }, (_, i) => client.send(partyId, `${i}`)));
  assert.deepEqual(acks.map((ack) => ack.seq), range(2, 201));
  await client.heard("entry", (frame) => frame.seq === 201);
  assert.deepEqual(client.entries(partyId).map((entry) => entry.text), Array.from({ length: 200 }, (_, i) => `${i}`));
});

Deno.test("an id in capitals is the same id: for a subscription, a text on the socket and one over HTTP", async () => {
  const partyId = await openRoom(service, leader, [member]), capitals = partyId.toUpperCase();
  await using client = await connectChat(service, { token: member.token });
  await using other = await connectChat(service, { token: leader.token });
  client.say({ type: "subscribe", partyId: capitals });
  await client.heard("subscribed", (frame) => frame.partyId === partyId);
  await other.send(partyId, "작은 글자");
  client.say({ type: "send", partyId: capitals, clientMsgId: "m", text: "큰 글자" });
  await client.heard("entry", (frame) => frame.seq === 3);
  const { status, body } = await service.call("POST", `/api/parties/${capitals}/chat/entries`, {
    token: leader.token,
    body: { clientMsgId: "h", text: "큰 글자로" },
  });
  assert.deepEqual([status, body.partyId, body.seq], [201, partyId, 4]);
  await client.heard("entry", (frame) => frame.seq === 4);
  assert.deepEqual(seqsOf(client.entries(partyId)), [2, 3, 4]);
});

Deno.test("subscribe with after sends what came since and goes on live; without after it is live only", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using writer = await connectChat(service, { token: leader.token });
  for (let i = 2; i <= 350; i++) writer.say({ type: "send", partyId, clientMsgId: `${i}`, text: `${i}` });
  await writer.heard("ack", (frame) => frame.seq === 350);
  await using all = await connectChat(service, { token: member.token });
  await using some = await connectChat(service, { token: member.token });
  await using live = await connectChat(service, { token: member.token });
  await using ahead = await connectChat(service, { token: member.token });
  assert.equal((await all.subscribe(partyId, 0)).lastSeq, 350);
  await some.subscribe(partyId, 348);
  await live.subscribe(partyId);
  await ahead.subscribe(partyId, 352);
  for (let i = 351; i <= 353; i++) await writer.send(partyId, `${i}`);
  for (const [client, from] of [[all, 1], [some, 349], [live, 351], [ahead, 353]] as const) {
    await client.heard("entry", (frame) => frame.seq === 353);
    assert.deepEqual(seqsOf(client.entries(partyId)), range(from, 353));
  }
});

Deno.test("subscribe again begins anew; unsubscribe ends it", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using client = await connectChat(service, { token: member.token });
  await client.subscribe(partyId, 0);
  await client.heard("entry");
  await client.subscribe(partyId, 0);
  await client.send(partyId, "둘");
  await client.heard("entry", (frame) => frame.seq === 2);
  assert.deepEqual(seqsOf(client.entries(partyId)), [1, 1, 2]);
  client.say({ type: "unsubscribe", partyId });
  assert.equal((await client.heard("unsubscribed")).reason, "requested");
  await client.send(partyId, "셋");
  await quiet(client);
  assert.deepEqual(seqsOf(client.entries(partyId)), [1, 1, 2]);
});

Deno.test("a person who leaves or is removed gets that entry last, then unsubscribed with the reason", async () => {
  for (const reason of ["left", "removed"] as const) {
    const partyId = await openRoom(service, leader, [member]);
    await using client = await connectChat(service, { token: member.token });
    await using other = await connectChat(service, { token: leader.token });
    await client.subscribe(partyId);
    await other.subscribe(partyId);
    const path = `/api/parties/${partyId}/members`;
    if (reason === "left") await service.call("DELETE", `${path}/me`, { token: member.token });
    else {
      await service.call("PATCH", `${path}/${member.id}`, { token: leader.token, body: { status: "removed" } });
    }
    await other.send(partyId, "이제 둘이서");
    assert.equal((await client.heard("unsubscribed")).reason, reason);
    await other.heard("entry", (frame) => frame.seq === 3);
    await quiet(client);
    assert.deepEqual(client.entries(partyId).map((entry) => [entry.seq, entry.kind]), [
      [2, reason === "left" ? "leave" : "removed"],
    ]);
    client.say({ type: "send", partyId, clientMsgId: "m", text: "저기요" });
    assert.equal((await client.heard("problem")).code, "forbidden");
  }
});

Deno.test("who comes back after leaving reads on from wherever they were, past their own leave", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: member.token });
  await joinAccepted(service, { id: partyId }, leader, member);
  await using client = await connectChat(service, { token: member.token });
  await client.subscribe(partyId, 0);
  await client.send(partyId, "돌아왔어요");
  await client.heard("entry", (frame) => frame.seq === 4);
  assert.deepEqual(client.entries(partyId).map((entry) => entry.kind), ["join", "leave", "join", "text"]);
});

Deno.test("online tells who is there; presence who comes and goes, counted by person and not by socket", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using watcher = await connectChat(service, { token: leader.token });
  assert.deepEqual((await watcher.subscribe(partyId)).online, [leader.id]);
  const first = await connectChat(service, { token: member.token });
  await first.subscribe(partyId);
  await watcher.heard("presence", (frame) => frame.userId === member.id && frame.online);
  const second = await connectChat(service, { token: member.token });
  assert.deepEqual((await second.subscribe(partyId)).online.toSorted(), [leader.id, member.id].toSorted());
  await first[Symbol.asyncDispose]();
  await second.send(partyId, "아직 있어요");
  await watcher.heard("entry");
  assert.equal(watcher.frames.filter((frame) => frame.type === "presence").length, 1);
  await second[Symbol.asyncDispose]();
  await watcher.heard("presence", (frame) => frame.userId === member.id && !frame.online);
});

Deno.test("typing is shown to the others, not to oneself, and at most once a second", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await using his = await connectChat(service, { token: member.token });
  await using hers = await connectChat(service, { token: leader.token });
  await his.subscribe(partyId);
  await hers.subscribe(partyId);
  for (let i = 0; i < 5; i++) his.say({ type: "typing", partyId });
  assert.deepEqual(await hers.heard("typing"), { type: "typing", partyId, userId: member.id });
  await his.send(partyId, "다 썼다");
  await hers.heard("entry");
  const typings = (client: ChatClient) => client.frames.filter((frame) => frame.type === "typing").length;
  assert.deepEqual([typings(hers), typings(his)], [1, 0]);
  service.clock.advance(1_000);
  his.say({ type: "typing", partyId });
  await poll(() => typings(hers) === 2);
});

Deno.test("a session that ends closes its sockets with 4401 within 2 s, and those of other sessions stay", async () => {
  const person = await signUp(service);
  const session = await service.call("POST", "/api/auth/signin", {
    body: { email: person.email, password: person.password },
  });
  const ending = await connectChat(service, { token: person.token });
  await using staying = await connectChat(service, { token: session.body.accessToken });
  const started = performance.now();
  await service.call("POST", "/api/auth/signout", { token: person.token, body: {} });
  assert.equal((await ending.ended).code, 4401);
  assert.ok(performance.now() - started < 2_000);
  await quiet(staying);
  await service.call("POST", "/api/auth/signout", { token: session.body.accessToken, body: { everywhere: true } });
  assert.equal((await staying.ended).code, 4401);
});

Deno.test("too many messages are refused with rate-limited and a time to wait, and the socket stays open", async () => {
  const partyId = await openRoom(service, leader, [member]);
  // 120 messages a minute × 0.05
  await using limited = await startTestService({
    database: service.database,
    namespace: `${service.namespace}-2`,
    environment: { RATE_LIMIT_FACTOR: "0.05" },
  });
  await using client = await connectChat(limited, { token: member.token });
  for (let i = 0; i < 8; i++) client.say({ type: "send", partyId, clientMsgId: `${i}`, text: "급해요" });
  const problem = await client.heard("problem", (frame) => frame.clientMsgId === "7");
  assert.equal(problem.code, "rate-limited");
  assert.ok(problem.retryAfterS! >= 1 && problem.retryAfterS! <= 60);
  await client.heard("ack", (frame) => frame.clientMsgId === "5");
  assert.equal(client.frames.filter((frame) => frame.type === "ack").length, 6);
  const overHttp = await limited.call("POST", `/api/parties/${partyId}/chat/entries`, {
    token: member.token,
    body: { clientMsgId: "http", text: "여기로도" },
  });
  assert.equal(overHttp.status, 429);
  await quiet(client);
  // What was refused was not half sent: it can be sent as soon as there is an allowance again, as here, where there is one.
  await using elsewhere = await connectChat(service, { token: member.token });
  const { seq } = await elsewhere.send(partyId, "급해요", "7");
  assert.equal(seq, Math.max(...client.frames.map((frame) => frame.type === "ack" ? frame.seq : 0)) + 1);
});

Deno.test("the 101st subscription of a socket is refused, and again one of the hundred is not", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const rooms = await service.sql<{ id: string }[]>`
    with copies as (
      insert into parties (id, leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at,
        ends_at, join_until, search_text, created_at)
      select gen_random_uuid(), leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at,
        ends_at, join_until, search_text, created_at
      from parties, generate_series(1, 101)
      where id = ${partyId}
      returning id, leader_id),
    members as (
      insert into party_members (party_id, user_id, role, status, quantity, requested_at)
      select id, leader_id, 'leader', 'accepted', 1, now()
      from copies),
    rooms as (
      insert into chat_rooms (party_id, opened_at)
      select id, now()
      from copies)
    select id
    from copies`;
  await using client = await connectChat(service, { token: leader.token });
  const last = rooms.pop()!;
  for (const { id } of rooms) await client.subscribe(id);
  client.say({ type: "subscribe", partyId: last.id });
  const problem = await client.heard("problem");
  assert.deepEqual([problem.code, problem.partyId], ["rate-limited", last.id]);
  await client.subscribe(rooms[0]!.id);
  client.say({ type: "unsubscribe", partyId: rooms[0]!.id });
  await client.subscribe(last.id);
});
