/** The decision table of penalties: who × state × attended, and of those given, appealed × age. And that each is given once. */
import assert from "node:assert/strict";
import { addPeople, type Neighbour } from "./alert_world.ts";
import { openParty, type Person, type TestService } from "./harness.ts";
import { testNodes, testPeople } from "./set_up.ts";
import { age, asAdmin } from "./trust_world.ts";

const [here, there] = testNodes();
const [admin] = testPeople(here, 1);
Deno.test.beforeAll(async () => void await asAdmin(here, admin));

const WHO = ["leader", "accepted", "pending", "rejected", "left", "removed", "stranger"] as const;
const STATES = ["open", "confirmed", "done", "cancelled"] as const;
const ATTENDED = ["unknown", "no", "yes", "checked in"] as const;

/** A party that has begun, in a state, with somebody in it who has come so far. */
async function scene(
  who: typeof WHO[number],
  state: typeof STATES[number],
  attended: typeof ATTENDED[number],
): Promise<{ partyId: string; leader: Neighbour; person: Neighbour }> {
  const [leader, other] = await addPeople(here, 2) as [Neighbour, Neighbour];
  const { id: partyId } = await openParty(here, leader as unknown as Person);
  const person = who === "leader" ? leader : other;
  if (who !== "leader" && who !== "stranger") {
    await here.sql`
      insert into party_members (party_id, user_id, role, status, quantity, requested_at)
      values (${partyId}, ${person.id}, 'member', ${who}, 1, now())`;
  }
  const hasCome = { "unknown": null, "no": false, "yes": true, "checked in": true }[attended];
  await here.sql`
    update party_members
    set attended = ${hasCome}, checked_in_at = ${attended === "checked in" ? new Date() : null}
    where party_id = ${partyId} and user_id = ${person.id}`;
  // Its time to join is not over: the worker leaves it alone while it is open.
  await here.sql`update parties set status = ${state} where id = ${partyId}`;
  if (state !== "open") {
    await here.sql`update parties set starts_at = now(), join_until = now() where id = ${partyId}`;
  }
  return { partyId, leader, person };
}

const give = (at: TestService, partyId: string, { token }: Neighbour, userIds: string[]) =>
  at.call("POST", `/api/parties/${partyId}/penalties`, { token, body: { userIds } });
const countOf = async ({ id, token }: Neighbour) =>
  (await here.call("GET", `/api/users/${id}`, { token })).body.penaltyCount;

Deno.test("only who was accepted in a done party and is not known to have come gets a penalty", async () => {
  for (const state of STATES) {
    const cells = WHO.flatMap((who) => ATTENDED.map((attended) => ({ who, attended })));
    await Promise.all(cells.map(async ({ who, attended }) => {
      const { partyId, leader, person } = await scene(who, state, attended);
      const { status, body } = await give(here, partyId, leader, [person.id]);
      const isDue = who === "accepted" && (attended === "unknown" || attended === "no");
      const refusal = state === "open" ? "party-not-started" : state === "done" ? "not-penalisable" : "party-state";
      const expected = state === "done" && isDue ? [201, undefined, 1] : [409, refusal, 0];
      assert.deepEqual([status, body.code, await countOf(person)], expected, `${who} ${state} ${attended}`);
    }));
  }
});

Deno.test("a penalty counts for 90 days, but not while an appeal is open and not after one was granted", async () => {
  const cells = ["none", "open", "granted", "refused"].flatMap((appealed) =>
    [0, 13, 89, 91].map((days) => ({ appealed, days }))
  );
  await Promise.all(cells.map(async ({ appealed, days }) => {
    const { partyId, leader, person } = await scene("accepted", "done", "no");
    await give(here, partyId, leader, [person.id]);
    const { body: { items: [penalty] } } = await here.call("GET", "/api/me/penalties", { token: person.token });
    if (appealed !== "none") {
      const path = `/api/penalties/${penalty.id}/appeal`;
      const { body: { id } } = await here.call("POST", path, { token: person.token, body: { text: "갔습니다" } });
      if (appealed !== "open") {
        const body = { granted: appealed === "granted" };
        const decided = await here.call("PATCH", `/api/admin/appeals/${id}`, { token: admin.token, body });
        assert.equal(decided.status, 200);
      }
    }
    await age(here, penalty.id, days);
    // As if nobody had looked in between: what is cached says when it is over, not that somebody moved the date.
    await here.sql`update users set penalty_version = penalty_version + 1 where id = ${person.id}`;
    const counts = days < 90 && (appealed === "none" || appealed === "refused");
    assert.equal(await countOf(person), counts ? 1 : 0, `${appealed}, ${days} days`);
  }));
});

/** Fifty on real servers, where nodes share more than a process. */
const ROUNDS = Deno.env.get("DATABASE_URL") ? 50 : 10;

Deno.test("two hundred requests at once on two nodes, time and again, give each exactly one penalty", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { partyId, leader, person } = await scene("accepted", "done", "unknown");
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => give(i % 2 ? here : there, partyId, leader, [person.id])),
    );
    assert.ok(answers.every(({ status }) => status === 201));
    assert.equal(answers.filter(({ body }) => body.penalised.length === 1).length, 1);
    assert.equal(await countOf(person), 1);
  }
});
