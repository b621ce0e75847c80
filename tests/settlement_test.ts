/** Settling a party: who may, what everyone sees, corrections in the open, and marks from both sides. */
import assert from "node:assert/strict";
import { systemClock } from "../adapters/clock_system.ts";
import { remindToPay } from "../services/settlement_reminders.ts";
import { sweep } from "../workers/sweep.ts";
import { assertProblem, joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";
import { partyWith } from "./trust_world.ts";

const service = testService();

interface Line {
  userId: string;
  amountKrw: number;
  openKrw: number;
  paidAt: string | null;
}

const path = (party: { id: string }) => `/api/parties/${party.id}/settlement`;
const settle = (party: { id: string }, { token }: Person, body: unknown) =>
  service.call("PUT", path(party), { token, body });
const look = (party: { id: string }, { token }: Person) => service.call("GET", path(party), { token });
const mark = (party: { id: string }, { token }: Person, who: Person, paid: boolean) =>
  service.call("PUT", `${path(party)}/lines/${who.id}`, { token, body: { paid } });
const amounts = ({ lines }: { lines: Line[] }) =>
  Object.fromEntries(lines.map(({ userId, amountKrw }) => [userId, amountKrw]));
const lineOf = ({ lines }: { lines: Line[] }, { id }: Person) => lines.find(({ userId }) => userId === id)!;

/** A party that is over, with these members, all of whom take the same. */
const doneParty = (leader: Person, members: Person[]) => partyWith(service, leader, members, { status: "done" });

Deno.test("PUT …/settlement divides the receipt by what each took; those who did not come took nothing", async () => {
  const [leader, a, b, c] = await signUpAll(service, 4);
  const party = await doneParty(leader, [a, b, c]);
  await service.call("PUT", `/api/parties/${party.id}/members/${c.id}/attendance`, {
    token: leader.token,
    body: { attended: false },
  });
  const { status, body } = await settle(party, leader, { totalKrw: 20_000, account: "모아은행 123-456 김모아" });
  assert.equal(status, 200);
  assert.equal(Object.values(amounts(body)).reduce((sum, each) => sum + each, 0), 20_000);
  assert.deepEqual(Object.keys(amounts(body)).toSorted(), [leader.id, a.id, b.id].toSorted());
  assert.deepEqual([body.totalKrw, body.account, body.corrections, body.settledAt], [
    20_000,
    "모아은행 123-456 김모아",
    [],
    null,
  ]);
  assert.ok(lineOf(body, leader).paidAt, "the leader has paid at the till");
  assert.deepEqual((await look(party, c)).body, body);
});

Deno.test("quantities as really taken and costs that all bear are divided to the won", async () => {
  const [leader, a, b, c] = await signUpAll(service, 4);
  const party = await doneParty(leader, [a, b, c]);
  const shares = [leader, a, b].map(({ id }, i) => ({ userId: id, quantity: [1, 1, 2][i]! }));
  const { body } = await settle(party, leader, { totalKrw: 10_003, sharedKrw: 3_000, shares });
  assert.deepEqual(Object.values(amounts(body)).toSorted(), [2_751, 2_751, 4_501]);
  assert.equal(amounts(body)[b.id], 4_501);
  assert.equal(amounts(body)[c.id], undefined);
});

Deno.test("a correction is kept, signed; the line that it changes is open again by the difference, and the others stay", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const party = await doneParty(leader, [a, b]);
  const shares = (...quantities: number[]) =>
    [leader, a, b].map(({ id }, i) => ({ userId: id, quantity: quantities[i]! }));
  await settle(party, leader, { totalKrw: 9_000, shares: shares(1, 1, 1) });
  for (const who of [a, b]) await mark(party, who, who, true);
  const { frozenAt, settledAt } = (await look(party, a)).body;
  assert.ok(settledAt);
  const { body } = await settle(party, leader, { totalKrw: 10_000, shares: shares(3, 4, 3) });
  assert.deepEqual(amounts(body), { [leader.id]: 3_000, [a.id]: 4_000, [b.id]: 3_000 });
  assert.deepEqual(body.corrections.map(({ userId, amountKrw }: Line) => [userId, amountKrw]), [[a.id, 1_000]]);
  assert.deepEqual([lineOf(body, a).openKrw, lineOf(body, a).paidAt, body.settledAt], [1_000, null, null]);
  assert.ok(lineOf(body, b).paidAt);
  assert.equal(body.frozenAt, frozenAt);
  const paid = await mark(party, leader, a, true);
  assert.deepEqual([lineOf(paid.body, a).openKrw, paid.body.settledAt !== null], [0, true]);
});

