/** How far people have read: over HTTP and the socket, on two nodes. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { connectChat } from "./chat_client.ts";
import { markRead, openRoomOf, pointerOf, quiet, readsOf, roomWith, sendText, waitsForLock } from "./chat_world.ts";
import { type Answer, assertProblem, joinAccepted, openParty, type Person, poll, signUp } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";

const [service, otherNode] = testNodes();
const [leader, member] = testPeople(service, 2);

/** Where the relay brings what the first node says: to the other one with Redis; embedded, each has a relay of its own. */
const hearingNode = () => Deno.env.get("REDIS_URL") ? otherNode : service;

function remove(partyId: string, { id }: Person) {
  const body = { status: "removed" };
  return service.call("PATCH", `/api/parties/${partyId}/members/${id}`, { token: leader.token, body });
}

Deno.test("PUT …/chat/read moves the pointer on and never back, and answers where it is; beyond the last entry counts as the last", async () => {
  const partyId = await roomWith(service, leader, member, 5);
  assert.equal(await pointerOf(service, leader, member, partyId), 0);
  for (const [seq, now] of [[0, 0], [3, 3], [3, 3], [1, 3], [4, 4], [6, 5], [9007199254740991, 5], [2, 5]] as const) {
    const { status, body } = await markRead(seq % 2 ? service : otherNode, member, partyId, seq);
    assert.deepEqual([seq, status, body], [seq, 200, { seq: now }]);
    assert.equal(await pointerOf(service, leader, member, partyId), now);
  }
  await sendText(service, leader, partyId, "하나 더");
  assert.equal(
    await pointerOf(service, leader, member, partyId),
    5,
    "an entry that comes later was not read by being foreseen",
  );
});

Deno.test("GET …/chat/read tells how far each member has read, the leader too, and nobody who has left", async () => {
  const { partyId, people } = await openRoomOf(service, leader, 3);
  const [a, b, gone] = people as [Person, Person, Person];
  await markRead(service, a, partyId, 2);
  await markRead(service, leader, partyId, 3);
  await markRead(service, gone, partyId, 3);
  await remove(partyId, gone);
  const { body } = await service.call("GET", `/api/parties/${partyId}/chat/read`, { token: b.token });
  const expected = [[a, 2], [b, 0], [leader, 3]] as const;
  assert.deepEqual(
    body.items,
    expected.map(([{ id }, seq]) => ({ userId: id, seq })).sort((one, other) => one.userId < other.userId ? -1 : 1),
  );
});

Deno.test("PUT and GET …/chat/read refuse whoever is no member, an unknown party, a closed chat, and name a wrong field", async () => {
  const partyId = await roomWith(service, leader, member, 3), path = `/api/parties/${partyId}/chat/read`;
  const stranger = await signUp(service), applicant = await signUp(service);
  await service.call("POST", `/api/parties/${partyId}/join`, { token: applicant.token, body: {} });
  for (const person of [stranger, applicant]) {
    assertProblem(await markRead(service, person, partyId, 1), 403, "forbidden");
    assertProblem(await service.call("GET", path, { token: person.token }), 403, "forbidden");
  }
  assertProblem(await service.call("PUT", path, { body: { seq: 1 } }), 401, "unauthenticated");
  assertProblem(await service.call("GET", path), 401, "unauthenticated");
  for (const id of [v7(), "not-an-id"]) assertProblem(await markRead(service, member, id, 1), 404, "not-found");
  const unopened = await openParty(service, leader);
  assertProblem(await markRead(service, leader, unopened.id, 1), 409, "chat-closed");
  assertProblem(await markRead(service, member, unopened.id, 1), 403, "forbidden");
  for (
    const [body, field] of [[{}, "/seq"], [{ seq: -1 }, "/seq"], [{ seq: 1.5 }, "/seq"], [{ seq: 1, at: 2 }, "/at"]]
  ) {
    const answer = await service.call("PUT", path, { token: member.token, body });
    assertProblem(answer, 422, "invalid-input", field as string);
  }
  assert.equal(await pointerOf(service, leader, member, partyId), 0);
});

Deno.test("a read frame is written and told to the other members on every node, not to oneself", async () => {
  const partyId = await roomWith(service, leader, member, 5);
  await using his = await connectChat(service, { token: member.token });
  await using hers = await connectChat(service, { token: leader.token });
  await using elsewhere = await connectChat(hearingNode(), { token: leader.token });
  for (const client of [his, hers, elsewhere]) await client.subscribe(partyId);
  his.say({ type: "read", partyId, seq: 3 });
  for (const client of [hers, elsewhere]) {
    assert.deepEqual(await client.heard("read"), { type: "read", partyId, userId: member.id, seq: 3 });
  }
  assert.equal(await pointerOf(service, leader, member, partyId), 3);
  his.say({ type: "read", partyId, seq: 2 });
  his.say({ type: "read", partyId, seq: 99 });
  for (const client of [hers, elsewhere]) await client.heard("read", ({ seq }) => seq === 5);
  await markRead(hearingNode(), leader, partyId, 5);
  await his.heard("read", ({ userId, seq }) => userId === leader.id && seq === 5);
  for (const client of [his, hers, elsewhere]) await quiet(client);
  assert.deepEqual([readsOf(his), readsOf(hers), readsOf(elsewhere)], [[5], [3, 5], [3, 5]]);
});

