/** Waiting for a full party: the queue, and what is offered to whom. */
import assert from "node:assert/strict";
import { allTold } from "./alert_world.ts";
import { connectChat } from "./chat_client.ts";
import { assertProblem, movableClock, signUp } from "./harness.ts";
import {
  actsOn,
  assertBooks,
  booksOf,
  callAs,
  newPeople,
  offersOf,
  openPack,
  openTaken,
  typesOf,
} from "./queue_world.ts";
import { testNodes } from "./set_up.ts";

const clock = movableClock();
const [service, other] = testNodes({ clock });

Deno.test("POST /api/parties/:id/join with waitlist waits for a full party, open or confirmed, and without it is refused", async () => {
  const [a, b, c, d] = await newPeople(service, 4);
  const open = await openTaken(service), confirmed = await openTaken(service, { capacity: 2 });
  assert.equal((await confirmed.acts.read(service)).status, "confirmed");
  assertProblem(await open.acts.join(service, a), 409, "quantity-unavailable");
  assertProblem(await confirmed.acts.join(service, a), 409, "party-full");
  for (const { acts } of [open, confirmed]) {
    const { status, body } = await acts.wait(service, a, { quantity: 4, quantityMin: 2 });
    assert.deepEqual([status, body.status, body.place, body.offer], [201, "waiting", 1, null]);
    assert.deepEqual([body.quantity, body.quantityMin], [4, 2]);
    assert.equal((await acts.wait(other, b)).body.place, 2);
    assertProblem(await acts.wait(service, a), 409, "already-member");
    const { myRole, myQueue, quantityLeft } = await acts.read(other, b);
    assert.deepEqual([myRole, myQueue, quantityLeft], ["waiting", { place: 2, offer: null }, 0]);
    assertProblem(await acts.wait(service, c, { quantity: 6 }), 409, "quantity-unavailable");
  }
  const { body } = await callAs(service, b, "GET", "/api/me/parties?role=waiting");
  assert.deepEqual(body.items.map(({ id }: { id: string }) => id), [confirmed.party.id, open.party.id]);

  const roomy = await openTaken(service, { quantity: 20 });
  assert.equal((await roomy.acts.leave(service, roomy.member)).status, 204);
  assert.equal((await roomy.acts.wait(service, c)).body.status, "accepted", "there is room: nothing to wait for");
  await roomy.acts.confirm(service);
  assertProblem(await roomy.acts.wait(service, d, { quantity: 1 }), 409, "party-closed");
  const begun = await openTaken(service), now = clock.now();
  await service.sql`update parties set starts_at = ${now}, join_until = ${now} where id = ${begun.party.id}`;
  assertProblem(await begun.acts.wait(service, d), 409, "party-closed");
});

