/** The whole life of parties against its model: steps at random, each answered as the rules say, on two nodes. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { addPeople, type Neighbour } from "./alert_world.ts";
import { openParty, type Person, type TestService } from "./harness.ts";
import { memberCount, type Model, newModel, RULES } from "./party_model.ts";
import { testNodes } from "./set_up.ts";

const PEOPLE = 6, CAPACITY = 4, STEPS_MAX = 60;
/** On real servers; with all embedded a quarter of them, which has the same calls and rules. */
const STEPS = Deno.env.get("DATABASE_URL") ? 10_000 : 2_500;

const nodes = testNodes(), [here] = nodes;

/** The party as it really is. */
interface Real {
  id: string;
  leader: Neighbour;
  people: Neighbour[];
  step: number;
}

type Step = fc.AsyncCommand<Model, Real>;

/** A step: what the rules say, and the call that has to answer it; afterwards the rows are as the model has them. */
function step(
  name: string,
  rule: (model: Model) => string,
  call: (real: Real, at: TestService) => Promise<Reply>,
): Step {
  return {
    check: () => true,
    async run(model, real) {
      const { status, body } = await call(real, nodes[real.step++ % nodes.length]!);
      const expected = rule(model);
      assert.equal(status < 400 ? `${status}` : `${status} ${body.code}`, expected, name);
      await compare(model, real);
    },
    toString: () => name,
  };
}

type Reply = Awaited<ReturnType<TestService["call"]>>;
const path = ({ id }: Real) => `/api/parties/${id}`;
const person = fc.nat({ max: PEOPLE - 1 });
const asLeader = (method: string, what: string, body: unknown = {}) => (real: Real, at: TestService) =>
  at.call(method, `${path(real)}/${what}`, { token: real.leader.token, body });

const steps: fc.Arbitrary<Step>[] = [
  person.map((i) =>
    step(
      `join ${i}`,
      (model) => RULES.join(model, i),
      (real, at) => at.call("POST", `${path(real)}/join`, { token: real.people[i]!.token, body: { quantity: 1 } }),
    )
  ),
  fc.tuple(person, fc.constantFrom("accepted" as const, "accepted" as const, "rejected" as const, "removed" as const))
    .map(
      ([i, to]) =>
        step(
          `make ${i} ${to}`,
          (model) => RULES.decide(model, i, to),
          (real, at) =>
            at.call("PATCH", `${path(real)}/members/${real.people[i]!.id}`, {
              token: real.leader.token,
              body: { status: to },
            }),
        ),
    ),
  fc.tuple(person, fc.boolean()).map(([i, isLate]) =>
    step(
      `leave ${i} ${isLate}`,
      (model) => RULES.leave(model, i, isLate),
      (real, at) =>
        at.call("DELETE", `${path(real)}/members/me${isLate ? "?late=true" : ""}`, { token: real.people[i]!.token }),
    )
  ),
  fc.constant(step("confirm", RULES.confirm, asLeader("POST", "confirm"))),
  fc.constant(step("cancel", RULES.cancel, asLeader("POST", "cancel"))),
  fc.constant(step("complete", RULES.complete, asLeader("POST", "complete"))),
  fc.tuple(person, fc.boolean()).map(([i, attended]) =>
    step(
      `attend ${i} ${attended}`,
      (model) => RULES.attend(model, i, attended),
      (real, at) => asLeader("PUT", `members/${real.people[i]!.id}/attendance`, { attended })(real, at),
    )
  ),
  person.map((i) =>
    step(`check in ${i}`, (model) => RULES.checkIn(model, i), async (real, at) => {
      const shown = await at.call("GET", `${path(real)}/check-in`, { token: real.leader.token });
      const code = shown.body.code?.length === 6 ? shown.body.code : "000000";
      return await at.call("POST", `${path(real)}/check-in`, { token: real.people[i]!.token, body: { code } });
    })
  ),
  person.map((i) =>
    step(
      `penalise ${i}`,
      (model) => RULES.penalise(model, i),
      (real, at) => asLeader("POST", "penalties", { userIds: [real.people[i]!.id] })(real, at),
    )
  ),
  person.map((i) =>
    step(
      `report by ${i}`,
      (model) => RULES.report(model, i),
      (real, at) => at.call("POST", `${path(real)}/leader-report`, { token: real.people[i]!.token }),
    )
  ),
  fc.integer({ min: 1, max: 100_000 }).map((totalKrw) =>
    step(`settle ${totalKrw}`, RULES.settle, asLeader("PUT", "settlement", { totalKrw }))
  ),
  fc.tuple(person, fc.boolean()).map(([i, paid]) =>
    step(`pay ${i} ${paid}`, (model) => RULES.pay(model, i), (real, at) => {
      const { id, token } = real.people[i]!;
      return at.call("PUT", `${path(real)}/settlement/lines/${id}`, { token, body: { paid } });
    })
  ),
  fc.constant<Step>({
    // An open party whose time to join is over is ended by the worker, whenever that looks.
    check: ({ status, hasStarted }) => status === "confirmed" && !hasStarted,
    async run(model, { id }) {
      model.hasStarted = true;
      await here.sql`update parties set starts_at = now(), join_until = now() where id = ${id}`;
    },
    toString: () => "the start",
  }),
];

