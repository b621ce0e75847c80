/** The chat's log over HTTP: numbers, repeats, who may read and write, and until when. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { appendNotice } from "../services/chat_log.ts";
import { inTransaction } from "../services/transaction.ts";
import {
  type Answer,
  assertProblem,
  createDatabase,
  joinAccepted,
  openParty,
  type Person,
  signUp,
  startTestService,
  type TestDatabase,
  type TestService,
} from "./harness.ts";

let database: TestDatabase;
let service: TestService;
let otherNode: TestService;
let leader: Person;
let member: Person;
let stranger: Person;

Deno.test.beforeAll(async () => {
  database = await createDatabase();
  service = await startTestService({ database });
  otherNode = await startTestService({ database, namespace: service.namespace });
  [leader, member, stranger] = await Promise.all([signUp(service), signUp(service), signUp(service)]);
});
Deno.test.afterAll(async () => {
  await otherNode[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** A party of the leader and the member, whose chat is therefore open: its log begins with the member's `join`. */
async function openRoom(overrides = {}): Promise<string> {
  const party = await openParty(service, leader, overrides);
  await joinAccepted(service, party, leader, member);
  return party.id;
}

function send(partyId: string, { token }: Person, text: string, clientMsgId = v7(), node = service): Promise<Answer> {
  return node.call("POST", `/api/parties/${partyId}/chat/entries`, { token, body: { clientMsgId, text } });
}

