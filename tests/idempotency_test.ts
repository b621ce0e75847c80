/** The Idempotency-Key of POSTs that create. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { addItem, addMarket, assertProblem, openParty, type Person, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

async function newParty(): Promise<Record<string, unknown>> {
  const startsAt = service.clock.now().getTime() + 86_400_000;
  const [item, market] = await Promise.all([addItem(service), addMarket(service)]);
  return {
    itemId: item.id,
    marketId: market.id,
    quantity: 30,
    unit: "ea",
    capacity: 3,
    startsAt: new Date(startsAt).toISOString(),
    endsAt: new Date(startsAt + 3600_000).toISOString(),
  };
}
const post = ({ token }: Person, key: string, body: unknown, path = "/api/parties") =>
  service.call("POST", path, { token, body, headers: { "idempotency-key": key } });
const partiesOf = async ({ id }: Person) =>
  Number((await service.sql`select count(*) from parties where leader_id = ${id}`)[0]!.count);

Deno.test("a POST repeated with its Idempotency-Key happens once and answers the same", async () => {
  const leader = await signUp(service), key = v7(), body = await newParty();
  const first = await post(leader, key, body), second = await post(leader, key, body);
  assert.deepEqual([first.status, second.status], [201, 201]);
  assert.deepEqual(second.body, first.body);
  assert.equal(await partiesOf(leader), 1);
});

Deno.test("an Idempotency-Key with another body or path is a mismatch", async () => {
  const leader = await signUp(service), key = v7(), body = await newParty();
  const { body: party } = await post(leader, key, body);
  assertProblem(await post(leader, key, { ...body, quantity: 31 }), 422, "idempotency-mismatch");
  assertProblem(await post(leader, key, {}, `/api/parties/${party.id}/join`), 422, "idempotency-mismatch");
  assert.equal(await partiesOf(leader), 1);
});

Deno.test("twenty of one Idempotency-Key at once do one thing; each gets the answer or is told it is under way", async () => {
  const leader = await signUp(service), key = v7(), body = await newParty();
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(leader, key, body)));
  const done = answers.filter((answer) => answer.status === 201);
  assert.ok(done.length >= 1);
  assert.equal(new Set(done.map((answer) => answer.body.id)).size, 1);
  for (const answer of answers) if (answer.status !== 201) assertProblem(answer, 409, "idempotency-in-flight");
  assert.equal(await partiesOf(leader), 1);
});

Deno.test("a refused POST leaves its Idempotency-Key free", async () => {
  const leader = await signUp(service), key = v7(), body = await newParty();
  assertProblem(await post(leader, key, { ...body, itemId: v7() }), 422, "invalid-input", "/itemId");
  assert.equal((await post(leader, key, body)).status, 201);
});

Deno.test("an Idempotency-Key is one person's own, and lasts 24 hours", async () => {
  const [leader, other] = await Promise.all([signUp(service), signUp(service)]), key = v7();
  const body = await newParty();
  const first = await post(leader, key, body);
  assert.notEqual((await post(other, key, body)).body.id, first.body.id);
  await service.sql`update idempotency_keys set created_at = now() - interval '25 hours' where user_id = ${leader.id}`;
  assert.notEqual((await post(leader, key, body)).body.id, first.body.id);
});

Deno.test("joins and penalties are once per Idempotency-Key too", async () => {
  const [leader, member] = await Promise.all([signUp(service), signUp(service)]);
  const party = await openParty(service, leader, { autoAccept: true });
  const path = `/api/parties/${party.id}`, joinKey = v7(), penaltyKey = v7();
  const joined = await post(member, joinKey, {}, `${path}/join`);
  assert.deepEqual((await post(member, joinKey, {}, `${path}/join`)).body, joined.body);
  await service.call("POST", `${path}/confirm`, { token: leader.token });
  await service.sql`update parties set starts_at = now(), join_until = now() where id = ${party.id}`;
  await service.call("POST", `${path}/complete`, { token: leader.token });
  const order = { userIds: [member.id] };
  const first = await post(leader, penaltyKey, order, `${path}/penalties`);
  assert.equal(first.body.penalised.length, 1);
  assert.deepEqual((await post(leader, penaltyKey, order, `${path}/penalties`)).body, first.body);
});

Deno.test("an Idempotency-Key that is empty, too long or not ASCII is named", async () => {
  const leader = await signUp(service), body = await newParty();
  for (const key of ["", "x".repeat(256), "caf\u00e9"]) {
    assertProblem(await post(leader, key, body), 422, "invalid-input", "/header/idempotency-key");
  }
});