Deno.test("the same order again changes nothing; who is no longer in it gets their part back", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const party = await doneParty(leader, [a, b]);
  const { body: first } = await settle(party, leader, { totalKrw: 9_001 });
  await mark(party, b, b, true);
  const { body: marked } = await look(party, a);
  assert.deepEqual((await settle(party, leader, { totalKrw: 9_001 })).body, marked);
  const without = [leader, a].map(({ id }) => ({ userId: id, quantity: 1 }));
  const { body } = await settle(party, leader, { totalKrw: 9_001, shares: without });
  assert.deepEqual([amounts(body)[b.id], lineOf(body, b).openKrw], [0, 0]);
  const corrected = body.corrections.reduce((sum: number, { amountKrw }: Line) => sum + amountKrw, 0);
  assert.deepEqual([corrected, Object.values(amounts(body)).reduce((sum, each) => sum + each, 0)], [0, 9_001]);
  assert.equal(first.totalKrw, 9_001);
});

Deno.test("a line counts as paid as soon as its person or the leader says so, until both take it back", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const party = await doneParty(leader, [a, b]);
  await settle(party, leader, { totalKrw: 6_000 });
  const paidAt = async (by: Person, paid: boolean) => lineOf((await mark(party, by, a, paid)).body, a).paidAt;
  assert.ok(await paidAt(a, true));
  assert.ok(await paidAt(leader, true));
  assert.ok(await paidAt(a, false), "the leader still says so");
  assert.equal(await paidAt(leader, false), null);
  assertProblem(await mark(party, b, a, true), 403, "forbidden");
});

Deno.test("who paid the extra won last time does not pay it this time", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const shares = [leader, a, b].map(({ id }) => ({ userId: id, quantity: 1 }));
  const extra: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { body } = await settle(await doneParty(leader, [a, b]), leader, { totalKrw: 10_000, shares });
    extra.push(body.lines.find(({ amountKrw }: Line) => amountKrw === 3_334).userId);
  }
  assert.deepEqual(extra.toSorted(), [leader.id, a.id, b.id].toSorted());
});

Deno.test("corrections and marks at once leave lines that add up, and each won accounted for", async () => {
  const [leader, a, b, c] = await signUpAll(service, 4);
  const party = await doneParty(leader, [a, b, c]);
  await settle(party, leader, { totalKrw: 10_000 });
  await Promise.all(
    Array.from(
      { length: 40 },
      (_, i) =>
        i % 2
          ? settle(party, leader, { totalKrw: 10_000 + i * 7 })
          : mark(party, [a, b, c][i % 3]!, [a, b, c][i % 3]!, i % 4 === 0),
    ),
  );
  const [row] = await service.sql<{ total: number; lines: number; corrections: number }[]>`
    select total_krw as total,
      (select sum(amount_krw)::int from settlement_lines where party_id = s.party_id) as lines,
      (select sum(amount_krw)::int from settlement_corrections where party_id = s.party_id) as corrections
    from settlements s
    where party_id = ${party.id}`;
  assert.deepEqual([row!.lines, 10_000 + row!.corrections], [row!.total, row!.total]);
});

