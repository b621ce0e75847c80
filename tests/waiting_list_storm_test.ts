/** The queue under any interleaving: nothing is overfilled, and the offer always goes to the earliest whose minimum fits. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { divideFairly } from "../services/fair_shares.ts";
import { leaveAllParties } from "../services/parties_of_leaver.ts";
import { expireOffers } from "../services/waiting_list.ts";
import { inTransaction } from "../services/transaction.ts";
import { movableClock, type TestService } from "./harness.ts";
import { actsOn, assertBooks, booksOf, letRunOut, newPeople, openPack, type Someone } from "./queue_world.ts";
import { createQueueModel } from "./queue_model.ts";
import { testNodes } from "./set_up.ts";

const clock = movableClock();
const nodes = testNodes({ clock });
Deno.test.beforeAll(async () => void await nodes[0].sql.unsafe(WITNESSES));

/**
 * The database itself looks at every offer as it is made, and at every change as it commits: one that skips somebody, or
 * whose counters are not those of its rows, fails its request.
 */
const WITNESSES = `
create function witness_offer() returns trigger language plpgsql as $$
begin
  if exists (
    select from party_members w join parties p on p.id = w.party_id
    where w.party_id = new.party_id and w.status = 'waiting' and w.offer_until is null and w.queue_no < new.queue_no
      and w.quantity_min <= p.quantity_left + new.offered_quantity)
  then raise exception 'somebody was skipped'; end if;
  return null;
end $$;
create trigger witness_offer after update on party_members for each row
  when (old.offer_until is null and new.offer_until is not null) execute function witness_offer();
create function witness_books() returns trigger language plpgsql as $$
begin
  if exists (
    select from parties p cross join lateral (
      select count(*) filter (where status = 'accepted') as members, count(offer_until) as offers,
        coalesce(sum(quantity) filter (where status = 'accepted'), 0) + coalesce(sum(offered_quantity), 0) as taken
      from party_members where party_id = p.id) m
    where p.id = new.id and (p.member_count, p.seats_offered, p.quantity_taken) <> (m.members, m.offers, m.taken))
  then raise exception 'the books are wrong'; end if;
  return null;
end $$;
create constraint trigger witness_books after update on parties deferrable initially deferred
  for each row execute function witness_books();
`;

const PEOPLE = 7;
const person = fc.nat(PEOPLE - 1), amount = fc.oneof(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 8 }));
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("join"),
      who: person,
      wish: amount,
      below: fc.nat(5),
      waits: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("decide"),
      who: person,
      status: fc.constantFrom("accepted", "rejected", "removed"),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("leave"), who: person }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("answer"), who: person, accept: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("expire") }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("withdraw"), who: person }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("confirm") }) },
) as fc.Arbitrary<Act>;

type Act =
  | { type: "join"; who: number; wish: number; below: number; waits: boolean }
  | { type: "decide"; who: number; status: "accepted" | "rejected" | "removed" }
  | { type: "leave" | "withdraw"; who: number }
  | { type: "answer"; who: number; accept: boolean }
  | { type: "expire" | "confirm" };

/** A party of whose pack the first person takes all there is, so that a queue forms at once; or one with room. */
const packs = fc.record({
  isTaken: fc.boolean(),
  quantity: fc.integer({ min: 3, max: 14 }),
  capacity: fc.integer({ min: 2, max: 5 }),
  leaderQuantity: fc.nat(3),
  autoAccept: fc.boolean(),
});

/** Does it by HTTP; the status, or 200 for what no request does. */
async function perform(node: TestService, party: { id: string }, people: Someone[], leader: Someone, each: Act) {
  const acts = actsOn(party, leader);
  switch (each.type) {
    case "join": {
      const body = { quantity: each.wish, quantityMin: minOf(each), waitlist: each.waits };
      return (await acts.join(node, people[each.who]!, body)).status;
    }
    case "decide":
      return (await acts.decide(node, people[each.who]!, each.status)).status;
    case "leave":
      return (await acts.leave(node, people[each.who]!)).status;
    case "answer":
      return (await acts.answer(node, people[each.who]!, each.accept)).status;
    case "confirm":
      return (await acts.confirm(node)).status;
    case "expire":
      clock.advance(16 * 60_000);
      // Both at once, beside the nodes' own workers; the one that comes first does it.
      await Promise.all(nodes.map(({ deps }) => expireOffers(deps, 100)));
      await letRunOut(node, party, 0);
      return 200;
    case "withdraw":
      await inTransaction(node.sql, (tx) => leaveAllParties(node.deps, tx, people[each.who]!.id));
      return 200;
  }
}

