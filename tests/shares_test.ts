/** Shares of a pack: wishes and what one would make do with, what is left, what it costs, and the division at the end. */
import assert from "node:assert/strict";
import { connectChat } from "./chat_client.ts";
import { assertProblem, poll } from "./harness.ts";
import { actsOn, assertBooks, booksOf, callAs, newPeople, openPack, type Someone } from "./queue_world.ts";
import { testService } from "./set_up.ts";

const service = testService();

const sharesOf = async (party: { id: string }) =>
  Object.fromEntries((await booksOf(service, party)).map(({ userId, quantity }) => [userId, quantity]));

Deno.test("POST /api/parties/:id/join takes a wish and a minimum, the minimum being the wish unless told", async () => {
  const [leader, a, b] = await newPeople(service, 3) as [Someone, Someone, Someone];
  const party = await openPack(service, leader, { quantity: 20, capacity: 4, leaderQuantity: 5, autoAccept: false });
  const { join } = actsOn(party, leader);
  const amounts = ({ body }: { body: Record<string, unknown> }) => [body.quantity, body.quantityMin, body.quantityWish];
  assert.deepEqual(amounts(await join(service, a, { quantity: 8, quantityMin: 3 })), [8, 3, 8]);
  assert.deepEqual(amounts(await join(service, b)), [5, 5, 5]);
  const wrong = await join(service, b, { quantity: 3, quantityMin: 4 });
  assertProblem(wrong, 422, "invalid-input", "/quantityMin");
});

Deno.test("Whoever is accepted gets what is left if that is between their minimum and their wish, and nothing below it", async () => {
  const [leader, a, b, c] = await newPeople(service, 4) as [Someone, Someone, Someone, Someone];
  const party = await openPack(service, leader, { quantity: 20, capacity: 5, leaderQuantity: 5, autoAccept: false });
  const { join, decide, read } = actsOn(party, leader);
  await join(service, a, { quantity: 10 });
  await join(service, b, { quantity: 9, quantityMin: 4 });
  await join(service, c, { quantity: 3, quantityMin: 1 });
  assert.equal((await decide(service, a, "accepted")).body.quantity, 10);
  const { body } = await decide(service, b, "accepted");
  assert.deepEqual([body.quantity, body.quantityMin, body.quantityWish], [5, 4, 9]);
  assertProblem(await decide(service, c, "accepted"), 409, "quantity-unavailable");
  assert.equal((await read(service)).quantityLeft, 0);
  await assertBooks(service, party);
});

Deno.test("With autoAccept a wish that is more than what is left is met as far as it goes", async () => {
  const [leader, a, b] = await newPeople(service, 3) as [Someone, Someone, Someone];
  const party = await openPack(service, leader, { quantity: 10, capacity: 5, leaderQuantity: 4 });
  const { join } = actsOn(party, leader);
  assert.equal((await join(service, a, { quantity: 9, quantityMin: 2 })).body.quantity, 6);
  assertProblem(await join(service, b, { quantity: 1 }), 409, "quantity-unavailable");
});

Deno.test("A party's unit price is that of 100 g, 100 mL or one piece, to the nearest won, halves up", async () => {
  const [leader] = await newPeople(service, 1) as [Someone];
  const party = await openPack(service, leader, { quantity: 8, capacity: 2, leaderQuantity: 4 });
  const { market: { id: marketId }, item: { id: itemId }, startsAt, endsAt } = party;
  const common = { marketId, itemId, startsAt, endsAt, capacity: 2 };
  const priced = async (quantity: number, unit: string, priceKrw?: number) =>
    (await callAs(service, leader, "POST", "/api/parties", { ...common, quantity, unit, priceKrw })).body.unitPrice;
  assert.deepEqual(await priced(10_000, "g", 24_000), { krw: 240, per: 100, unit: "g" });
  assert.deepEqual(await priced(1_500, "mL", 3_980), { krw: 265, per: 100, unit: "mL" });
  assert.deepEqual(await priced(8, "ea", 10_004), { krw: 1251, per: 1, unit: "ea" });
  assert.deepEqual(await priced(8, "ea", 10_003), { krw: 1250, per: 1, unit: "ea" });
  assert.deepEqual(await priced(8, "ea", 0), { krw: 0, per: 1, unit: "ea" });
  assert.equal(await priced(8, "ea"), null);
});