async function read(partyId: string, query = "", { token } = leader): Promise<{ items: Entry[]; lastSeq: number }> {
  const answer = await service.call("GET", `/api/parties/${partyId}/chat/entries${query}`, { token });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

async function readAll(partyId: string): Promise<Entry[]> {
  const items: Entry[] = [];
  while (true) {
    const page = await read(partyId, `?limit=100&after=${items.length}`);
    items.push(...page.items);
    if (page.items.length < 100) return items;
  }
}

const seqsOf = (entries: Entry[]) => entries.map((entry) => entry.seq);
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

Deno.test("POST /api/parties/:id/chat/entries answers the whole entry, and the log begins with the join that opened it", async () => {
  const partyId = await openRoom();
  const clientMsgId = v7();
  const { status, body } = await send(partyId, member, ' 두부 두 모 {"NULL",\\}\n저요 🙋 ', clientMsgId);
  assert.equal(status, 201);
  assert.deepEqual(body, {
    partyId,
    seq: 2,
    id: body.id,
    kind: "text",
    sender: { id: member.id, nickname: member.nickname },
    text: '두부 두 모 {"NULL",\\}\n저요 🙋',
    clientMsgId,
    sentAt: body.sentAt,
  });
  const { items, lastSeq } = await read(partyId);
  assert.equal(lastSeq, 2);
  assert.deepEqual(items[1], body);
  assert.deepEqual([items[0]?.seq, items[0]?.kind, items[0]?.sender?.id], [1, "join", member.id]);
});

Deno.test("seq is 1..n without holes, even with senders on two nodes and every seventh transaction aborted", async () => {
  const partyId = await openRoom();
  const aborted = async () => {
    await assert.rejects(
      inTransaction(service.sql, async (tx) => {
        await appendNotice(service.deps, tx, { partyId, kind: "leave", userId: member.id });
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
    return undefined;
  };
  const answers = await Promise.all(Array.from({ length: 210 }, (_, i) => {
    if (i % 7 === 0) return aborted();
    return send(partyId, i % 2 ? leader : member, `${i}`, v7(), i % 3 ? service : otherNode);
  }));
  const acked = answers.flatMap((answer) => answer ? [answer.body as Entry] : []);
  const log = await readAll(partyId);
  assert.deepEqual(seqsOf(log), upTo(181));
  const bySeq = new Map(log.map((entry) => [entry.seq, entry]));
  assert.equal(acked.length, 180);
  for (const entry of acked) assert.deepEqual(bySeq.get(entry.seq), entry);
});

Deno.test("the same clientMsgId again answers 200 with the first entry and takes no number; with another text 409", async () => {
  const partyId = await openRoom();
  const clientMsgId = v7();
  const first = await send(partyId, member, "한 번만", clientMsgId);
  const again = await send(partyId, member, "한 번만", clientMsgId, otherNode);
  assert.deepEqual([again.status, again.body], [200, first.body]);
  assertProblem(await send(partyId, member, "다른 말", clientMsgId), 409, "client-msg-id-reused");
  const ofAnother = await send(partyId, leader, "한 번만", clientMsgId);
  assert.deepEqual([ofAnother.status, ofAnother.body.seq], [201, 3]);
  assert.equal((await read(partyId)).lastSeq, 3);
});

Deno.test("one clientMsgId sent forty times at once to two nodes makes one entry and one 201", async () => {
  const partyId = await openRoom();
  for (const round of [1, 2, 3]) {
    const clientMsgId = v7();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => send(partyId, member, "하나", clientMsgId, i % 2 ? service : otherNode)),
    );
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [...Array(39).fill(200), 201]);
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.equal((await read(partyId)).lastSeq, 1 + round);
  }
});

Deno.test("GET …/entries reads the newest, upwards and downwards, ascending, with lastSeq", async () => {
  const partyId = await openRoom();
  for (let i = 2; i <= 30; i++) await send(partyId, leader, `${i}`);
  const cases: [string, number[]][] = [
    ["", upTo(30).slice(10)],
    ["?limit=3", [28, 29, 30]],
    ["?after=0&limit=4", [1, 2, 3, 4]],
    ["?after=27", [28, 29, 30]],
    ["?after=30", []],
    ["?after=99", []],
    ["?after=9007199254740991", []],
    ["?before=9007199254740991&limit=1", [30]],
    ["?before=4", [1, 2, 3]],
    ["?before=20&limit=2", [18, 19]],
    ["?before=99&limit=1", [30]],
    ["?before=1", []],
  ];
  for (const [query, seqs] of cases) {
    const { items, lastSeq } = await read(partyId, query, member);
    assert.deepEqual([query, seqsOf(items), lastSeq], [query, seqs, 30]);
  }
});

Deno.test("GET and POST …/entries name the field that is wrong", async () => {
  const partyId = await openRoom();
  const path = `/api/parties/${partyId}/chat/entries`, { token } = member;
  for (
    const [query, field] of [["after=x", "after"], ["after=-1", "after"], ["before=0", "before"], [
      "limit=101",
      "limit",
    ], [
      "after=1&before=5",
      "before",
    ]]
  ) assertProblem(await service.call("GET", `${path}?${query}`, { token }), 422, "invalid-input", `/query/${field}`);
  const good = { clientMsgId: "a", text: "b" };
  for (
    const [body, field] of [
      [{ ...good, text: "" }, "/text"],
      [{ ...good, text: "   " }, "/text"],
      [{ ...good, text: "가".repeat(2001) }, "/text"],
      [{ ...good, text: "\u0000" }, "/text"],
      [{ ...good, clientMsgId: "" }, "/clientMsgId"],
      [{ ...good, clientMsgId: "a b" }, "/clientMsgId"],
      [{ ...good, clientMsgId: "a".repeat(65) }, "/clientMsgId"],
      [{ text: "b" }, "/clientMsgId"],
      [{ ...good, seq: 7 }, "/seq"],
    ] as const
  ) assertProblem(await service.call("POST", path, { token, body }), 422, "invalid-input", field);
  assert.equal((await send(partyId, member, "가".repeat(2000))).status, 201);
  assert.equal((await read(partyId)).lastSeq, 2);
});

Deno.test("nobody but accepted members reads or writes, and an unknown party is not found", async () => {
  const partyId = await openRoom({ capacity: 4 });
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
  assert.equal((await read(partyId)).lastSeq, 1);
});

Deno.test("after leaving or being removed, history and sending answer 403; who comes back reads everything again", async () => {
  const partyId = await openRoom();
  await send(partyId, member, "전에");
  const left = await service.call("DELETE", `/api/parties/${partyId}/members/me`, { token: member.token });
  assert.equal(left.status, 204);
  const path = `/api/parties/${partyId}/chat/entries`, { token } = member;
  assertProblem(await service.call("GET", path, { token }), 403, "forbidden");
  assertProblem(await send(partyId, member, "나중"), 403, "forbidden");
  await send(partyId, leader, "없는 동안");
  await joinAccepted(service, { id: partyId }, leader, member);
  const { items } = await read(partyId, "", member);
  assert.deepEqual(items.map((entry) => entry.kind), ["join", "text", "leave", "text", "join"]);

  const removed = await service.call("PATCH", `/api/parties/${partyId}/members/${member.id}`, {
    token: leader.token,
    body: { status: "removed" },
  });
  assert.equal(removed.status, 200);
  assertProblem(await service.call("GET", path, { token }), 403, "forbidden");
  assertProblem(await send(partyId, member, "나중"), 403, "forbidden");
  assert.equal((await read(partyId)).items.at(-1)?.kind, "removed");
});

Deno.test("no text of a person has a greater seq than their removal, even when they send on two nodes meanwhile", async () => {
  const party = await openParty(service, leader, { capacity: 12 });
  const people = await Promise.all(Array.from({ length: 10 }, () => signUp(service)));
  for (const person of people) {
    await joinAccepted(service, party, leader, person);
    const path = `/api/parties/${party.id}/members/${person.id}`;
    const sends = Array.from(
      { length: 24 },
      (_, i) => send(party.id, person, `${i}`, v7(), i % 2 ? service : otherNode),
    );
    const removal = service.call("PATCH", path, { token: leader.token, body: { status: "removed" } });
    const [removed, ...answers] = await Promise.all([removal, ...sends]);
    assert.equal(removed.status, 200);
    const log = await readAll(party.id);
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
  assert.equal((await send(party.id, leader, "혼자")).body.seq, 1);
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

Deno.test("before the chat is open its log is empty, sending answers 409 chat-closed, and strangers learn nothing", async () => {
  const party = await openParty(service, leader);
  assert.deepEqual(await read(party.id), { items: [], lastSeq: 0 });
  assertProblem(await send(party.id, leader, "아직"), 409, "chat-closed");
  assertProblem(await send(party.id, stranger, "아직"), 403, "forbidden");
});

Deno.test("a member goes on writing and reading after the party was cancelled", async () => {
  const partyId = await openRoom();
  await service.call("POST", `/api/parties/${partyId}/cancel`, { token: leader.token, body: {} });
  assert.equal((await send(partyId, member, "아쉽네요")).status, 201);
  assert.equal((await read(partyId, "", member)).lastSeq, 2);
});

Deno.test("a withdrawn person's entries stay, under the name of those who withdrew", async () => {
  const partyId = await openRoom();
  const passing = await signUp(service);
  await joinAccepted(service, { id: partyId }, leader, passing);
  await send(partyId, passing, "안녕히");
  const gone = await service.call("DELETE", "/api/me", { token: passing.token, body: { password: passing.password } });
  assert.equal(gone.status, 204);
  const { items } = await read(partyId);
  const theirs = items.filter((entry) => entry.sender?.id === passing.id);
  assert.deepEqual(theirs.map((entry) => [entry.kind, entry.sender?.nickname]), [
    ["join", "탈퇴한 사용자"],
    ["text", "탈퇴한 사용자"],
    ["leave", "탈퇴한 사용자"],
  ]);
});