Deno.test("a read frame needs no subscription, and is refused where PUT is", async () => {
  const partyId = await roomWith(service, leader, member, 3),
    stranger = await signUp(service),
    unopened = (await openParty(service, leader)).id;
  await using his = await connectChat(service, { token: member.token });
  his.say({ type: "read", partyId, seq: 2 });
  await poll(async () => await pointerOf(service, leader, member, partyId) === 2);
  await using hers = await connectChat(service, { token: leader.token });
  await using strangers = await connectChat(service, { token: stranger.token });
  for (
    const [client, room, code] of [
      [strangers, partyId, "forbidden"],
      [strangers, v7(), "not-found"],
      [hers, unopened, "chat-closed"],
    ] as const
  ) {
    client.say({ type: "read", partyId: room, seq: 1 });
    assert.equal((await client.heard("problem", (frame) => frame.partyId === room)).code, code);
  }
  for (const seq of [-1, 0.5, "1", undefined]) his.say({ type: "read", partyId, seq });
  await quiet(his);
  assert.deepEqual(his.frames.slice(1).map((frame) => frame.type === "problem" && frame.code).filter(Boolean), [
    ...Array(4).fill("invalid-input"),
  ]);
});

Deno.test("a pointer set by two devices on two nodes at once never goes back, and ends at the furthest", async () => {
  const partyId = await roomWith(service, leader, member, 200);
  await using hers = await connectChat(service, { token: leader.token });
  await using elsewhere = await connectChat(otherNode, { token: leader.token });
  for (const client of [hers, elsewhere]) await client.subscribe(partyId);
  const devices = await Promise.all([service, otherNode].map((node) => connectChat(node, { token: member.token })));
  const seen: number[] = [], answers: number[] = [];
  const marking = (async () => {
    for (let round = 0; round < 25; round++) {
      const seqs = Array.from({ length: 6 }, () => 1 + Math.floor(Math.random() * (round + 1) * 7));
      for (const [i, seq] of seqs.entries()) devices[i % 2]!.say({ type: "read", partyId, seq });
      const requests = [service, otherNode].map((node, i) => markRead(node, member, partyId, seqs[i]!));
      const furthest = Math.max(0, ...answers);
      for (const { body } of await Promise.all(requests)) answers.push(body.seq);
      assert.ok(Math.min(...answers.slice(-2)) >= furthest, `${answers.slice(-2)} after ${furthest}`);
    }
    devices[1]!.say({ type: "read", partyId, seq: 200 });
    devices[0]!.say({ type: "read", partyId, seq: 199 });
  })();
  await poll(async () => seen[seen.push((await pointerOf(service, leader, member, partyId))!) - 1] === 200, {
    everyMs: 0,
  });
  await marking;
  const isAscending = (seqs: number[]) => seqs.every((seq, i) => i === 0 || seq >= seqs[i - 1]!);
  for (const seqs of [seen, readsOf(hers), readsOf(elsewhere)]) assert.ok(isAscending(seqs), `${seqs}`);
  for (const device of devices) {
    await quiet(device);
    assert.deepEqual(device.frames.filter((frame) => frame.type === "problem"), []);
    await device[Symbol.asyncDispose]();
  }
  assert.equal(await pointerOf(service, leader, member, partyId), 200);
});

Deno.test("a removed member cannot move the pointer, not even when the mark came before the removal was through", async () => {
  const { partyId, people: [person] } = await openRoomOf(service, leader, 1);
  await sendText(service, leader, partyId, "둘");
  await markRead(service, person!, partyId, 1);
  let marked: Promise<Answer> | undefined;
  await service.sql.begin(async (tx) => {
    await tx`update party_members set status = 'removed' where party_id = ${partyId} and user_id = ${person!.id}`;
    marked = markRead(otherNode, person!, partyId, 2);
    await waitsForLock(service);
  });
  assertProblem(await marked!, 403, "forbidden");
  await using theirs = await connectChat(service, { token: person!.token });
  theirs.say({ type: "read", partyId, seq: 2 });
  assert.equal((await theirs.heard("problem")).code, "forbidden");
  const [row] = await service.sql`
    select read_seq as seq from party_members where party_id = ${partyId} and user_id = ${person!.id}`;
  assert.equal(row!.seq, 1);
});

Deno.test("who leaves and comes back finds their pointer where it was", async () => {
  const { partyId, people: [person] } = await openRoomOf(service, leader, 1);
  await sendText(service, leader, partyId, "둘");
  await markRead(service, person!, partyId, 2);
  await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: person!.token });
  assertProblem(await markRead(service, person!, partyId, 3), 403, "forbidden");
  await joinAccepted(service, { id: partyId }, leader, person!);
  assert.equal(await pointerOf(service, leader, person!, partyId), 2);
});
