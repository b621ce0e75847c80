/** Asking for a place, being let in or refused, leaving, attendance. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { inTransaction } from "../services/transaction.ts";
import { assertProblem, joinAccepted, openParty, type Person, poll, signUp, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const people = (count: number) => signUpAll(service, count);
const join = (party: { id: string }, { token }: Person, body: unknown = {}) =>
  service.call("POST", `/api/parties/${party.id}/join`, { token, body });
const decide = (party: { id: string }, leader: Person, member: Person, status: string) =>
  service.call("PATCH", `/api/parties/${party.id}/members/${member.id}`, { token: leader.token, body: { status } });
const leave = (party: { id: string }, { token }: Person) =>
  service.call("DELETE", `/api/parties/${party.id}/members/me`, { token });
const read = async (party: { id: string }, reader?: Person) =>
  (await service.call("GET", `/api/parties/${party.id}`, reader ? { token: reader.token } : {})).body;

Deno.test("POST /api/parties/:id/join asks for an even share of what is left, and takes no seat yet", async () => {
  const [leader, member] = await people(2) as [Person, Person];
  const party = await openParty(service, leader, { quantity: 10, unit: "ea", capacity: 4, leaderQuantity: 3 });
  const { status, body } = await join(party, member);
  assert.equal(status, 201);
  assert.deepEqual([body.userId, body.nickname, body.role, body.status, body.quantity, body.attended, body.penalised], [
    member.id,
    member.nickname,
    "member",
    "pending",
    2,
    null,
    false,
  ]);
  assert.equal(body.profile.penaltyCount, 0);
  const { memberCount, quantityLeft, myRole } = await read(party, member);
  assert.deepEqual([memberCount, quantityLeft, myRole], [1, 7, "pending"]);
});

Deno.test("POST /api/parties/:id/join with autoAccept lets in at once, and opens the chat", async () => {
  const [leader, member] = await people(2) as [Person, Person];
  const party = await openParty(service, leader, { autoAccept: true });
  assert.equal((await join(party, member, { quantity: 1000 })).body.status, "accepted");
  const { memberCount, quantityLeft, myRole, chat } = await read(party, member);
  assert.deepEqual([memberCount, quantityLeft, myRole, chat], [2, 6500, "member", { open: true, lastSeq: 1 }]);
});

Deno.test("POST /api/parties/:id/join refuses with the reason, and changes nothing", async () => {
  const [leader, member, late] = await people(3) as [Person, Person, Person];
  const party = await openParty(service, leader, { quantity: 10, unit: "ea", capacity: 2, leaderQuantity: 4 });
  assertProblem(await join(party, leader), 409, "already-member");
  assertProblem(await join(party, member, { quantity: 7 }), 409, "quantity-unavailable");
  assertProblem(await join(party, member, { quantity: 0 }), 422, "invalid-input", "/quantity");
  assertProblem(await join(party, member, { seats: 2 }), 422, "invalid-input", "/seats");
  assertProblem(await join({ id: v7() }, member), 404, "not-found");
  assertProblem(await service.call("POST", `/api/parties/${party.id}/join`, { body: {} }), 401, "unauthenticated");
  assert.equal((await join(party, member)).status, 201);
  assertProblem(await join(party, member), 409, "already-member");
  assert.equal((await decide(party, leader, member, "accepted")).status, 200);
  assertProblem(await join(party, member), 409, "already-member");
  assertProblem(await join(party, late), 409, "party-full");

  const over = await openParty(service, leader);
  await service.sql`update parties set join_until = now() - interval '1 second' where id = ${over.id}`;
  assertProblem(await join(over, late), 409, "party-closed");
  const confirmed = await openParty(service, leader), cancelled = await openParty(service, leader);
  await service.call("POST", `/api/parties/${confirmed.id}/confirm`, { token: leader.token });
  await service.call("POST", `/api/parties/${cancelled.id}/cancel`, { token: leader.token });
  assertProblem(await join(confirmed, late), 409, "party-closed");
  assertProblem(await join(cancelled, late), 409, "party-closed");
  const taken = await openParty(service, leader, { quantity: 3, unit: "ea", leaderQuantity: 3 });
  assertProblem(await join(taken, late), 409, "quantity-unavailable");
  const [{ count }] = await service.sql<
    [{ count: number }]
  >`select count(*) from party_members where user_id = ${late.id}`;
  assert.equal(count, 0);
});

Deno.test("POST /api/parties/:id/join refuses by what is so though somebody holds the party, and gives a seat by what is so after that", async () => {
  const [leader, member, late] = await people(3) as [Person, Person, Person];
  const full = await openParty(service, leader, { capacity: 2 });
  await joinAccepted(service, full, leader, member);
  await inTransaction(service.sql, async (tx) => {
    await tx`select from parties where id = ${full.id} for update`;
    assertProblem(await join(full, late), 409, "party-full");
    assertProblem(await join(full, member), 409, "already-member");
  });
  const free = await openParty(service, leader, { capacity: 2, autoAccept: true });
  let joining: ReturnType<typeof join>;
  await inTransaction(service.sql, async (tx) => {
    await tx`update parties set status = 'cancelled' where id = ${free.id}`;
    joining = join(free, late);
    await poll(async () => {
      const { count } = await service.sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      return count > 0;
    });
  });
  assertProblem(await joining!, 409, "party-closed");
});

Deno.test("the seat that fills a party confirms it, and who still waits gets a no", async () => {
  const [leader, first, second] = await people(3) as [Person, Person, Person];
  const party = await openParty(service, leader, { capacity: 2 });
  await join(party, first);
  await join(party, second);
  const accepted = await decide(party, leader, first, "accepted");
  assert.deepEqual([accepted.status, accepted.body.status], [200, "accepted"]);
  const { status, memberCount, chat } = await read(party);
  assert.deepEqual([status, memberCount, chat.open], ["confirmed", 2, true]);
  const { body } = await service.call("GET", `/api/parties/${party.id}/members`, { token: leader.token });
  assert.deepEqual(
    body.items.map((each: { userId: string; status: string }) => [each.userId, each.status]),
    [[leader.id, "accepted"], [first.id, "accepted"], [second.id, "rejected"]],
  );
});

Deno.test("PATCH /api/parties/:id/members/:userId is for the leader, for what is possible, and fine to repeat", async () => {
  const [leader, a, b, stranger] = await people(4) as [Person, Person, Person, Person];
  const party = await openParty(service, leader);
  await join(party, a);
  for (const caller of [a, b]) assertProblem(await decide(party, caller, a, "accepted"), 403, "forbidden");
  const path = `/api/parties/${party.id}/members/${a.id}`;
  assertProblem(await service.call("PATCH", path, { body: { status: "accepted" } }), 401, "unauthenticated");
  assertProblem(await decide(party, leader, stranger, "accepted"), 404, "not-found");
  assertProblem(await decide({ id: v7() }, leader, a, "accepted"), 404, "not-found");
  assertProblem(await decide(party, leader, a, "left"), 422, "invalid-input", "/status");
  assertProblem(await decide(party, leader, a, "removed"), 409, "party-state");
  assertProblem(await decide(party, leader, leader, "removed"), 409, "party-state");
  assert.equal((await decide(party, leader, a, "accepted")).status, 200);
  assert.equal((await decide(party, leader, a, "accepted")).status, 200, "the same again");
  assertProblem(await decide(party, leader, a, "rejected"), 409, "party-state");
  assert.equal((await read(party)).memberCount, 2);
  await join(party, b);
  assert.equal((await decide(party, leader, b, "rejected")).body.status, "rejected");
  assertProblem(await join(party, b), 409, "join-refused");
  assert.equal((await decide(party, leader, a, "removed")).body.status, "removed");
  assertProblem(await join(party, a), 409, "join-refused");
  const { memberCount, quantityLeft, chat } = await read(party);
  assert.deepEqual([memberCount, quantityLeft, chat.lastSeq], [1, 7500, 2], "seat and share are back, the chat knows");
});

Deno.test("PATCH to accepted never gives more than is left", async () => {
  const [leader, a, b] = await people(3) as [Person, Person, Person];
  const party = await openParty(service, leader, { quantity: 10, unit: "ea", leaderQuantity: 4 });
  await join(party, a, { quantity: 4 });
  await join(party, b, { quantity: 3 });
  assert.equal((await decide(party, leader, a, "accepted")).status, 200);
  assertProblem(await decide(party, leader, b, "accepted"), 409, "quantity-unavailable");
  const { memberCount, quantityLeft } = await read(party);
  assert.deepEqual([memberCount, quantityLeft], [2, 2]);
});

Deno.test("DELETE /api/parties/:id/members/me gives seat and share back, and who left may ask again", async () => {
  const [leader, member, stranger] = await people(3) as [Person, Person, Person];
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  assertProblem(await leave(party, leader), 409, "party-state");
  assertProblem(await leave(party, stranger), 404, "not-found");
  assertProblem(await leave({ id: v7() }, member), 404, "not-found");
  assertProblem(await service.call("DELETE", `/api/parties/${party.id}/members/me`), 401, "unauthenticated");
  assert.equal((await leave(party, member)).status, 204);
  assertProblem(await leave(party, member), 404, "not-found");
  const { memberCount, quantityLeft, myRole, chat } = await read(party, member);
  assert.deepEqual([memberCount, quantityLeft, myRole, chat.lastSeq], [1, 7500, "none", 2]);
  assert.equal((await join(party, member)).body.status, "pending");
  assert.equal((await leave(party, member)).status, 204, "an application, taken back");
  await joinAccepted(service, party, leader, member);
  await service.call("POST", `/api/parties/${party.id}/confirm`, { token: leader.token });
  assertProblem(await leave(party, member), 409, "party-state");
});

Deno.test("GET /api/parties/:id/members shows the leader all, members the accepted, and nobody else anything", async () => {
  const [leader, member, pending, stranger, gone] = await people(5) as [Person, Person, Person, Person, Person];
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  await joinAccepted(service, party, leader, gone);
  await leave(party, gone);
  await join(party, pending);
  const list = (reader: Person | null, query = "") =>
    service.call("GET", `/api/parties/${party.id}/members${query}`, reader ? { token: reader.token } : {});
  const shown = async (reader: Person, query = "") =>
    (await list(reader, query)).body.items.map((each: { userId: string }) => each.userId);
  assert.deepEqual(await shown(leader), [leader.id, member.id, gone.id, pending.id]);
  assert.deepEqual(await shown(member), [leader.id, member.id]);
  for (const reader of [pending, stranger, gone]) assertProblem(await list(reader), 403, "forbidden");
  assertProblem(await list(null), 401, "unauthenticated");
  assertProblem(await list(leader, "?cursor=x"), 422, "invalid-input", "/query/cursor");
  assertProblem(await list(leader, "?limit=101"), 422, "invalid-input", "/query/limit");
  assertProblem(await service.call("GET", `/api/parties/${v7()}/members`, { token: leader.token }), 404, "not-found");
  const pages: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const { body } = await list(leader, `?limit=1${cursor && `&cursor=${cursor}`}`);
    pages.push(...body.items.map((each: { userId: string }) => each.userId));
    cursor = body.nextCursor;
  }
  assert.deepEqual(pages, [leader.id, member.id, gone.id, pending.id]);
});

Deno.test("PUT attendance is for the leader, of the accepted, from the start on", async () => {
  const [leader, member, pending] = await people(3) as [Person, Person, Person];
  const party = await openParty(service, leader);
  await joinAccepted(service, party, leader, member);
  await join(party, pending);
  const mark = (caller: Person, who: Person, body: unknown = { attended: true }) =>
    service.call("PUT", `/api/parties/${party.id}/members/${who.id}/attendance`, { token: caller.token, body });
  assertProblem(await mark(leader, member), 409, "party-state");
  await service.call("POST", `/api/parties/${party.id}/confirm`, { token: leader.token });
  assertProblem(await mark(leader, member), 409, "party-not-started");
  await service.sql`update parties set starts_at = now() - interval '1 minute', join_until = now() - interval '1 minute'
    where id = ${party.id}`;
  assertProblem(await mark(member, member), 403, "forbidden");
  assertProblem(await mark(leader, pending), 404, "not-found");
  assertProblem(await mark(leader, member, { attended: "yes" }), 422, "invalid-input", "/attended");
  const path = `/api/parties/${party.id}/members/${member.id}/attendance`;
  assertProblem(await service.call("PUT", path, { body: { attended: true } }), 401, "unauthenticated");
  assert.equal((await mark(leader, member)).body.attended, true);
  assert.equal((await mark(leader, member, { attended: false })).body.attended, false);
});

Deno.test("POST /api/parties/:id/join never overfills, even when 200 join at once for the last seat", async () => {
  const leader = await signUp(service);
  const party = await openParty(service, leader, { capacity: 2, autoAccept: true });
  const joiners = await crowd(200);
  const answers = await Promise.all(joiners.map((joiner) => join(party, joiner)));
  const won = answers.filter((answer) => answer.status === 201);
  assert.equal(won.length, 1);
  for (const answer of answers) if (answer.status !== 201) assertProblem(answer, 409, "party-full");
  const { status, memberCount } = await read(party);
  assert.deepEqual([status, memberCount], ["confirmed", 2]);
  const [{ count }] = await service.sql<[{ count: number }]>`
    select count(*) from party_members where party_id = ${party.id} and status = 'accepted'`;
  assert.equal(count, 2);
});

Deno.test("a storm of joins, decisions and leaves keeps seats, shares and the chat's numbers in step", async () => {
  const leader = await signUp(service);
  const party = await openParty(service, leader, { quantity: 1000, unit: "ea", capacity: 6, leaderQuantity: 10 });
  const crowded = await crowd(12);
  await Promise.all(crowded.map(async (person, i) => {
    for (let round = 0; round < 4; round++) {
      await join(party, person, { quantity: 10 + i });
      await decide(party, leader, person, "accepted");
      if ((i + round) % 3 === 0) await leave(party, person);
    }
  }));
  const [state] = await service.sql`
    select p.member_count = (select count(*) from party_members m where m.party_id = p.id and m.status = 'accepted')
        as "seatsAgree",
      p.quantity_taken = (select sum(quantity) from party_members m where m.party_id = p.id and m.status = 'accepted')
        as "sharesAgree",
      (select array_agg(seq order by seq) from chat_entries e where e.party_id = p.id)
        = (select array_agg(n) from generate_series(1, r.last_seq) n) as "numbersAgree"
    from parties p
    join chat_rooms r on r.party_id = p.id
    where p.id = ${party.id}`;
  assert.deepEqual({ ...state }, { seatsAgree: true, sharesAgree: true, numbersAgree: true });
});

/** Many people at once: rows and tokens without the cost of a password hash each. */
async function crowd(count: number): Promise<Person[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const id = v7(), sessionId = v7(), nickname = id.slice(-12), email = `${id}@example.com`;
    await service.sql`
      insert into users (id, email, password_hash, nickname, terms_at, privacy_at, created_at)
      values (${id}, ${email}, '-', ${nickname}, now(), now(), now())`;
    await service.sql`
      insert into sessions (id, user_id, created_at, expires_at)
      values (${sessionId}, ${id}, now(), now() + interval '1 hour')`;
    const { accessToken: token } = await service.deps.tokens.issue({ userId: id, sessionId, role: "user" });
    return { id, token, nickname, email, password: "", refreshToken: "" };
  }));
}
