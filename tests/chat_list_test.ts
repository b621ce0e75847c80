/** GET /api/chats: which chats a person has, in which order, and what is unread in them. */
import assert from "node:assert/strict";
import type { ChatSummary } from "../contract/chat.ts";
import { deleteText, editText, markRead, openRoom, readPage, sendText } from "./chat_world.ts";
import { assertProblem, joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

async function chatsOf({ token }: Person): Promise<ChatSummary[]> {
  const { status, body } = await service.call("GET", "/api/chats", { token });
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const unreadOf = async (person: Person, partyId: string) =>
  (await chatsOf(person)).find((chat) => chat.partyId === partyId)?.unread;

Deno.test("GET /api/chats lists every open chat of the caller's, as leader and member, the most recently active first", async () => {
  const [person, leader] = await signUpAll(service, 2);
  assert.deepEqual(await chatsOf(person), []);
  const led = await openRoom(service, person, [leader], { title: "내가 연 파티" });
  const joined = await openRoom(service, leader, [person], { title: "함께하는 파티" });
  const silent = (await openParty(service, person, { title: "혼자인 파티" })).id;
  const applied = await openRoom(service, leader, await signUpAll(service, 1));
  // Not among them: one that is not open, one of others, and one that the person has only asked to join.
  const { id: unopened } = await openParty(service, person);
  await service.sql`insert into chat_rooms (party_id) values (${unopened})`;
  await openRoom(service, leader, await signUpAll(service, 1));
  await service.call("POST", `/api/parties/${applied}/join`, { token: person.token, body: {} });
  await service.call("POST", `/api/parties/${silent}/chat`, { token: person.token });
  assert.deepEqual((await chatsOf(person)).map(({ partyId }) => partyId), [silent, joined, led]);
  const { body: text } = await sendText(service, leader, led, "안녕하세요");
  const { items: [join] } = await readPage(service, person, joined);
  assert.deepEqual(await chatsOf(person), [
    { partyId: led, title: "내가 연 파티", lastSeq: 2, readSeq: 0, unread: 1, last: text },
    { partyId: silent, title: "혼자인 파티", lastSeq: 0, readSeq: 0, unread: 0, last: null },
    { partyId: joined, title: "함께하는 파티", lastSeq: 1, readSeq: 0, unread: 0, last: join },
  ]);
  assertProblem(await service.call("GET", "/api/chats"), 401, "unauthenticated");
});

Deno.test("a chat stays in the list when its party is over, and leaves it with the membership", async () => {
  const [leader, member] = await signUpAll(service, 2);
  const [cancelled, left, removed] = [
    await openRoom(service, leader, [member]),
    await openRoom(service, leader, [member]),
    await openRoom(service, leader, [member]),
  ];
  await service.call("POST", `/api/parties/${cancelled}/cancel`, { token: leader.token, body: {} });
  await service.call("DELETE", `/api/parties/${left}/members/me`, { token: member.token });
  await service.call("PATCH", `/api/parties/${removed}/members/${member.id}`, {
    token: leader.token,
    body: { status: "removed" },
  });
  assert.deepEqual((await chatsOf(member)).map(({ partyId }) => partyId), [cancelled]);
  assert.deepEqual((await chatsOf(leader)).map(({ partyId }) => partyId), [removed, left, cancelled]);
});

Deno.test("unread counts texts of others beyond the pointer, not one's own, no joins, no edits, and nothing deleted", async () => {
  const [leader, member, other] = await signUpAll(service, 3);
  const partyId = await openRoom(service, leader, [member]);
  const { body: one } = await sendText(service, leader, partyId, "하나");
  await sendText(service, member, partyId, "제 말");
  const { body: two } = await sendText(service, leader, partyId, "둘");
  assert.deepEqual([await unreadOf(member, partyId), await unreadOf(leader, partyId)], [2, 1]);
  await joinAccepted(service, { id: partyId }, leader, other);
  await editText(service, leader, partyId, one.seq, "하나!");
  assert.equal(await unreadOf(member, partyId), 2);
  await markRead(service, member, partyId, one.seq);
  assert.equal(await unreadOf(member, partyId), 1);
  await deleteText(service, leader, partyId, two.seq);
  assert.equal(await unreadOf(member, partyId), 0);
  await sendText(service, leader, partyId, "셋");
  await sendText(service, other, partyId, "넷");
  const [{ lastSeq, readSeq, unread, last }] = await chatsOf(member) as [ChatSummary];
  assert.deepEqual([lastSeq, readSeq, unread, last?.text], [9, one.seq, 2, "넷"]);
  await markRead(service, member, partyId, lastSeq);
  assert.equal(await unreadOf(member, partyId), 0);
});

Deno.test("what was said before a person came is not unread to them, neither at first nor when they come back", async () => {
  const [leader, member, late] = await signUpAll(service, 3);
  const partyId = await openRoom(service, leader, [member]);
  await sendText(service, leader, partyId, "전에");
  await joinAccepted(service, { id: partyId }, leader, late);
  assert.equal(await unreadOf(late, partyId), 0);
  await sendText(service, leader, partyId, "어서 오세요");
  assert.equal(await unreadOf(late, partyId), 1);
  await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: late.token });
  await sendText(service, leader, partyId, "없는 동안");
  await joinAccepted(service, { id: partyId }, leader, late);
  assert.equal(await unreadOf(late, partyId), 0);
});

Deno.test("unread is counted among the last thousand entries", async () => {
  const [leader, member] = await signUpAll(service, 2);
  const partyId = await openRoom(service, leader, [member]);
  await service.sql`
    with entry as (
      insert into chat_entries (party_id, seq, id, kind, sender_id, text, sent_at)
      select ${partyId}, seq, gen_random_uuid(), 'text', ${leader.id}, seq::text, now()
      from generate_series(2, 1500) as seq)
    update chat_rooms set last_seq = 1500 where party_id = ${partyId}`;
  assert.equal(await unreadOf(member, partyId), 1000);
  await markRead(service, member, partyId, 600);
  assert.equal(await unreadOf(member, partyId), 900);
});

Deno.test("last is the last entry, whatever its kind, and an erased text is not in it", async () => {
  const [leader, member] = await signUpAll(service, 2);
  const partyId = await openRoom(service, leader, [member]);
  const { body: text } = await sendText(service, member, partyId, "지울 말");
  const { body: edit } = await editText(service, member, partyId, text.seq, "고친 말");
  assert.deepEqual((await chatsOf(leader))[0]!.last, edit);
  await deleteText(service, leader, partyId, text.seq);
  const [{ last }] = await chatsOf(member) as [ChatSummary];
  assert.deepEqual([last?.kind, last?.targetSeq, last?.text, last?.sender?.id], ["delete", text.seq, "", leader.id]);
});