Deno.test("When the leader confirms, the pack is divided anew: the smallest share first, and nobody gets what they did not wish for", async () => {
  const [leader, a, b, c] = await newPeople(service, 4) as [Someone, Someone, Someone, Someone];
  const party = await openPack(service, leader, { quantity: 30, capacity: 6, leaderQuantity: 5 });
  const { join, confirm } = actsOn(party, leader);
  await join(service, a, { quantity: 20, quantityMin: 8 });
  await join(service, b, { quantity: 10, quantityMin: 2 });
  await join(service, c, { quantity: 1 }).then((answer) => assertProblem(answer, 409, "quantity-unavailable"));
  assert.deepEqual(await sharesOf(party), { [a.id]: 20, [b.id]: 5 });
  const { body } = await confirm(service);
  assert.deepEqual([body.status, body.quantityLeft, body.leaderQuantity], ["confirmed", 0, 5]);
  assert.deepEqual(await sharesOf(party), { [a.id]: 15, [b.id]: 10 });

  const other = await openPack(service, leader, { quantity: 30, capacity: 6, leaderQuantity: 5 });
  const acts = actsOn(other, leader);
  await acts.join(service, a, { quantity: 20 });
  await acts.join(service, b, { quantity: 9, quantityMin: 2 });
  await acts.leave(service, a);
  await acts.confirm(service);
  assert.deepEqual((await sharesOf(other))[b.id], 9);
  assert.equal((await acts.read(service)).quantityLeft, 16, "the leader is forced to nothing");
  await assertBooks(service, other);
});

Deno.test("The pack is divided anew, too, when the last seat is taken, and when the time to join is over", async () => {
  const [leader, a, b] = await newPeople(service, 3) as [Someone, Someone, Someone];
  const filled = await openPack(service, leader, { quantity: 10, capacity: 3, leaderQuantity: 0 });
  await actsOn(filled, leader).join(service, a, { quantity: 9, quantityMin: 1 });
  const last = await actsOn(filled, leader).join(service, b, { quantity: 9, quantityMin: 1 });
  assert.equal(last.body.quantity, 5);
  assert.deepEqual(await sharesOf(filled), { [a.id]: 5, [b.id]: 5 });

  const overdue = await openPack(service, leader, { quantity: 10, capacity: 4, leaderQuantity: 0 });
  await actsOn(overdue, leader).join(service, a, { quantity: 7, quantityMin: 1 });
  await actsOn(overdue, leader).join(service, b, { quantity: 9, quantityMin: 1 });
  assert.deepEqual(await sharesOf(overdue), { [a.id]: 7, [b.id]: 3 });
  await service.sql`update parties set join_until = now() - interval '1 second' where id = ${overdue.id}`;
  await poll(async () => (await actsOn(overdue, leader).read(service)).status === "confirmed");
  assert.deepEqual(await sharesOf(overdue), { [a.id]: 5, [b.id]: 5 });
  await assertBooks(service, overdue);
});

Deno.test("Those in the chat are told what is left as it changes", async () => {
  const [leader, a, b] = await newPeople(service, 3) as [Someone, Someone, Someone];
  const party = await openPack(service, leader, { quantity: 30, capacity: 6, leaderQuantity: 5 });
  const { join, leave, read } = actsOn(party, leader);
  await join(service, a, { quantity: 4 });
  const { accessToken: token } = await service.deps.tokens.issue({
    userId: a.id,
    sessionId: a.sessionId,
    role: "user",
  });
  await using client = await connectChat(service, { token });
  await client.subscribe(party.id);
  await join(service, b, { quantity: 6 });
  const { version, status, memberCount } = await client.heard("party", (frame) => frame.quantityLeft === 15);
  const now = await read(service);
  assert.deepEqual([version, status, memberCount], [now.version, "open", 3]);
  await leave(service, b);
  await client.heard("party", (frame) => frame.quantityLeft === 21 && frame.memberCount === 2);
});