interface Rows {
  status: string;
  count: number;
  accepted: number;
  taken: number;
  sum: number;
  overfull: boolean;
  penalties: number;
  settlement: { total: number; lines: number; announced: number } | null;
  people: Record<string, string>;
}

/** The rows are as the model has them, and keep what the schema cannot. */
async function compare(model: Model, { id, people, leader }: Real): Promise<void> {
  const [rows] = await here.sql<Rows[]>`
    select p.status, p.member_count as count, p.quantity_taken as taken, p.quantity_taken > p.quantity as overfull,
      (select count(*)::int from party_members where party_id = p.id and status = 'accepted') as accepted,
      (select sum(quantity)::int from party_members where party_id = p.id and status = 'accepted') as sum,
      (select count(*)::int from penalties where party_id = p.id and user_id <> ${leader.id}) as penalties,
      (select json_object_agg(user_id, status) from party_members where party_id = p.id and role = 'member') as people,
      (select json_build_object(
          'total', total_krw,
          'lines', (select sum(amount_krw) from settlement_lines where party_id = p.id),
          'announced', total_krw - (
            select coalesce(sum(amount_krw), 0) from settlement_corrections where party_id = p.id))
        from settlements
        where party_id = p.id) as settlement
    from parties p
    where p.id = ${id}`;
  const { status, count, accepted, taken, sum, overfull, penalties, settlement } = rows!;
  assert.deepEqual([status, count, accepted, overfull], [model.status, memberCount(model), memberCount(model), false]);
  assert.equal(sum, taken);
  assert.equal(penalties, [...model.places.values()].filter(({ isPenalised }) => isPenalised).length);
  assert.equal(settlement !== null, model.isSettled);
  if (settlement) assert.equal(settlement.lines, settlement.total);
  const expected = [...model.places].map(([i, place]) => [people[i]!.id, place.status]);
  assert.deepEqual(rows!.people ?? {}, Object.fromEntries(expected));
}

Deno.test("thousands of random steps in the lives of parties are answered as the rules say, and leave the rows that they say", async () => {
  let taken = 0;
  const commands = fc.commands(steps, { maxCommands: STEPS_MAX, size: "max" });
  const life = fc.asyncProperty(fc.boolean(), commands, async (autoAccept, lives) => {
    const [leader, ...people] = await addPeople(here, PEOPLE + 1);
    const { id } = await openParty(here, leader! as unknown as Person, {
      capacity: CAPACITY,
      quantity: 10,
      unit: "ea",
      autoAccept,
    });
    const real: Real = { id, leader: leader!, people, step: 0 };
    await fc.asyncModelRun(() => ({ model: newModel({ capacity: CAPACITY, autoAccept }), real }), lives);
    taken += real.step;
  });
  while (taken < STEPS) await fc.assert(life, { numRuns: 20, endOnFailure: true });
});
