/** Read frames on their way into the database: few writes, whatever happens the furthest mark, from two nodes at once. */
import assert from "node:assert/strict";
import { moveReadPointers } from "../services/chat_reads.ts";
import { connectChat } from "./chat_client.ts";
import { openRoom, openRoomOf, pointerOf, quiet, readsOf, roomWith, sendText, waitsForLock } from "./chat_world.ts";
import { openFaultProxy } from "./fault_proxy.ts";
import { poll, startAnotherNode, startTestService } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";

const [service, otherNode] = testNodes();
const [leader, member] = testPeople(service, 2);

Deno.test("of many read frames in a row few are written, and always the last", async () => {
  const partyId = await roomWith(service, leader, member, 300);
  await using his = await connectChat(service, { token: member.token });
  await using hers = await connectChat(service, { token: leader.token });
  await his.subscribe(partyId);
  await hers.subscribe(partyId);
  const started = performance.now();
  for (let seq = 1; seq <= 300; seq++) {
    his.say({ type: "read", partyId, seq });
    if (seq % 6 === 0) await quiet(his);
  }
  await hers.heard("read", ({ seq }) => seq === 300);
  const tookMs = performance.now() - started, writes = readsOf(hers).length;
  // Each write that moves the pointer is told once; there is one in a tenth of a second.
  assert.ok(writes <= 2 + tookMs / 100, `${writes} writes in ${tookMs} ms`);
  assert.equal(await pointerOf(service, leader, member, partyId), 300);
});

Deno.test("marks of one person's many rooms and many people's one room, on both nodes at once, all end where they should", async () => {
  const { partyId, people } = await openRoomOf(service, leader, 12);
  const rooms = [partyId];
  for (let i = 0; i < 5; i++) rooms.push(await openRoom(service, leader, [people[0]!]));
  for (const room of rooms) await sendText(service, leader, room, "끝");
  const lastOf = async (room: string) => (await service.call("GET", `/api/parties/${room}`)).body.chat.lastSeq;
  const clients = await Promise.all(
    people.flatMap((person) => [service, otherNode].map((node) => connectChat(node, { token: person.token }))),
  );
  for (let turn = 0; turn < 10; turn++) {
    // In different orders, so that writers who lock as it comes would wait for each other.
    const order = turn % 2 ? clients : clients.toReversed();
    for (const client of order) client.say({ type: "read", partyId, seq: turn });
    for (const room of turn % 2 ? rooms : rooms.toReversed()) {
      clients[turn % 2]!.say({ type: "read", partyId: room, seq: 99 });
    }
  }
  for (const client of clients) client.say({ type: "read", partyId, seq: 99 });
  for (const person of people) {
    await poll(async () => await pointerOf(service, leader, person, partyId) === await lastOf(partyId));
  }
  for (const room of rooms) {
    await poll(async () => await pointerOf(service, leader, people[0]!, room) === await lastOf(room));
  }
  for (const client of clients) {
    assert.deepEqual(client.frames.filter((frame) => frame.type === "problem"), []);
    await client[Symbol.asyncDispose]();
  }
});

Deno.test("batches of the same people's marks, in opposite orders on two nodes, never wait for each other in a ring", async () => {
  const { partyId, people } = await openRoomOf(service, leader, 30);
  for (let turn = 1; turn <= 30; turn++) {
    const marks = people.map(({ id }) => ({ partyId, userId: id, seq: turn }));
    const moved = await Promise.all(
      [marks, marks.toReversed(), marks, marks.toReversed()].map((each, i) =>
        moveReadPointers((i % 2 ? service : otherNode).deps, each)
      ),
    );
    for (const each of moved) assert.deepEqual(each, Array(30).fill({ seq: turn }));
  }
});

Deno.test("a mark made while the database is away is written when it is back, the furthest of them", async () => {
  const partyId = await roomWith(service, leader, member, 9);
  await using proxy = await openFaultProxy(service.database.environment["DATABASE_URL"]!);
  const database = { ...service.database, environment: { DATABASE_URL: proxy.url } };
  await using fragile = await startTestService({ database, namespace: service.namespace });
  await using his = await connectChat(fragile, { token: member.token });
  await his.subscribe(partyId);
  proxy.set("away");
  for (const seq of [4, 7, 5]) his.say({ type: "read", partyId, seq });
  await poll(() => proxy.refused() > 2);
  his.say({ type: "read", partyId, seq: 6 });
  proxy.set("pass");
  await poll(async () => await pointerOf(service, leader, member, partyId) === 7, { timeoutMs: 20_000 });
  await quiet(his);
  assert.deepEqual(his.frames.filter((frame) => frame.type === "problem"), []);
});

Deno.test("a mark whose write is thrown out is written with what came meanwhile, the furthest of them", async () => {
  const partyId = await roomWith(service, leader, member, 9);
  await using his = await connectChat(service, { token: member.token });
  await his.subscribe(partyId);
  await service.sql.begin(async (tx) => {
    await tx`select 1 from party_members where party_id = ${partyId} and user_id = ${member.id} for update`;
    his.say({ type: "read", partyId, seq: 7 });
    await waitsForLock(service);
    his.say({ type: "read", partyId, seq: 3 });
    await quiet(his);
    await tx`
      select pg_terminate_backend(pid)
      from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
  });
  await poll(async () => await pointerOf(service, leader, member, partyId));
  assert.equal(await pointerOf(service, leader, member, partyId), 7);
  assert.deepEqual(his.frames.filter((frame) => frame.type === "problem"), []);
});

Deno.test("read frames of rooms that are not followed count as requests, those of rooms that are do not", async () => {
  const followed = await roomWith(service, leader, member, 2), other = await roomWith(service, leader, member, 2);
  // 600 requests a minute × 0.05
  await using limited = await startTestService({
    database: service.database,
    namespace: `${service.namespace}-2`,
    environment: { RATE_LIMIT_FACTOR: "0.05" },
  });
  await using his = await connectChat(limited, { token: member.token });
  await his.subscribe(followed);
  for (let i = 0; i < 100; i++) his.say({ type: "read", partyId: followed, seq: 1 });
  await quiet(his);
  assert.deepEqual(his.frames.filter((frame) => frame.type === "problem"), []);
  for (let i = 0; i < 40; i++) his.say({ type: "read", partyId: other, seq: 1 });
  const problem = await his.heard("problem");
  assert.deepEqual([problem.code, problem.partyId], ["rate-limited", other]);
});

Deno.test("a node that stops writes the marks that it was given", async () => {
  const partyId = await roomWith(service, leader, member, 9);
  const stopping = await startAnotherNode(service);
  await using his = await connectChat(stopping, { token: member.token });
  await his.subscribe(partyId);
  his.say({ type: "read", partyId, seq: 8 });
  await quiet(his);
  await stopping[Symbol.asyncDispose]();
  assert.equal(await pointerOf(service, leader, member, partyId), 8);
});
