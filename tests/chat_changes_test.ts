/** Texts put differently and taken back: who may, what the log says then, and that nothing erased is found again. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { connectChat } from "./chat_client.ts";
import {
  deleteText,
  editText,
  openRoom,
  openRoomOf,
  readLog,
  readPage,
  sendText,
  tablesWith,
  told,
} from "./chat_world.ts";
import { assertProblem, joinAccepted, openParty, type Person, signUp } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";

const [service, otherNode] = testNodes();
const [leader, member] = testPeople(service, 2);

const lastSeqOf = async (partyId: string) => (await readPage(service, leader, partyId)).lastSeq;

Deno.test("PATCH …/entries/:seq appends an edit that points at the text, and every node shows it", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const { body: first } = await sendText(service, member, partyId, "두 시에 봐요");
  await using hers = await connectChat(service, { token: leader.token });
  await using elsewhere = await connectChat(otherNode, { token: leader.token });
  for (const client of [hers, elsewhere]) await client.subscribe(partyId);
  const { status, body } = await editText(service, member, partyId, first.seq, "  세 시에 봐요 ");
  assert.equal(status, 200);
  assert.deepEqual(body, {
    partyId,
    seq: 3,
    id: body.id,
    kind: "edit",
    sender: { id: member.id, nickname: member.nickname },
    text: "세 시에 봐요",
    clientMsgId: null,
    targetSeq: first.seq,
    sentAt: body.sentAt,
  });
  for (const client of [hers, elsewhere]) {
    await told(client, 3);
    assert.deepEqual(client.entries(partyId), [body]);
  }
  assert.deepEqual((await readPage(otherNode, leader, partyId)).items.slice(1), [first, body], "the log only grows");
});

Deno.test("an edit to what the text says already writes nothing and answers the entry that says so", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const { body: first } = await sendText(service, member, partyId, "하나");
  assert.deepEqual((await editText(service, member, partyId, first.seq, "하나")).body, first);
  const { body: second } = await editText(service, member, partyId, first.seq, "둘");
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => editText(i % 2 ? service : otherNode, member, partyId, first.seq, "둘")),
  );
  for (const { status, body } of answers) assert.deepEqual([status, body], [200, second]);
  const { body: third } = await editText(service, member, partyId, first.seq, "하나");
  assert.deepEqual([third.kind, third.seq, third.targetSeq], ["edit", 4, first.seq], "back to what it said at first");
  assert.equal(await lastSeqOf(partyId), 4);
});

Deno.test("DELETE …/entries/:seq appends a delete and erases the text and its edits wherever they are written", async () => {
  const partyId = await openRoom(service, leader, [member]), secret = `비밀${v7()}`, other = `남는${v7()}`;
  const options = {
    token: member.token,
    headers: { "idempotency-key": v7() },
    body: { clientMsgId: v7(), text: `${secret} 하나` },
  };
  const send = () => service.call("POST", `/api/parties/${partyId}/chat/entries`, options);
  const first: Entry = (await send()).body;
  const { body: stays } = await sendText(service, member, partyId, other);
  for (const word of ["둘", "셋"]) await editText(service, member, partyId, first.seq, `${secret} ${word}`);
  await editText(service, member, partyId, stays.seq, `${other} 고침`);
  assert.deepEqual(await tablesWith(service, secret), ["chat_entries", "idempotency_keys"]);
  await using hers = await connectChat(service, { token: leader.token });
  await using elsewhere = await connectChat(otherNode, { token: leader.token });
  for (const client of [hers, elsewhere]) await client.subscribe(partyId);

  const { status, body } = await deleteText(otherNode, member, partyId, first.seq);
  assert.deepEqual([status, body], [204, ""]);
  for (const client of [hers, elsewhere]) {
    const { type: _, id, sentAt, ...entry } = await told(client, 7);
    const sender = { id: member.id, nickname: member.nickname };
    const expected = { partyId, seq: 7, kind: "delete", sender, text: "", clientMsgId: null, targetSeq: first.seq };
    assert.deepEqual(entry, expected);
    assert.ok(id && sentAt);
  }
  assert.deepEqual(await tablesWith(service, secret), []);
  const log = await readLog(service, leader, partyId);
  assert.deepEqual(log.map(({ seq, kind, text, targetSeq }) => [seq, kind, text, targetSeq]), [
    [1, "join", "", null],
    [2, "text", "", null],
    [3, "text", other, null],
    [4, "edit", "", 2],
    [5, "edit", "", 2],
    [6, "edit", `${other} 고침`, 3],
    [7, "delete", "", 2],
  ]);
  assert.deepEqual((await readPage(service, leader, partyId, "?before=5&limit=4")).items, log.slice(0, 4));
  await using late = await connectChat(service, { token: leader.token });
  await late.subscribe(partyId, 0);
  await told(late, 7);
  assert.deepEqual(late.entries(partyId), log);
  const again = await send();
  assert.deepEqual([again.status, again.body], [201, { ...first, text: "" }], "the kept answer has forgotten it, too");
});

Deno.test("only its sender edits a text; its sender and the leader delete it; no one else, and nobody who has left", async () => {
  const { partyId, people: [sender, other, applicant] } = await openRoomOf(service, leader, 2)
    .then(async (room) => ({ ...room, people: [...room.people, await signUp(service)] as Person[] }));
  await service.call("POST", `/api/parties/${partyId}/join`, { token: applicant!.token, body: {} });
  const stranger = await signUp(service);
  const { body: { seq } } = await sendText(service, sender!, partyId, "제 말");
  for (const person of [other!, applicant!, stranger, leader]) {
    assertProblem(await editText(service, person, partyId, seq, "남의 말"), 403, "forbidden");
  }
  for (const person of [other!, applicant!, stranger]) {
    assertProblem(await deleteText(service, person, partyId, seq), 403, "forbidden");
  }
  const path = `/api/parties/${partyId}/chat/entries/${seq}`;
  assertProblem(await service.call("PATCH", path, { body: { text: "누구" } }), 401, "unauthenticated");
  assertProblem(await service.call("DELETE", path), 401, "unauthenticated");
  await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: sender!.token });
  assertProblem(await editText(service, sender!, partyId, seq, "나가서"), 403, "forbidden");
  assertProblem(await deleteText(service, sender!, partyId, seq), 403, "forbidden");
  const before = await lastSeqOf(partyId);
  assert.equal((await deleteText(service, leader, partyId, seq)).status, 204);
  const { body: own } = await sendText(service, leader, partyId, "방장의 말");
  assertProblem(await deleteText(service, other!, partyId, own.seq), 403, "forbidden");
  assert.equal(await lastSeqOf(partyId), before + 2);
});

Deno.test("what is no text, and what was deleted, answers 409 not-changeable; what is not there 404", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const { body: { seq } } = await sendText(service, leader, partyId, "말");
  const { body: edit } = await editText(service, leader, partyId, seq, "다른 말");
  const { body: gone } = await sendText(service, leader, partyId, "지울 말");
  await deleteText(service, leader, partyId, gone.seq);
  const tombstone = gone.seq + 1;
  assertProblem(await editText(service, member, partyId, 1, "참여"), 409, "not-changeable");
  for (const each of [edit.seq, tombstone]) {
    assertProblem(await editText(service, leader, partyId, each, "고침"), 409, "not-changeable");
  }
  for (const each of [1, edit.seq, tombstone]) {
    assertProblem(await deleteText(service, leader, partyId, each), 409, "not-changeable");
  }
  assertProblem(await editText(service, leader, partyId, gone.seq, "되살림"), 409, "not-changeable");
  for (const each of [0, -1, 1.5, "x", 6, 2 ** 31 - 1, 2 ** 31, 2 ** 53]) {
    assertProblem(await editText(service, leader, partyId, each, "없음"), 404, "not-found");
    assertProblem(await deleteText(service, leader, partyId, each), 404, "not-found");
  }
  for (const room of [v7(), "x"]) {
    assertProblem(await editText(service, leader, room, 1, "없음"), 404, "not-found");
    assertProblem(await deleteText(service, leader, room, 1), 404, "not-found");
  }
  const unopened = (await openParty(service, leader)).id;
  assertProblem(await editText(service, leader, unopened, 1, "아직"), 409, "chat-closed");
  assertProblem(await deleteText(service, leader, unopened, 1), 409, "chat-closed");
  assert.equal(await lastSeqOf(partyId), tombstone);
});

Deno.test("PATCH and DELETE …/entries/:seq name the field that is wrong", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const { body: { seq } } = await sendText(service, member, partyId, "말");
  const path = `/api/parties/${partyId}/chat/entries/${seq}`, { token } = member;
  for (
    const [body, field] of [
      [{}, "/text"],
      [{ text: " " }, "/text"],
      [{ text: "가".repeat(2001) }, "/text"],
      [{ text: "\u0000" }, "/text"],
      [{ text: "말", clientMsgId: "a" }, "/clientMsgId"],
    ] as const
  ) assertProblem(await service.call("PATCH", path, { token, body }), 422, "invalid-input", field);
  assertProblem(await service.call("DELETE", path, { token, body: { reason: 1 } }), 422, "invalid-input", "/reason");
  assert.equal((await editText(service, member, partyId, seq, "가".repeat(2000))).status, 200);
});

Deno.test("a clientMsgId sent again after an edit gives the first entry, and takes no number", async () => {
  const partyId = await openRoom(service, leader, [member]), clientMsgId = v7();
  const { body: first } = await sendText(service, member, partyId, "처음", clientMsgId);
  await editText(service, member, partyId, first.seq, "나중");
  const again = await sendText(otherNode, member, partyId, "처음", clientMsgId);
  assert.deepEqual([again.status, again.body], [200, first]);
  assertProblem(await sendText(service, member, partyId, "나중", clientMsgId), 409, "client-msg-id-reused");
  assert.equal(await lastSeqOf(partyId), 3);
});

Deno.test("a clientMsgId sent again after its text was deleted gives the first entry, and writes nothing", async () => {
  const partyId = await openRoom(service, leader, [member]), clientMsgId = v7(), secret = `비밀${v7()}`;
  const { body: first } = await sendText(service, member, partyId, secret, clientMsgId);
  await deleteText(service, member, partyId, first.seq);
  for (const node of [service, otherNode]) {
    const again = await sendText(node, member, partyId, secret, clientMsgId);
    assert.deepEqual([again.status, again.body], [200, { ...first, text: "" }]);
  }
  await using his = await connectChat(service, { token: member.token });
  const ack = await his.send(partyId, secret, clientMsgId);
  assert.deepEqual([ack.seq, ack.id], [first.seq, first.id]);
  assert.deepEqual(await tablesWith(service, secret), []);
  assert.equal(await lastSeqOf(partyId), 3);
});

Deno.test("what a withdrawn person wrote can be taken back by the leader, and their edits stay under no name", async () => {
  const partyId = await openRoom(service, leader, [member]), passing = await signUp(service), secret = `비밀${v7()}`;
  await joinAccepted(service, { id: partyId }, leader, passing);
  const { body: stays } = await sendText(service, passing, partyId, "안녕히");
  await editText(service, passing, partyId, stays.seq, "안녕히 계세요");
  const { body: goes } = await sendText(service, passing, partyId, secret);
  const { token, password } = passing;
  assert.equal((await service.call("DELETE", "/api/me", { token, body: { password } })).status, 204);
  assert.equal((await deleteText(service, leader, partyId, goes.seq)).status, 204);
  const { items } = await readPage(service, member, partyId);
  const theirs = items.filter((entry) => entry.sender?.id === passing.id);
  assert.deepEqual(theirs.map(({ kind, text }) => [kind, text]), [
    ["join", ""],
    ["text", "안녕히"],
    ["edit", "안녕히 계세요"],
    ["text", ""],
    ["leave", ""],
  ]);
  assert.ok(theirs.every(({ sender }) => sender?.nickname === "탈퇴한 사용자"));
  assert.deepEqual(await tablesWith(service, secret), []);
});
