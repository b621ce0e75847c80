/** Texts put differently and taken back on two nodes at once, against texts, deletions and removals. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { deleteText, editText, openRoom, readLog, readPage, sendText, seqsOf, tablesWith } from "./chat_world.ts";
import { type Answer, assertProblem, joinAccepted, openParty, signUp } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";

const [service, otherNode] = testNodes();
const [leader, member] = testPeople(service, 2);

const lastSeqOf = async (partyId: string) => (await readPage(service, leader, partyId)).lastSeq;

Deno.test("deleting twice, even at once on two nodes, appends one entry", async () => {
  const partyId = await openRoom(service, leader, [member]);
  const { body: { seq } } = await sendText(service, member, partyId, "잘못 보냄");
  const answers = await Promise.all(
    Array.from(
      { length: 12 },
      (_, i) => deleteText(i % 2 ? service : otherNode, i % 3 ? member : leader, partyId, seq),
    ),
  );
  assert.deepEqual(answers.map((answer) => answer.status), Array(12).fill(204));
  assert.equal((await deleteText(service, leader, partyId, seq)).status, 204);
  assert.equal(await lastSeqOf(partyId), 3);
});

Deno.test("edits and deletions that race with texts on two nodes leave no hole, no edit after its deletion, and no erased text", async () => {
  const partyId = await openRoom(service, leader, [member]), secret = `비밀${v7()}`;
  const node = (i: number) => i % 2 ? service : otherNode;
  const targets: Entry[] = [];
  for (let i = 0; i < 12; i++) {
    const text = `${i < 8 ? secret : "남는 말"} ${i}`;
    const sender = i % 3 ? member : leader, { body } = await sendText(service, sender, partyId, text);
    await editText(service, sender, partyId, body.seq, `${text} 고침`);
    targets.push(body);
  }
  const senderOf = ({ sender }: Entry) => sender!.id === member.id ? member : leader;
  const changed: Answer[] = [];
  for (let round = 0; round < 10; round++) {
    const edits = targets.map((target, i) =>
      editText(node(round + i), senderOf(target), partyId, target.seq, `${i < 8 ? secret : "다른 말"} ${round}`)
    );
    const goes = (_: Entry, i: number) => i < 8 && (round === i || round === i + 1);
    const deletes = targets.filter(goes).map(({ seq }, i) => deleteText(node(i), leader, partyId, seq));
    const texts = [leader, member].map((person, i) => sendText(node(round + i), person, partyId, `사이 ${round}`));
    changed.push(...await Promise.all([...edits, ...deletes, ...texts]));
  }
  const codes = Object.groupBy(changed, ({ status, body }) => body.code ?? String(status));
  assert.deepEqual(Object.keys(codes).sort(), ["200", "201", "204", "not-changeable"]);
  const log = await readLog(service, leader, partyId);
  assert.deepEqual(seqsOf(log), log.map((_, i) => i + 1));
  assert.equal(await lastSeqOf(partyId), log.length);
  const bySeq = new Map(log.map((entry) => [entry.seq, entry]));
  for (const { body } of codes["201"]!) assert.deepEqual(bySeq.get(body.seq), body);
  for (const [i, { seq }] of targets.entries()) {
    const edits = log.filter((entry) => entry.kind === "edit" && entry.targetSeq === seq);
    const deletes = log.filter((entry) => entry.kind === "delete" && entry.targetSeq === seq);
    assert.equal(deletes.length, i < 8 ? 1 : 0);
    assert.ok(edits.length > 0);
    if (i >= 8) continue;
    assert.ok(edits.every((edit) => edit.seq < deletes[0]!.seq), "no edit after the deletion");
    assert.deepEqual(new Set([bySeq.get(seq)!, ...edits].map((entry) => entry.text)), new Set([""]));
  }
  assert.deepEqual(await tablesWith(service, secret), []);
});

Deno.test("no edit and no deletion of a person has a greater seq than their removal, even when asked on two nodes meanwhile", async () => {
  const party = await openParty(service, leader, { capacity: 12 });
  for (let round = 0; round < 8; round++) {
    const person = await signUp(service);
    await joinAccepted(service, party, leader, person);
    const seqs: number[] = [];
    for (let i = 0; i < 6; i++) seqs.push((await sendText(service, person, party.id, `${i}`)).body.seq);
    const changes = Array.from({ length: 24 }, (_, i) => {
      const node = i % 2 ? service : otherNode, seq = seqs[i % 6]!;
      return i < 18 ? editText(node, person, party.id, seq, `${i}번째`) : deleteText(node, person, party.id, seq);
    });
    const removal = service.call("PATCH", `/api/parties/${party.id}/members/${person.id}`, {
      token: leader.token,
      body: { status: "removed" },
    });
    const [removed, ...answers] = await Promise.all([removal, ...changes]);
    assert.equal(removed.status, 200);
    const log = await readLog(service, leader, party.id);
    assert.deepEqual(seqsOf(log), log.map((_, i) => i + 1));
    const end = log.find((entry) => entry.kind === "removed" && entry.sender?.id === person.id)!;
    const theirs = log.filter((entry) => entry.targetSeq !== null && entry.sender?.id === person.id);
    assert.ok(theirs.every((entry) => entry.seq < end.seq), `${end.seq} and then ${seqsOf(theirs)}`);
    for (const { status } of answers) assert.ok([200, 204, 403, 409].includes(status), `${status}`);
    assertProblem(await editText(otherNode, person, party.id, seqs[0]!, "나중"), 403, "forbidden");
    assertProblem(await deleteText(otherNode, person, party.id, seqs[0]!), 403, "forbidden");
  }
});
