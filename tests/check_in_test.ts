/** Checking in with the leader's code: who may, when, and that it settles who came. */
import assert from "node:assert/strict";
import { Secret, TOTP } from "otpauth";
import { assertProblem, joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";
import { partyWith } from "./trust_world.ts";

const service = testService();

const show = (party: { id: string }, { token }: Person) =>
  service.call("GET", `/api/parties/${party.id}/check-in`, { token });
const checkIn = (party: { id: string }, { token }: Person, code: string) =>
  service.call("POST", `/api/parties/${party.id}/check-in`, { token, body: { code } });
const attend = (party: { id: string }, { token }: Person, { id }: Person, attended: boolean) =>
  service.call("PUT", `/api/parties/${party.id}/members/${id}/attendance`, { token, body: { attended } });

/** A confirmed party that has begun, with these members. */
const begunParty = (leader: Person, members: Person[]) =>
  partyWith(service, leader, members, { status: "confirmed", begun: true });

async function setStatus(party: { id: string }, status: string): Promise<void> {
  await service.sql`update parties set status = ${status} where id = ${party.id}`;
}

/** The code as an authenticator app would show it, so many seconds from now. */
async function codeIn(party: { id: string }, seconds: number): Promise<string> {
  const [row] = await service.sql<{ secret: Uint8Array }[]>`
    select secret from check_in_secrets where party_id = ${party.id}`;
  const secret = new Secret({ buffer: new Uint8Array(row!.secret).buffer });
  return new TOTP({ secret }).generate({ timestamp: service.clock.now().getTime() + seconds * 1_000 });
}

Deno.test("a member checks in with the code that the leader shows, and has come whatever is said later", async () => {
  const [leader, a] = await signUpAll(service, 2);
  const party = await begunParty(leader, [a]);
  const { status, body, headers } = await show(party, leader);
  assert.equal(status, 200);
  assert.match(body.code, /^\d{6}$/);
  assert.equal(body.code, await codeIn(party, 0));
  assert.equal(headers.get("cache-control"), "no-store");
  const leftMs = Date.parse(body.expiresAt) - service.clock.now().getTime();
  assert.ok(leftMs > -1_000 && leftMs <= 30_000 && Date.parse(body.expiresAt) % 30_000 === 0);
  const answer = await checkIn(party, a, body.code);
  assert.deepEqual([answer.status, answer.body.userId, answer.body.attended], [200, a.id, true]);
  assert.equal((await checkIn(party, a, body.code)).status, 200);
  assertProblem(await attend(party, leader, a, false), 409, "checked-in");
  await setStatus(party, "done");
  const penalised = await service.call("POST", `/api/parties/${party.id}/penalties`, {
    token: leader.token,
    body: { userIds: [a.id] },
  });
  assertProblem(penalised, 409, "not-penalisable", "/userIds/0");
});

Deno.test("the code before and the one after are taken, older and newer ones are not; each party has its own", async () => {
  const [leader, a] = await signUpAll(service, 2);
  const party = await begunParty(leader, [a]), other = await begunParty(leader, [a]);
  for (const each of [party, other]) await show(each, leader);
  assertProblem(await checkIn(party, a, await codeIn(party, -61)), 422, "invalid-input", "/code");
  assertProblem(await checkIn(party, a, await codeIn(party, 61)), 422, "invalid-input", "/code");
  assertProblem(await checkIn(party, a, await codeIn(other, 0)), 422, "invalid-input", "/code");
  assert.equal((await checkIn(party, a, await codeIn(party, -29))).status, 200);
  assert.equal((await checkIn(other, a, await codeIn(other, 29))).status, 200);
});

Deno.test("after five wrong tries nobody guesses on, whatever RATE_LIMIT_FACTOR says; others may still check in", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const party = await begunParty(leader, [a, b]);
  const { code } = (await show(party, leader)).body;
  const wrong = `${(Number(code) + 1) % 1_000_000}`.padStart(6, "0");
  const answers = await Promise.all(Array.from({ length: 20 }, () => checkIn(party, a, wrong)));
  assert.deepEqual([422, 429].map((status) => answers.filter((each) => each.status === status).length), [5, 15]);
  const refused = await checkIn(party, a, code);
  assertProblem(refused, 429, "rate-limited");
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  assert.equal((await checkIn(party, b, code)).status, 200);
});

Deno.test("before the start, in another state, by strangers, the leader and the penalised there is no checking in", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const early = await openParty(service, leader);
  await joinAccepted(service, early, leader, a);
  assertProblem(await show(early, leader), 409, "party-state");
  await setStatus(early, "confirmed");
  assertProblem(await show(early, leader), 409, "party-not-started");
  assertProblem(await checkIn(early, a, "000000"), 409, "party-not-started");
  const party = await begunParty(leader, [a]);
  assertProblem(await checkIn(party, a, "000000"), 422, "invalid-input", "/code");
  const { code } = (await show(party, leader)).body;
  assertProblem(await show(party, a), 403, "forbidden");
  assertProblem(await checkIn(party, b, code), 404, "not-found");
  assertProblem(await checkIn(party, leader, code), 403, "forbidden");
  assertProblem(await checkIn(party, a, "12345"), 422, "invalid-input", "/code");
  await setStatus(party, "done");
  await service.call("POST", `/api/parties/${party.id}/penalties`, { token: leader.token, body: { userIds: [a.id] } });
  assertProblem(await checkIn(party, a, code), 409, "party-state");
});

Deno.test("the code is made from one secret, however many look at it at once", async () => {
  const [leader] = await signUpAll(service, 1);
  const party = await begunParty(leader, []);
  const answers = await Promise.all(Array.from({ length: 50 }, () => show(party, leader)));
  assert.ok(new Set(answers.map(({ body }) => body.code)).size <= 2);
});
