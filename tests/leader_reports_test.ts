/** A leader who does not come: half of the members who did may say so, and it counts once. */
import assert from "node:assert/strict";
import { assertProblem, type Person, poll, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";
import { countOf, partyWith } from "./trust_world.ts";

const service = testService();

const people = (count: number) => signUpAll(service, count) as Promise<[Person, Person, Person, Person, Person]>;
const report = (party: { id: string }, { token }: Person) =>
  service.call("POST", `/api/parties/${party.id}/leader-report`, { token });
const begun = (leader: Person, members: Person[]) =>
  partyWith(service, leader, members, { status: "confirmed", begun: true });

Deno.test("with half of those who came the leader gets one penalty, and an alert", async () => {
  const [leader, a, b, c, d] = await people(5);
  const party = await begun(leader, [a, b, c, d]);
  assert.deepEqual((await report(party, a)).body, { reports: 1, needed: 2, penalised: false });
  assert.deepEqual((await report(party, a)).body, { reports: 1, needed: 2, penalised: false });
  assert.equal(await countOf(service, leader), 0);
  assert.deepEqual((await report(party, b)).body, { reports: 2, needed: 2, penalised: true });
  await Promise.all([c, d].map((each) => report(party, each)));
  assert.equal(await countOf(service, leader), 1);
  const { body } = await service.call("GET", "/api/me/penalties", { token: leader.token });
  assert.deepEqual(body.items.map(({ kind, partyId }: Record<string, string>) => [kind, partyId]), [
    ["leader-no-show", party.id],
  ]);
  const alert = await poll(async () => {
    const { body } = await service.call("GET", "/api/alerts", { token: leader.token });
    return body.items.find(({ type }: { type: string }) => type === "penalty.received");
  });
  assert.equal(alert.partyId, party.id);
});

Deno.test("all members at once make one penalty", async () => {
  const [leader, a, b, c, d] = await people(5);
  const party = await begun(leader, [a, b, c, d]);
  const answers = await Promise.all([a, b, c, d, a, b, c, d].map((each) => report(party, each)));
  assert.ok(answers.every(({ status }) => status === 201));
  assert.equal(await countOf(service, leader), 1);
});

Deno.test("who was noted absent still came if they say so; who has a penalty for the party did not", async () => {
  const [leader, a, b, c] = await people(4);
  const party = await begun(leader, [a, b, c]);
  for (const each of [a, b, c]) {
    await service.call("PUT", `/api/parties/${party.id}/members/${each.id}/attendance`, {
      token: leader.token,
      body: { attended: false },
    });
  }
  await service.sql`update parties set status = 'done' where id = ${party.id}`;
  await service.call("POST", `/api/parties/${party.id}/penalties`, { token: leader.token, body: { userIds: [c.id] } });
  assertProblem(await report(party, c), 409, "party-state");
  assert.deepEqual((await report(party, a)).body, { reports: 1, needed: 1, penalised: true });
});

Deno.test("nobody reports before the start, after a week, where somebody has checked in, from outside, or themself", async () => {
  const [leader, a, b] = await people(3);
  const early = await partyWith(service, leader, [a], { status: "confirmed" });
  assertProblem(await report(early, a), 409, "party-not-started");
  assertProblem(await report(early, b), 404, "not-found");
  assertProblem(await report(early, leader), 403, "forbidden");
  const late = await begun(leader, [a]);
  await service.sql`update parties set join_until = now() - interval '8 days' where id = ${late.id}`;
  await service.sql`update parties set starts_at = now() - interval '8 days' where id = ${late.id}`;
  assertProblem(await report(late, a), 409, "party-state");
  const met = await begun(leader, [a, b]);
  const { body } = await service.call("GET", `/api/parties/${met.id}/check-in`, { token: leader.token });
  await service.call("POST", `/api/parties/${met.id}/check-in`, { token: b.token, body: { code: body.code } });
  assertProblem(await report(met, a), 409, "party-state");
});
