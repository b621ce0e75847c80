/** Who opens a chat, reads it and writes to it, and until when. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { connectChat } from "./chat_client.ts";
import { openRoom, readLog, readPage, sendText, seqsOf } from "./chat_world.ts";
import { assertProblem, joinAccepted, openParty, signUp, signUpAll, type TestService } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";

const [service, otherNode] = testNodes();
const [leader, member, stranger] = testPeople(service, 3);

Deno.test("nobody but accepted members reads or writes, and an unknown party is not found", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const applicant = await signUp(service), rejected = await signUp(service);
  for (const each of [applicant, rejected]) {
    const { status } = await service.call("POST", `/api/parties/${partyId}/join`, { token: each.token, body: {} });
    assert.equal(status, 201);
  }
  await service.call("PATCH", `/api/parties/${partyId}/members/${rejected.id}`, {
    token: leader.token,
    body: { status: "rejected" },
  });
  const path = `/api/parties/${partyId}/chat/entries`, body = { clientMsgId: "a", text: "b" };
  for (const { token } of [stranger, applicant, rejected]) {
    assertProblem(await service.call("GET", path, { token }), 403, "forbidden");
    assertProblem(await service.call("POST", path, { token, body }), 403, "forbidden");
  }
  assertProblem(await service.call("GET", path), 401, "unauthenticated");
  assertProblem(await service.call("POST", path, { body }), 401, "unauthenticated");
  for (const id of [v7(), "not-an-id"]) {
    const unknown = `/api/parties/${id}/chat/entries`, { token } = leader;
    assertProblem(await service.call("GET", unknown, { token }), 404, "not-found");
    assertProblem(await service.call("POST", unknown, { token, body }), 404, "not-found");
  }
  assert.equal((await readPage(service, leader, partyId)).lastSeq, 1);
});

Deno.test("after leaving or being removed, history and sending answer 403; who comes back reads everything again", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await sendText(service, member, partyId, "전에");
  const left = await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: member.token });
  assert.equal(left.status, 204);
  const path = `/api/parties/${partyId}/chat/entries`, { token } = member;
  assertProblem(await service.call("GET", path, { token }), 403, "forbidden");
  assertProblem(await sendText(service, member, partyId, "나중"), 403, "forbidden");
  await sendText(service, leader, partyId, "없는 동안");
  await joinAccepted(service, { id: partyId }, leader, member);
  const { items } = await readPage(service, member, partyId, "");
  assert.deepEqual(items.map((entry) => entry.kind), ["join", "text", "leave", "text", "join"]);

  const removed = await service.call("PATCH", `/api/parties/${partyId}/members/${member.id}`, {
    token: leader.token,
    body: { status: "removed" },
  });
  assert.equal(removed.status, 200);
  assertProblem(await service.call("GET", path, { token }), 403, "forbidden");
  assertProblem(await sendText(service, member, partyId, "나중"), 403, "forbidden");
  assert.equal((await readPage(service, leader, partyId)).items.at(-1)?.kind, "removed");
});

Deno.test("no text of a person has a greater seq than their removal, even when they send on two nodes meanwhile", async () => {
  const party = await openParty(service, leader, { capacity: 12 });
  const people = await signUpAll(service, 10);
  for (const person of people) {
    await joinAccepted(service, party, leader, person);
    const path = `/api/parties/${party.id}/members/${person.id}`;
    const sends = Array.from(
      { length: 24 },
      (_, i) => sendText(i % 2 ? service : otherNode, person, party.id, `${i}`, v7()),
    );
    const removal = service.call("PATCH", path, { token: leader.token, body: { status: "removed" } });
    const [removed, ...answers] = await Promise.all([removal, ...sends]);
    assert.equal(removed.status, 200);
    const log = await readLog(service, leader, party.id);
    const end = log.find((entry) => entry.kind === "removed" && entry.sender?.id === person.id)!;
    const theirs = log.filter((entry) => entry.kind === "text" && entry.sender?.id === person.id);
    assert.ok(theirs.every((entry) => entry.seq < end.seq), `${end.seq} and then ${seqsOf(theirs)}`);
    assert.deepEqual(
      answers.filter((answer) => answer.status === 201).length,
      theirs.length,
      "what was answered 201 is in the log, and nothing else",
    );
  }
});

Deno.test("POST /api/parties/:id/chat lets the leader open it once: 201, then 200, one event, even when asked at once", async () => {
  const party = await openParty(service, leader);
  const path = `/api/parties/${party.id}/chat`, { token } = leader;
  const answers = await Promise.all(Array.from({ length: 8 }, () => service.call("POST", path, { token })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [...Array(7).fill(200), 201]);
  for (const { body } of answers) assert.deepEqual(body, { open: true, lastSeq: 0 });
  const events = await service.sql`select 1 from events where party_id = ${party.id} and type = 'chat.opened'`;
  assert.equal(events.length, 1);
  assert.equal((await sendText(service, leader, party.id, "혼자")).body.seq, 1);
  assert.deepEqual((await service.call("POST", path, { token })).body, { open: true, lastSeq: 1 });
  assert.deepEqual((await service.call("GET", `/api/parties/${party.id}`)).body.chat, { open: true, lastSeq: 1 });
});

Deno.test("POST /api/parties/:id/chat refuses everyone but the leader, and a party cancelled before", async () => {
  const party = await openParty(service, leader);
  const path = `/api/parties/${party.id}/chat`;
  assertProblem(await service.call("POST", path), 401, "unauthenticated");
  assertProblem(await service.call("POST", path, { token: stranger.token }), 403, "forbidden");
  await service.call("POST", `/api/parties/${party.id}/join`, { token: member.token, body: {} });
  assertProblem(await service.call("POST", path, { token: member.token }), 403, "forbidden");
  assertProblem(await service.call("POST", `/api/parties/${v7()}/chat`, { token: leader.token }), 404, "not-found");
  await service.call("POST", `/api/parties/${party.id}/cancel`, { token: leader.token, body: {} });
  assertProblem(await service.call("POST", path, { token: leader.token }), 409, "party-state");
  const [room] = await service.sql`select 1 from chat_rooms where party_id = ${party.id} and opened_at is not null`;
  assert.equal(room, undefined);
});

Deno.test("POST /api/parties/:id/chat with an Idempotency-Key replays its first answer", async () => {
  const party = await openParty(service, leader);
  const options = { token: leader.token, headers: { "idempotency-key": v7() } };
  const first = await service.call("POST", `/api/parties/${party.id}/chat`, options);
  const again = await otherNode.call("POST", `/api/parties/${party.id}/chat`, options);
  assert.deepEqual([first.status, again.status, again.body], [201, 201, first.body]);
});

Deno.test("POST …/chat/entries with an Idempotency-Key replays its first answer, and shows the text once", async () => {
  const partyId = await openRoom(service, leader, [member]), headers = { "idempotency-key": v7() };
  await using reader = await connectChat(otherNode, { token: leader.token });
  await reader.subscribe(partyId);
  const send = (node: TestService, clientMsgId: string) =>
    node.call("POST", `/api/parties/${partyId}/chat/entries`, {
      token: member.token,
      headers,
      body: { clientMsgId, text: "한 번만" },
    });
  const first = await send(service, "a"), again = await send(otherNode, "a");
  assert.deepEqual([first.status, again.status, again.body], [201, 201, first.body]);
  assertProblem(await send(service, "b"), 422, "idempotency-mismatch");
  const last = await sendText(service, member, partyId, "끝");
  await reader.heard("entry", (entry) => entry.seq === last.body.seq);
  assert.deepEqual(reader.entries(partyId), [first.body, last.body]);
});

Deno.test("before the chat is open its log is empty, sending answers 409 chat-closed, and strangers learn nothing", async () => {
  const party = await openParty(service, leader);
  assert.deepEqual(await readPage(service, leader, party.id), { items: [], lastSeq: 0 });
  assertProblem(await sendText(service, leader, party.id, "아직"), 409, "chat-closed");
  assertProblem(await sendText(service, stranger, party.id, "아직"), 403, "forbidden");
});

Deno.test("a member goes on writing and reading after the party was cancelled", async () => {
  const partyId = await openRoom(service, leader, [member]);
  await service.call("POST", `/api/parties/${partyId}/cancel`, { token: leader.token, body: {} });
  assert.equal((await sendText(service, member, partyId, "아쉽네요")).status, 201);
  assert.equal((await readPage(service, member, partyId, "")).lastSeq, 2);
});

Deno.test("a person who withdraws while their texts fly holds nobody up: each text is in, or refused", async () => {
  for (let round = 0; round < 5; round++) {
    const leaving = await signUp(service);
    const partyId = await openRoom(service, leader, [leaving]);
    const { token, password } = leaving;
    const texts = Array.from({ length: 30 }, (_, i) => sendText(i % 2 ? service : otherNode, leaving, partyId, `${i}`));
    const others = Array.from({ length: 10 }, (_, i) => sendText(service, leader, partyId, `${i}`));
    const withdrawal = await service.call("DELETE", "/api/me", { token, body: { password } });
    const late = Array.from({ length: 10 }, (_, i) => sendText(otherNode, leaving, partyId, `late ${i}`));
    assert.equal(withdrawal.status, 204);
    for (const { status } of await Promise.all([...texts, ...late])) assert.ok([201, 401, 403].includes(status));
    for (const { status } of await Promise.all(others)) assert.equal(status, 201);
  }
});

Deno.test("a withdrawn person's entries stay, under the name of those who withdrew", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const passing = await signUp(service);
  await joinAccepted(service, { id: partyId }, leader, passing);
  await sendText(service, passing, partyId, "안녕히");
  const gone = await service.call("DELETE", "/api/me", { token: passing.token, body: { password: passing.password } });
  assert.equal(gone.status, 204);
  const { items } = await readPage(service, leader, partyId);
  const theirs = items.filter((entry) => entry.sender?.id === passing.id);
  assert.deepEqual(theirs.map((entry) => [entry.kind, entry.sender?.nickname]), [
    ["join", "탈퇴한 사용자"],
    ["text", "탈퇴한 사용자"],
    ["leave", "탈퇴한 사용자"],
  ]);
});