Deno.test("Of 200 who join at once for the last seat over two nodes one is in, and the others wait, each in a place of their own", async () => {
  const [leader, ...people] = await newPeople(service, 201);
  const party = await openPack(service, leader, { quantity: 1000, capacity: 2, leaderQuantity: 5 });
  const acts = actsOn(party, leader);
  const answers = await Promise.all(
    people.map((each, i) => acts.wait(i % 2 === 0 ? service : other, each, { quantity: 1 })),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
  assert.equal(answers.filter(({ body }) => body.status === "accepted").length, 1);
  const places = answers.map(({ body }) => body.place).filter((place) => place !== null);
  assert.deepEqual(places.toSorted((a, b) => a - b), Array.from({ length: 199 }, (_, i) => i + 1));
  await assertBooks(service, party);
});

Deno.test("Who waits is no member: no chat, no list of members, and the leader sees them", async () => {
  const [a] = await newPeople(service, 1);
  const { party, acts, leader } = await openTaken(service);
  await acts.wait(service, a);
  for (const path of ["members", "chat/entries"]) {
    assertProblem(await callAs(service, a, "GET", `/api/parties/${party.id}/${path}`), 403, "forbidden");
  }
  const { accessToken: token } = await service.deps.tokens.issue({
    userId: a.id,
    sessionId: a.sessionId,
    role: "user",
  });
  await using client = await connectChat(service, { token });
  client.say({ type: "subscribe", partyId: party.id });
  assert.equal((await client.heard("problem")).code, "forbidden");
  const { body } = await callAs(service, leader, "GET", `/api/parties/${party.id}/members`);
  assert.deepEqual(body.items.map((each: { status: string; place: number }) => [each.status, each.place]), [
    ["accepted", null],
    ["accepted", null],
    ["waiting", 1],
  ]);
});

Deno.test("What is freed is offered to the first whose minimum fits, is kept for them, and becomes their seat", async () => {
  const [big, small, late, guest] = await newPeople(service, 4);
  const { party, acts, member } = await openTaken(service, { quantity: 15, capacity: 5 });
  const [third] = await newPeople(service, 1);
  await acts.leave(service, member);
  await acts.join(service, member, { quantity: 6 });
  await acts.join(service, third, { quantity: 4 });
  await acts.wait(service, big, { quantity: 9, quantityMin: 7 });
  await acts.wait(service, small, { quantity: 5, quantityMin: 2 });
  await acts.wait(service, late, { quantity: 3, quantityMin: 1 });
  await acts.leave(other, member);
  assert.deepEqual(
    await offersOf(service, party),
    [[small.id, 5], [late.id, 1]],
    "9 do not fit, then 5 do, and of 3 one is left",
  );
  assert.equal((await acts.read(service)).quantityLeft, 0);
  assertProblem(await acts.join(service, guest, { quantity: 1 }), 409, "quantity-unavailable");
  const { myQueue } = await acts.read(service, small);
  assert.deepEqual([myQueue!.place, myQueue!.offer!.quantity], [2, 5]);
  await allTold(service, party);
  assert.deepEqual([await typesOf(service, big), await typesOf(service, small)], [[], ["offer.made"]]);
  const { items: [alert] } = (await callAs(service, small, "GET", "/api/alerts")).body;
  assert.match(alert.body, /까지 답해 주세요$/);

  assertProblem(await acts.answer(service, big, true), 409, "no-offer");
  assertProblem(await acts.answer(service, guest, true), 404, "not-found");
  const taken = await acts.answer(other, small, true);
  assert.deepEqual([taken.status, taken.body.status, taken.body.quantity, taken.body.place], [
    200,
    "accepted",
    5,
    null,
  ]);
  const { memberCount, myRole } = await acts.read(service, small);
  assert.deepEqual([memberCount, myRole], [3, "member"]);
  assertProblem(await acts.answer(service, small, true), 409, "no-offer");
  assert.equal((await acts.answer(service, late, false)).body.status, "left");
  assert.deepEqual((await acts.read(service)).quantityLeft, 1);
  assert.equal((await acts.read(service, big)).myQueue!.place, 1);
  await assertBooks(service, party);
});

Deno.test("A seat on offer is nobody else's, even while there is something left of the pack", async () => {
  const [a, pending, guest] = await newPeople(service, 3);
  const { party, acts, member, leader } = await openTaken(service, { capacity: 2, quantity: 30 });
  await service.sql`update parties set status = 'open', auto_accept = false, capacity = 3 where id = ${party.id}`;
  await acts.wait(service, a, { quantity: 1 });
  await acts.leave(service, member);
  await acts.join(service, pending, { quantity: 1 });
  const { status } = await callAs(service, leader, "PATCH", `/api/parties/${party.id}`, { capacity: 2 });
  assert.equal(status, 200);
  assert.deepEqual(await offersOf(service, party), [[a.id, 1]]);
  assertProblem(await acts.join(service, guest, { quantity: 1 }), 409, "party-full");
  assertProblem(await acts.decide(service, pending, "accepted"), 409, "party-full");
  assert.equal((await acts.wait(service, guest, { quantity: 1 })).body.place, 2);
  await assertBooks(service, party);
});

Deno.test("The offer that takes the last seat confirms an open party, and one of a confirmed party leaves it so", async () => {
  const [a, b] = await newPeople(service, 2);
  const { party, acts, member } = await openTaken(service, { capacity: 3 });
  await acts.wait(service, a, { quantity: 2 });
  await acts.wait(service, b, { quantity: 2 });
  await acts.leave(service, member);
  assert.equal((await acts.answer(service, a, true)).status, 200);
  assert.equal((await acts.answer(service, b, true)).status, 200);
  const now = await acts.read(service);
  assert.deepEqual([now.status, now.memberCount, now.quantityLeft], ["confirmed", 3, 1]);
  await assertBooks(service, party);
});

Deno.test("Leaving the queue moves the others up and passes an offer on; the leader may send somebody out of it, but not let them in", async () => {
  const [a, b, c, d] = await newPeople(service, 4);
  const { acts, member, party } = await openTaken(service);
  for (const each of [a, b, c, d]) await acts.wait(service, each, { quantity: 5 });
  await acts.leave(service, member);
  assertProblem(await acts.decide(service, b, "accepted"), 409, "party-state");
  assert.equal((await acts.leave(other, a)).status, 204);
  assert.deepEqual(await offersOf(service, party), [[b.id, 5]]);
  assert.equal((await acts.decide(service, b, "rejected")).body.status, "rejected");
  assert.deepEqual(await offersOf(service, party), [[c.id, 5]]);
  assert.equal((await acts.read(service, d)).myQueue!.place, 2);
  assertProblem(await acts.wait(service, b), 409, "join-refused");
  await allTold(service, party);
  assert.deepEqual(await typesOf(service, b), ["join.rejected", "offer.made"]);
  await assertBooks(service, party);
});

Deno.test("More seats, a removal and a withdrawal free something for those who wait, also in a confirmed party", async () => {
  const leader = await signUp(service), member = await signUp(service);
  const [a, b, c] = await newPeople(service, 3);
  const withSession = async ({ id }: { id: string }) => {
    const [{ sessionId }] = await service.sql<[{ sessionId: string }]>`
      select id as "sessionId" from sessions where user_id = ${id}`;
    return { id, sessionId };
  };
  const lead = await withSession(leader), fellow = await withSession(member);
  const party = await openPack(service, lead, { quantity: 20, capacity: 3, leaderQuantity: 5 });
  const acts = actsOn(party, lead);
  await acts.join(service, fellow, { quantity: 15 });
  await acts.wait(service, a, { quantity: 4 });
  await acts.wait(service, b, { quantity: 4 });
  await acts.wait(service, c, { quantity: 4 });
  await acts.decide(service, fellow, "removed");
  assert.deepEqual(await offersOf(service, party), [[a.id, 4], [b.id, 4]], "two seats");
  const change = (capacity: number) => callAs(service, lead, "PATCH", `/api/parties/${party.id}`, { capacity });
  assertProblem(await change(2), 422, "invalid-input", "/capacity");
  assert.equal((await change(4)).status, 200);
  assert.deepEqual(await offersOf(service, party), [[a.id, 4], [b.id, 4], [c.id, 4]]);

  const second = await openPack(service, lead, { quantity: 20, capacity: 2, leaderQuantity: 5 });
  const on = actsOn(second, lead), quitter = await signUp(service);
  await on.join(service, await withSession(quitter), { quantity: 15 });
  await on.wait(service, a, { quantity: 9, quantityMin: 3 });
  const gone = await service.call("DELETE", "/api/me", { token: quitter.token, body: { password: quitter.password } });
  assert.equal(gone.status, 204);
  assert.deepEqual(await offersOf(service, second), [[a.id, 9]]);
  await on.answer(service, a, true);
  const now = await on.read(service);
  assert.deepEqual([now.status, now.memberCount, now.quantityLeft], ["confirmed", 2, 6]);
  await assertBooks(service, party);
  await assertBooks(service, second);
});

Deno.test("A withdrawal takes a person out of the queue, and what was kept for them goes on", async () => {
  const quitter = await signUp(service);
  const [a] = await newPeople(service, 1);
  const { acts, member, party } = await openTaken(service);
  const waited = await service.call("POST", `/api/parties/${party.id}/join`, {
    token: quitter.token,
    body: { quantity: 5, waitlist: true },
  });
  assert.equal(waited.body.status, "waiting");
  await acts.wait(service, a, { quantity: 5 });
  await acts.leave(service, member);
  assert.deepEqual(await offersOf(service, party), [[quitter.id, 5]]);
  await service.call("DELETE", "/api/me", { token: quitter.token, body: { password: quitter.password } });
  assert.deepEqual(await offersOf(service, party), [[a.id, 5]]);
  await assertBooks(service, party);
});

Deno.test("A party that is called off takes its offers back and tells those who wait", async () => {
  const [a] = await newPeople(service, 1);
  const { acts, member, party, leader } = await openTaken(service);
  await acts.wait(service, a, { quantity: 5 });
  await acts.leave(service, member);
  assert.equal((await callAs(service, leader, "POST", `/api/parties/${party.id}/cancel`, {})).status, 200);
  assertProblem(await acts.answer(service, a, true), 409, "no-offer");
  await allTold(service, party);
  assert.deepEqual(await typesOf(service, a), ["offer.made", "party.cancelled"]);
  assert.equal((await acts.read(service)).quantityLeft, 5);
  await assertBooks(service, party);
});

Deno.test("The queue outlives the end of the recruiting, and what is on offer is not divided", async () => {
  const [a, b] = await newPeople(service, 2);
  const { acts, member, party } = await openTaken(service, { capacity: 5, quantity: 15 });
  const [eager] = await newPeople(service, 1);
  await acts.leave(service, member);
  await acts.join(service, member, { quantity: 8 });
  await acts.join(service, eager, { quantity: 20, quantityMin: 1 });
  await acts.wait(service, a, { quantity: 6 });
  await acts.wait(service, b, { quantity: 5 });
  await acts.leave(service, member);
  assert.deepEqual(await offersOf(service, party), [[a.id, 6]]);
  assert.equal((await acts.confirm(service)).body.quantityLeft, 0);
  assert.deepEqual((await booksOf(service, party)).find(({ userId }) => userId === eager.id)!.quantity, 4);
  assert.equal((await acts.answer(service, a, true)).body.quantity, 6);
  assert.equal((await acts.read(service, b)).myQueue!.place, 1);
  await assertBooks(service, party);
});
