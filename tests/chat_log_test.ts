/** The log of a chat over HTTP: its numbers, repeated texts, reading both ways. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { appendNotice } from "../services/chat_log.ts";
import { inTransaction } from "../services/transaction.ts";
import { openRoom, range, readLog, readPage, sendText, seqsOf } from "./chat_world.ts";
import { assertProblem } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";

const [service, otherNode] = testNodes();
const [leader, member] = testPeople(service, 2);

Deno.test("POST /api/parties/:id/chat/entries answers the whole entry, and the log begins with the join that opened it", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const clientMsgId = v7();
  const { status, body } = await sendText(service, member, partyId, ' 두부 두 모 {"NULL",\\}\n저요 🙋 ', clientMsgId);
  assert.equal(status, 201);
  assert.deepEqual(body, {
    partyId,
    seq: 2,
    id: body.id,
    kind: "text",
    sender: { id: member.id, nickname: member.nickname },
    text: '두부 두 모 {"NULL",\\}\n저요 🙋',
    clientMsgId,
    targetSeq: null,
    sentAt: body.sentAt,
  });
  const { items, lastSeq } = await readPage(service, leader, partyId);
  assert.equal(lastSeq, 2);
  assert.deepEqual(items[1], body);
  assert.deepEqual([items[0]?.seq, items[0]?.kind, items[0]?.sender?.id], [1, "join", member.id]);
});

Deno.test("seq is 1..n without holes, even with senders on two nodes and every seventh transaction aborted", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const aborted = async () => {
    await assert.rejects(
      inTransaction(service.sql, async (tx) => {
        await appendNotice(service.deps, tx, { partyId, kind: "leave", userId: member.id });
        throw new Error("changed my mind");
      }),
      /changed my mind/,
    );
  };
  const acked: Entry[] = [];
  // In rounds, so that the nodes meet at the room's lock again and again, instead of once with everything.
  for (let round = 0; round < 30; round++) {
    const sent = Array.from({ length: 6 }, (_, i) => sendText(i % 2 ? service : otherNode, member, partyId, `${i}`));
    await aborted();
    for (const { status, body } of await Promise.all(sent)) {
      assert.equal(status, 201, JSON.stringify(body));
      acked.push(body);
    }
  }
  const log = await readLog(service, leader, partyId);
  assert.deepEqual(seqsOf(log), range(1, 181));
  const bySeq = new Map(log.map((entry) => [entry.seq, entry]));
  for (const entry of acked) assert.deepEqual(bySeq.get(entry.seq), entry);
});

Deno.test("the same clientMsgId again answers 200 with the first entry and takes no number; with another text 409", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const clientMsgId = v7();
  const first = await sendText(service, member, partyId, "한 번만", clientMsgId);
  const again = await sendText(otherNode, member, partyId, "한 번만", clientMsgId);
  assert.deepEqual([again.status, again.body], [200, first.body]);
  assertProblem(await sendText(service, member, partyId, "다른 말", clientMsgId), 409, "client-msg-id-reused");
  const ofAnother = await sendText(service, leader, partyId, "한 번만", clientMsgId);
  assert.deepEqual([ofAnother.status, ofAnother.body.seq], [201, 3]);
  assert.equal((await readPage(service, leader, partyId)).lastSeq, 3);
});

Deno.test("one clientMsgId sent forty times at once to two nodes makes one entry and one 201", async () => {
  const partyId = await openRoom(service, leader, [member]);
  for (const round of [1, 2, 3]) {
    const clientMsgId = v7();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => sendText(i % 2 ? service : otherNode, member, partyId, "하나", clientMsgId)),
    );
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [...Array(39).fill(200), 201]);
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.equal((await readPage(service, leader, partyId)).lastSeq, 1 + round);
  }
});

Deno.test("GET …/entries reads the newest, upwards and downwards, ascending, with lastSeq", async () => {
  const partyId = await openRoom(service, leader, [member]);
  for (let i = 2; i <= 30; i++) await sendText(service, leader, partyId, `${i}`);
  const cases: [string, number[]][] = [
    ["", range(1, 30).slice(10)],
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
    const { items, lastSeq } = await readPage(service, member, partyId, query);
    assert.deepEqual([query, seqsOf(items), lastSeq], [query, seqs, 30]);
  }
});

Deno.test("GET and POST …/entries name the field that is wrong", async () => {
  const partyId = await openRoom(service, leader, [member]);
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
  assert.equal((await sendText(service, member, partyId, "가".repeat(2000))).status, 201);
  assert.equal((await readPage(service, leader, partyId)).lastSeq, 2);
});
