/** Appeals: who may, until when, who decides, and what counts meanwhile and afterwards. */
import assert from "node:assert/strict";
import { assertProblem, type Person, poll, signUpAll, startAnotherNode } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";
import { age, asAdmin, countOf, penalise } from "./trust_world.ts";

const service = testService();
const [admin] = testPeople(service, 1);
Deno.test.beforeAll(async () => void await asAdmin(service, admin));

const people = (count: number) => signUpAll(service, count) as Promise<[Person, Person, Person]>;
const appeal = (id: string, { token }: Person, text = "제시간에 갔습니다") =>
  service.call("POST", `/api/penalties/${id}/appeal`, { token, body: { text } });
const decide = (id: string, granted: boolean, { token } = admin) =>
  service.call("PATCH", `/api/admin/appeals/${id}`, { token, body: { granted, note: "확인했습니다" } });
const own = async ({ token }: Person) => (await service.call("GET", "/api/me/penalties", { token })).body.items;

Deno.test("while an appeal is open the penalty does not count; granted it never does again, refused it does", async () => {
  for (const granted of [true, false]) {
    const [leader, person] = await people(2);
    const penaltyId = await penalise(service, leader, person);
    assert.equal(await countOf(service, person), 1);
    const { status, body } = await appeal(penaltyId, person);
    assert.deepEqual([status, body.granted, body.decidedAt, body.text], [201, null, null, "제시간에 갔습니다"]);
    assert.equal(await countOf(service, person), 0);
    const decided = await decide(body.id, granted);
    assert.deepEqual([decided.status, decided.body.granted, decided.body.note], [200, granted, "확인했습니다"]);
    assert.equal(await countOf(service, person), granted ? 0 : 1);
    const [penalty] = await own(person);
    assert.deepEqual([penalty.counts, penalty.appeal.granted, penalty.kind], [!granted, granted, "no-show"]);
  }
});

Deno.test("one appeals once, for 14 days, against one's own penalty", async () => {
  const [leader, person, other] = await people(3);
  const penaltyId = await penalise(service, leader, person), late = await penalise(service, leader, person);
  await age(service, late, 15);
  assertProblem(await appeal(late, person), 409, "appeal-closed");
  assertProblem(await appeal(penaltyId, other), 404, "not-found");
  assertProblem(await appeal(penaltyId, leader), 404, "not-found");
  assertProblem(await appeal(penaltyId, person, ""), 422, "invalid-input", "/text");
  const answers = await Promise.all(Array.from({ length: 20 }, () => appeal(penaltyId, person)));
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 201)) assertProblem(answer, 409, "appeal-closed");
});

Deno.test("an appeal is decided once, however many admins decide at once; each decision is in the audit log, for good", async () => {
  const [leader, person] = await people(2);
  const { body } = await appeal(await penalise(service, leader, person), person);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => decide(body.id, i % 2 === 0)));
  const outcome = answers.find(({ status }) => status === 200)!.body.granted;
  for (const [i, answer] of answers.entries()) {
    if ((i % 2 === 0) === outcome) assert.equal(answer.status, 200);
    else assertProblem(answer, 409, "appeal-closed");
  }
  const log = await service.sql<{ actorId: string }[]>`
    select actor_id as "actorId" from audit_log where subject ->> 'appealId' = ${body.id}`;
  assert.deepEqual([...log], [{ actorId: admin.id }]);
  await assert.rejects(service.sql`delete from audit_log`.execute(), /only grows/);
  await assert.rejects(service.sql`update audit_log set action = 'x'`.execute(), /only grows/);
});

Deno.test("admins list appeals oldest first, open or decided, page by page; nobody else does", async () => {
  const [leader, person] = await people(2);
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await appeal(await penalise(service, leader, person), person)).body.id);
  await decide(ids[0]!, false);
  const seen: { id: string; userId: string; penalty: { partyId: string } }[] = [];
  for (let cursor = "";;) {
    const query = `state=open&limit=2${cursor && `&cursor=${cursor}`}`;
    const { body } = await service.call("GET", `/api/admin/appeals?${query}`, { token: admin.token });
    seen.push(...body.items);
    if (body.nextCursor === null) break;
    cursor = encodeURIComponent(body.nextCursor);
  }
  const mine = seen.filter(({ userId }) => userId === person.id);
  assert.deepEqual(mine.map(({ id }) => id), ids.slice(1));
  assert.ok(mine.every(({ penalty }) => penalty.partyId));
  assertProblem(await service.call("GET", "/api/admin/appeals", { token: person.token }), 403, "forbidden");
});

Deno.test("another node shows the count as it is after an appeal and its decision", async () => {
  await using there = await startAnotherNode(service);
  const [leader, person] = await people(2);
  const penaltyId = await penalise(service, leader, person);
  await poll(async () => await countOf(there, person) === 1);
  const { body } = await appeal(penaltyId, person);
  assert.equal(await countOf(there, person), 0);
  await decide(body.id, false);
  assert.equal(await countOf(there, person), 1);
});