Deno.test("PUT …/settlement refuses what is not over, who does not lead, strangers among the shares, and sums that cannot be", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const open = await openParty(service, leader);
  await joinAccepted(service, open, leader, a);
  assertProblem(await settle(open, leader, { totalKrw: 1_000 }), 409, "party-state");
  const party = await doneParty(leader, [a]);
  assertProblem(await look(party, a), 404, "not-found");
  assertProblem(await settle(party, a, { totalKrw: 1_000 }), 403, "forbidden");
  const order = { totalKrw: 1_000, shares: [{ userId: leader.id, quantity: 1 }] };
  const refused = (more: unknown, pointer: string) =>
    settle(party, leader, { ...order, ...more as object }).then((answer) =>
      assertProblem(answer, 422, "invalid-input", pointer)
    );
  await refused({ shares: [{ userId: a.id, quantity: 1 }, { userId: b.id, quantity: 1 }] }, "/shares/1/userId");
  await refused({ shares: [{ userId: a.id, quantity: 0 }] }, "/shares");
  await refused({ shares: [{ userId: a.id, quantity: 1 }, { userId: a.id, quantity: 1 }] }, "/shares");
  await refused({ totalKrw: 0 }, "/totalKrw");
  await refused({ sharedKrw: 1_001 }, "/sharedKrw");
  assertProblem(await look(party, a), 404, "not-found");
  assertProblem(await look(party, b), 403, "forbidden");
});

Deno.test("whoever owes something is asked once, again for what a correction changes, and once more after two days", async () => {
  const [leader, a, b] = await signUpAll(service, 3);
  const party = await doneParty(leader, [a, b]);
  const asked = async () => {
    const rows = await service.sql<{ userId: string; openKrw: number }[]>`
      select payload ->> 'userId' as "userId", (payload ->> 'openKrw')::int as "openKrw"
      from events
      where party_id = ${party.id} and type = 'settlement.requested'
      order by id`;
    return rows.map(({ userId, openKrw }) => [userId, openKrw]);
  };
  const shares = [leader, a, b].map(({ id }) => ({ userId: id, quantity: 1 }));
  await settle(party, leader, { totalKrw: 9_000, shares });
  await settle(party, leader, { totalKrw: 9_000, shares });
  assert.deepEqual((await asked()).toSorted(), [[a.id, 3_000], [b.id, 3_000]].toSorted());
  await mark(party, b, b, true);
  const lessForA = shares.map((share) => ({ ...share, quantity: share.userId === a.id ? 1 : 2 }));
  await settle(party, leader, { totalKrw: 7_500, shares: lessForA });
  assert.deepEqual((await asked()).slice(2), [[a.id, 1_500]]);
  const remind = (days: number) =>
    remindToPay(
      { ...service.deps, clock: { now: () => new Date(systemClock.now().getTime() + days * 86_400_000) } },
      100,
    );
  await remind(1.9);
  assert.equal((await asked()).length, 3);
  await Promise.all([remind(2.1), remind(2.1), remind(2.1)]);
  await remind(5);
  assert.deepEqual((await asked()).slice(3), [[a.id, 1_500]]);
});

Deno.test("where to pay to is erased a week after the last line was paid, and at once when the leader withdraws", async () => {
  const [leader, a] = await signUpAll(service, 2);
  const clock = (days: number) => ({ now: () => new Date(systemClock.now().getTime() + days * 86_400_000) });
  const sweepIn = (days: number) => sweep({ sql: service.sql, clock: clock(days) }, new AbortController().signal);
  const accountOf = async (party: { id: string }) => (await look(party, a)).body.account;
  const [paid, open] = [await doneParty(leader, [a]), await doneParty(leader, [a])];
  for (const party of [paid, open]) await settle(party, leader, { totalKrw: 8_000, account: "모아은행 123-456" });
  await mark(paid, a, a, true);
  await sweepIn(6);
  assert.equal(await accountOf(paid), "모아은행 123-456");
  await sweepIn(8);
  assert.deepEqual([await accountOf(paid), await accountOf(open)], [null, "모아은행 123-456"]);
  await service.call("DELETE", "/api/me", { token: leader.token, body: { password: leader.password } });
  assert.equal(await accountOf(open), null);
});
