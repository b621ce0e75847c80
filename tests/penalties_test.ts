/** Penalties: who may give them, to whom, and how they are counted. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { assertProblem, joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const people = (count: number) => signUpAll(service, count);
const penalise = (party: { id: string }, caller: Person, userIds: string[], more = {}) =>
  service.call("POST", `/api/parties/${party.id}/penalties`, {
    token: caller.token,
    body: { userIds, ...more },
  });
const countOf = async (person: Person, reader: Person) =>
  (await service.call("GET", `/api/users/${person.id}`, { token: reader.token })).body.penaltyCount;
const move = (party: { id: string }, leader: Person, to: string) =>
  service.call("POST", `/api/parties/${party.id}/${to}`, { token: leader.token });

/** A party that is over, with these members. */
async function doneParty(leader: Person, members: Person[]): Promise<{ id: string }> {
  const party = await openParty(service, leader, { capacity: 10 });
  for (const member of members) await joinAccepted(service, party, leader, member);
  await move(party, leader, "confirm");
  await begin(party);
  assert.equal((await move(party, leader, "complete")).status, 200);
  return party;
}

async function begin(party: { id: string }): Promise<void> {
  await service.sql`update parties set starts_at = now() - interval '1 minute', join_until = now() - interval '1 minute'
    where id = ${party.id}`;
}

Deno.test("POST /api/parties/:id/penalties marks who did not come, once each, and tells who had one", async () => {
  const [leader, a, b] = await people(3) as [Person, Person, Person];
  const party = await doneParty(leader, [a, b]);
  const first = await penalise(party, leader, [a.id], { reason: "연락 없이 오지 않음" });
  assert.equal(first.status, 201);
  assert.deepEqual(first.body, { penalised: [{ userId: a.id, penaltyCount: 1 }], already: [] });
  const again = await penalise(party, leader, [a.id, b.id]);
  assert.deepEqual(again.body, { penalised: [{ userId: b.id, penaltyCount: 1 }], already: [a.id] });
  assert.deepEqual([await countOf(a, leader), await countOf(b, leader), await countOf(leader, a)], [1, 1, 0]);
  const { body } = await service.call("GET", `/api/parties/${party.id}/members`, { token: leader.token });
  const marks = body.items.map((each: Record<string, unknown>) => [each.userId, each.penalised, each.attended]);
  assert.deepEqual(marks, [[leader.id, false, null], [a.id, true, false], [b.id, true, false]]);
});

Deno.test("a penalty counts once, even when the leader sends it forty times at once", async () => {
  const [leader, a, b] = await people(3) as [Person, Person, Person];
  const party = await doneParty(leader, [a, b]);
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => penalise(party, leader, i % 2 ? [a.id, b.id] : [b.id, a.id])),
  );
  assert.ok(answers.every((answer) => answer.status === 201));
  assert.equal(answers.flatMap((answer) => answer.body.penalised).length, 2);
  assert.deepEqual([await countOf(a, leader), await countOf(b, leader)], [1, 1]);
});

Deno.test("penalties add up over parties, and count for 90 days", async () => {
  const [leader, a] = await people(2) as [Person, Person];
  const parties = [await doneParty(leader, [a]), await doneParty(leader, [a]), await doneParty(leader, [a])];
  for (const party of parties) await penalise(party, leader, [a.id]);
  assert.equal(await countOf(a, leader), 3);
  await service.sql`update penalties set created_at = now() - interval '91 days' where party_id = ${parties[0]!.id}`;
  const other = await doneParty(leader, [a]);
  assert.deepEqual((await penalise(other, leader, [a.id])).body.penalised, [{ userId: a.id, penaltyCount: 3 }]);
});

Deno.test("nobody is penalised who came, was never in, or leads; and then none of the others either", async () => {
  const [leader, absent, came, pending, stranger] = await people(5) as [Person, Person, Person, Person, Person];
  const party = await openParty(service, leader, { capacity: 10 });
  await joinAccepted(service, party, leader, absent);
  await joinAccepted(service, party, leader, came);
  await service.call("POST", `/api/parties/${party.id}/join`, { token: pending.token, body: {} });
  await move(party, leader, "confirm");
  await begin(party);
  const path = `/api/parties/${party.id}/members/${came.id}/attendance`;
  await service.call("PUT", path, { token: leader.token, body: { attended: true } });
  await move(party, leader, "complete");
  for (const wrong of [came.id, pending.id, stranger.id, leader.id, v7()]) {
    assertProblem(await penalise(party, leader, [absent.id, wrong]), 409, "not-penalisable", "/userIds/1");
  }
  assert.equal(await countOf(absent, leader), 0);
  assert.equal((await penalise(party, leader, [absent.id])).status, 201);
});

Deno.test("penalties are given by the leader of a party that is done, and by nobody else", async () => {
  const [leader, a, b] = await people(3) as [Person, Person, Person];
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, a);
  assertProblem(await penalise(party, leader, [a.id]), 409, "party-not-started");
  await begin(party);
  assertProblem(await penalise(party, leader, [a.id]), 409, "party-state");
  await move(party, leader, "confirm");
  assertProblem(await penalise(party, leader, [a.id]), 409, "party-state");
  await move(party, leader, "complete");
  for (const caller of [a, b]) assertProblem(await penalise(party, caller, [a.id]), 403, "forbidden");
  const path = `/api/parties/${party.id}/penalties`;
  assertProblem(await service.call("POST", path, { body: { userIds: [a.id] } }), 401, "unauthenticated");
  assertProblem(await penalise({ id: v7() }, leader, [a.id]), 404, "not-found");
  assert.equal(await countOf(a, leader), 0);
  const cancelled = await openParty(service, leader);
  await move(cancelled, leader, "cancel");
  await begin(cancelled);
  assertProblem(await penalise(cancelled, leader, [a.id]), 409, "party-state");
});

Deno.test("POST /api/parties/:id/penalties names what is wrong in its body", async () => {
  const [leader, a] = await people(2) as [Person, Person];
  const party = await doneParty(leader, [a]);
  const wrong: [unknown, string][] = [
    [{}, "/userIds"],
    [{ userIds: [] }, "/userIds"],
    [{ userIds: [a.id, a.id] }, "/userIds"],
    [{ userIds: ["x"] }, "/userIds/0"],
    [{ userIds: Array.from({ length: 50 }, () => v7()) }, "/userIds"],
    [{ userIds: [a.id], reason: "가".repeat(501) }, "/reason"],
    [{ userIds: [a.id], count: 5 }, "/count"],
  ];
  for (const [body, pointer] of wrong) {
    const answer = await service.call("POST", `/api/parties/${party.id}/penalties`, { token: leader.token, body });
    assertProblem(answer, 422, "invalid-input", pointer);
  }
});
