/** What penalties do: one is a note, two need the leader's word, three are a pause; and late cancellations, which do nothing. */
import assert from "node:assert/strict";
import { standingOf } from "../services/penalty_effects.ts";
import { assertProblem, joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";
import { age, partyWith, penalise } from "./trust_world.ts";

const service = testService();

const DAY_MS = 86_400_000;
const join = async ({ token }: Person, leader: Person) => {
  const party = await openParty(service, leader, { autoAccept: true });
  return await service.call("POST", `/api/parties/${party.id}/join`, { token, body: {} });
};
const leave = (party: { id: string }, { token }: Person, query = "") =>
  service.call("DELETE", `/api/parties/${party.id}/members/me${query}`, { token });
const profile = async ({ id, token }: Person) => (await service.call("GET", `/api/users/${id}`, { token })).body;

Deno.test("with one penalty autoAccept still holds, with two the leader decides, with three there is no joining for 14 days", async () => {
  const [leader, person] = await signUpAll(service, 2);
  assert.equal((await join(person, leader)).body.status, "accepted");
  await penalise(service, leader, person);
  assert.equal((await join(person, leader)).body.status, "accepted");
  await penalise(service, leader, person);
  assert.equal((await join(person, leader)).body.status, "pending");
  const third = await penalise(service, leader, person);
  const refused = await join(person, leader);
  assertProblem(refused, 409, "join-suspended");
  const [row] = await service.sql<{ at: Date }[]>`select created_at as at from penalties where id = ${third}`;
  assert.equal(refused.body.until, new Date(row!.at.getTime() + 14 * DAY_MS).toISOString());
});

Deno.test("the pause ends after 14 days, at once when an appeal is open, and what is over 90 days old has no effect", async () => {
  const [leader, person] = await signUpAll(service, 2);
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push(await penalise(service, leader, person));
  assertProblem(await join(person, leader), 409, "join-suspended");
  await service.call("POST", `/api/penalties/${ids[0]}/appeal`, { token: person.token, body: { text: "갔습니다" } });
  assert.equal((await join(person, leader)).body.status, "pending");
  const [other] = await signUpAll(service, 1);
  const old = [];
  for (let i = 0; i < 3; i++) old.push(await penalise(service, leader, other));
  for (const id of old) await age(service, id, 15);
  assert.equal((await join(other, leader)).body.status, "pending");
  for (const id of old) await age(service, id, 76);
  assert.equal((await join(other, leader)).body.status, "accepted");
});

Deno.test("the table of effects", () => {
  const lastAt = new Date("2026-11-01T00:00:00Z"), until = new Date("2026-11-15T00:00:00Z");
  const table = [
    { count: 0, lastAt: null, needsApproval: false, suspendedUntil: null },
    { count: 1, lastAt, needsApproval: false, suspendedUntil: null },
    { count: 2, lastAt, needsApproval: true, suspendedUntil: null },
    { count: 3, lastAt, needsApproval: true, suspendedUntil: until },
    { count: 9, lastAt, needsApproval: true, suspendedUntil: until },
  ];
  for (const { count, lastAt, ...standing } of table) assert.deepEqual(standingOf({ count, lastAt }), standing);
});

Deno.test("who leaves a confirmed party, or within 3 h of its start, is noted for it and nothing else", async () => {
  const [leader, a, b, c] = await signUpAll(service, 4);
  const party = await partyWith(service, leader, [a], { status: "confirmed" });
  assertProblem(await leave(party, a), 409, "party-state");
  assert.equal((await leave(party, a, "?late=true")).status, 204);
  assertProblem(await leave(party, a, "?late=true"), 404, "not-found");
  assert.deepEqual([(await profile(a)).lateCancellations, (await profile(a)).penaltyCount], [1, 0]);

  const soon = new Date(service.clock.now().getTime() + 2.9 * 3_600_000);
  const open = await openParty(service, leader, {
    startsAt: soon.toISOString(),
    endsAt: new Date(soon.getTime() + 3_600_000).toISOString(),
  });
  await joinAccepted(service, open, leader, b);
  assert.equal((await leave(open, b)).status, 204);
  assert.equal((await profile(b)).lateCancellations, 1);

  const far = await openParty(service, leader);
  await joinAccepted(service, far, leader, c);
  assert.equal((await leave(far, c, "?late=true")).status, 204);
  assert.equal((await profile(c)).lateCancellations, 0);
  const begun = await partyWith(service, leader, [c], { status: "confirmed", begun: true });
  assertProblem(await leave(begun, c, "?late=true"), 409, "party-state");
});

Deno.test("a seat left in a confirmed party is free again, once, however often it is left", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const party = await partyWith(service, leader, [a, b], { status: "confirmed" });
  const answers = await Promise.all(Array.from({ length: 20 }, () => leave(party, a, "?late=true")));
  assert.equal(answers.filter(({ status }) => status === 204).length, 1);
  const { body } = await service.call("GET", `/api/parties/${party.id}`);
  assert.equal(body.memberCount, 2);
});

Deno.test("a profile tells how often settlements were paid within three days", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const settle = async (daysAgo: number) => {
    const party = await partyWith(service, leader, [a, b], { status: "done" });
    const path = `/api/parties/${party.id}/settlement`;
    await service.call("PUT", path, { token: leader.token, body: { totalKrw: 9_000 } });
    await service.sql`
      update settlements set frozen_at = frozen_at - make_interval(days => ${daysAgo}) where party_id = ${party.id}`;
    return (who: Person) => service.call("PUT", `${path}/lines/${who.id}`, { token: who.token, body: { paid: true } });
  };
  const fresh = await settle(0), old = await settle(4);
  await fresh(a);
  await old(a);
  assert.deepEqual((await profile(a)).settledOnTime, { onTime: 1, total: 2 });
  // What is not due yet says nothing of a person.
  assert.deepEqual((await profile(b)).settledOnTime, { onTime: 0, total: 1 });
  assert.deepEqual((await profile(leader)).settledOnTime, { onTime: 0, total: 0 });
});