const minOf = ({ wish, below }: { wish: number; below: number }) => Math.max(1, wish - below);

Deno.test("Whatever is done in whatever order over two nodes, seats, shares, the queue and its offers are those of a model", async () => {
  let leader: Someone | undefined;
  const walk = fc.array(fc.tuple(act, fc.nat(1)), { minLength: 5, maxLength: 40, size: "max" });
  const check = fc.asyncProperty(packs, walk, async ({ isTaken, ...pack }, walk) => {
    const wish = pack.quantity - pack.leaderQuantity;
    const first: Act[] = [{ type: "join", who: 0, wish, below: 0, waits: false }, {
      type: "decide",
      who: 0,
      status: "accepted",
    }];
    const steps = [...(isTaken && wish > 0 ? first.map((each) => [each, 0] as const) : []), ...walk];
    leader ??= (await newPeople(nodes[0], 1))[0];
    const people = await newPeople(nodes[0], PEOPLE);
    const party = await openPack(nodes[0], leader, pack);
    const model = createQueueModel(pack, people.map(({ id }) => id), divideFairly);
    for (const [each, node] of steps) {
      const expected = model.apply("wish" in each ? { ...each, min: minOf(each) } : each);
      const got = await perform(nodes[node]!, party, people, leader, each);
      assert.equal(`${each.type} ${got}`, `${each.type} ${expected}`);
      assert.deepEqual(await booksOf(nodes[0], party), model.books());
      const { status, quantityLeft } = await actsOn(party, leader).read(nodes[0]);
      assert.deepEqual([status, quantityLeft], [model.status(), model.left()]);
    }
    await assertBooks(nodes[0], party);
  });
  await fc.assert(check, { numRuns: 100, interruptAfterTimeLimit: 120_000 });
});

Deno.test("Of a thousand acts at once over two nodes none overfills or skips anybody, and none fails", async () => {
  const [leader, ...people] = await newPeople(nodes[0], PEOPLE + 1) as [Someone, ...Someone[]];
  const parties = await Promise.all(
    Array.from(
      { length: 4 },
      // Seats for all in two of them, so that they stay open.
      (_, i) =>
        openPack(nodes[0], leader, {
          ...{ quantity: 9, leaderQuantity: 2, autoAccept: i % 2 === 0 },
          capacity: i < 2 ? PEOPLE + 2 : 4,
        }),
    ),
  );
  // Who was refused once is out of it for good: none is.
  const isFine = (each: Act) =>
    each.type !== "confirm" && each.type !== "expire" && !(each.type === "decide" && each.status !== "accepted");
  const acts = fc.sample(act.filter(isFine), 1_000);
  // All who find no room wait.
  for (const each of acts) if (each.type === "join") each.waits = true;
  const statuses = new Map<string, number>();
  // Eight at a time in each party: what waits for a lock longer than the others is not the point.
  await Promise.all(parties.flatMap((party, p) =>
    Array.from({ length: 8 }, async (_, lane) => {
      for (let i = p * 8 + lane; i < acts.length; i += 32) {
        const each = acts[i]!;
        if (i % 100 === 99) clock.advance(16 * 60_000);
        const status = await perform(nodes[i % 2]!, party, people, leader, each);
        assert.ok(status < 500, `${each.type} ${status}`);
        statuses.set(`${each.type} ${status}`, (statuses.get(`${each.type} ${status}`) ?? 0) + 1);
      }
    })
  ));
  for (const party of parties) {
    await letRunOut(nodes[0], party);
    await assertBooks(nodes[0], party);
  }
  for (const type of ["join 201", "leave 204"]) assert.ok(statuses.get(type)! > 0, `no ${type}`);
});
