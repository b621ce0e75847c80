import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { EVENT_TYPES } from "../contract/events.ts";
import { whoMayBePushed } from "../services/alert_preferences.ts";
import { addParty, addPeople, allTold, inboxOf, type Neighbour, partyWithFans, tell } from "./alert_world.ts";
import { openEvents } from "./event_stream.ts";
import { assertProblem, signUp } from "./harness.ts";
import { watchStatements } from "./query_plans.ts";
import { testService } from "./set_up.ts";

const service = testService();

const PATH = "/api/me/alert-preferences";
const NIGHT = { from: "21:00", to: "08:00", timezone: "Asia/Seoul" };
const read = async ({ token }: { token: string }) => (await service.call("GET", PATH, { token })).body;

async function choose({ token }: { token: string }, body: unknown): Promise<void> {
  const answer = await service.call("PUT", PATH, { token, body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(answer.body, await read({ token }));
}

/** Someone and the leader of a party, who lets them know by an event about them. */
async function withLeader() {
  const [reader, leader] = await addPeople(service, 2) as [Neighbour, Neighbour];
  const party = await addParty(service, leader.id);
  const about = { partyId: party.id, actorId: leader.id, userId: reader.id };
  const alert = async (...types: ("join.accepted" | "join.rejected" | "member.removed")[]) => {
    for (const type of types) {
      await tell(service, { type, ...about });
      await allTold(service, party);
    }
  };
  return { reader, alert };
}

Deno.test("Until a person chooses, they get every type in every way, and nights are quiet", async () => {
  const [person] = await addPeople(service, 1);
  const { types, quietHours } = await read(person!);
  assert.deepEqual(Object.keys(types).toSorted(), [...EVENT_TYPES].toSorted());
  assert.deepEqual(Object.values(types), EVENT_TYPES.map(() => ({ stream: true, push: true })));
  assert.deepEqual(quietHours, NIGHT);
});

Deno.test("PUT /api/me/alert-preferences replaces the choice whole: what is left out is as by default", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const off = { stream: false, push: false }, on = { stream: true, push: true };
  const quietHours = { from: "12:00", to: "13:30", timezone: "America/New_York" };
  await choose(person, { types: { "party.created": off, "join.requested": { push: false } }, quietHours });
  const first = await read(person);
  assert.deepEqual(first.types["party.created"], off);
  assert.deepEqual(first.types["join.requested"], { stream: true, push: false });
  assert.deepEqual(first.types["party.cancelled"], on);
  assert.deepEqual(first.quietHours, quietHours);
  await choose(person, first);
  assert.deepEqual(await read(person), first);
  await choose(person, { quietHours: null });
  const second = await read(person);
  assert.deepEqual([second.types["party.created"], second.quietHours], [on, null]);
  await choose(person, {});
  assert.deepEqual((await read(person)).quietHours, NIGHT);
});

Deno.test("A choice that cannot be is refused with the name of the field, and the last one stands", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  await choose(person, { quietHours: null });
  const kept = await read(person);
  const hours = (change: object) => ({ quietHours: { ...NIGHT, ...change } });
  for (
    const [body, pointer] of [
      [{ types: { "party.exploded": { stream: true, push: true } } }, "/types/party.exploded"],
      [{ types: { "party.created": { stream: "no", push: true } } }, "/types/party.created/stream"],
      [{ types: { "party.created": { email: true } } }, "/types/party.created/email"],
      [hours({ from: "24:00" }), "/quietHours/from"],
      [hours({ to: "8:00" }), "/quietHours/to"],
      [hours({ to: "21:00" }), "/quietHours/to"],
      [hours({ timezone: "Mars/Olympus" }), "/quietHours/timezone"],
      [hours({ timezone: "+09:00" }), "/quietHours/timezone"],
      [hours({ timezone: "IST" }), "/quietHours/timezone"],
      // The runtime knows this one, PostgreSQL does not.
      [hours({ timezone: "US/Pacific-New" }), "/quietHours/timezone"],
      [hours({ timezone: "" }), "/quietHours/timezone"],
      [{ quietHours: {} }, "/quietHours/from"],
      [{ stream: true }, "/stream"],
    ] as const
  ) {
    const answer = await service.call("PUT", PATH, { token: person.token, body });
    assertProblem(answer, 422, "invalid-input", pointer);
  }
  assert.deepEqual(await read(person), kept);
});

Deno.test("Every time zone that is taken is one that the database knows", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const taken: string[] = [];
  for (const timezone of [...Intl.supportedValuesOf("timeZone").filter((_, i) => i % 20 === 0), "UTC", "Etc/GMT+9"]) {
    const { status } = await service.call("PUT", PATH, {
      token: person.token,
      body: { quietHours: { ...NIGHT, timezone } },
    });
    if (status !== 200) assert.equal(status, 422, timezone);
    else taken.push(timezone);
    assert.equal((await whoMayBePushed(service, [{ userId: person.id, type: "chat.opened" }], new Date())).length, 1);
  }
  assert.ok(taken.length > 15, taken.join());
});

Deno.test("A type that is wanted in no way makes no alert and takes no number, and only for who chose so", async () => {
  const { reader, alert } = await withLeader();
  await choose(reader, { types: { "join.rejected": { stream: false, push: false } } });
  await using stream = await openEvents(`${service.url}/api/alerts/stream`, { token: reader.token });
  await stream.take("ready", 1);
  await alert("join.accepted", "join.rejected", "member.removed");
  const sent = await stream.take("alert", 2);
  assert.deepEqual(sent.map(({ data }) => [data.seq, data.type]), [[1, "join.accepted"], [2, "member.removed"]]);
  const { body } = await service.call("GET", "/api/alerts", { token: reader.token });
  assert.deepEqual([body.lastSeq, body.unreadCount, body.items.length], [2, 2, 2]);
  await choose(reader, {});
  await alert("join.rejected");
  assert.deepEqual((await inboxOf(service, reader)).map(({ type }) => type), [
    "join.accepted",
    "member.removed",
    "join.rejected",
  ]);
});

Deno.test("A type that is wanted by push alone is in the inbox with its number, and passed over by streams, also when they resume", async () => {
  const { reader, alert } = await withLeader();
  await choose(reader, { types: { "join.rejected": { stream: false, push: true } } });
  await using live = await openEvents(`${service.url}/api/alerts/stream`, { token: reader.token });
  await live.take("ready", 1);
  await alert("join.accepted", "join.rejected", "member.removed");
  const seqs = async (stream: typeof live) => (await stream.take("alert", 2)).map(({ data }) => data.seq);
  assert.deepEqual(await seqs(live), [1, 3]);
  const { body } = await service.call("GET", "/api/alerts", { token: reader.token });
  assert.deepEqual([body.lastSeq, body.unreadCount], [3, 3]);
  assert.deepEqual(body.items.map(({ seq }: { seq: number }) => seq), [3, 2, 1]);
  // What was decided when it was written stands, whatever is chosen later.
  await choose(reader, {});
  await using resumed = await openEvents(`${service.url}/api/alerts/stream`, { token: reader.token, lastEventId: 0 });
  assert.deepEqual(await seqs(resumed), [1, 3]);
});

Deno.test("With many recipients each gets what they chose, once", async () => {
  const { fans, party, created } = await partyWithFans(service, 30);
  const ways = (i: number) => ({ stream: i % 2 === 0, push: i % 3 === 0 });
  await Promise.all(fans.map((fan, i) => choose(fan, { types: { "party.created": ways(i) } })));
  await tell(service, created);
  await allTold(service, party);
  const got = await Promise.all(fans.map((fan) => inboxOf(service, fan)));
  assert.deepEqual(got.map(({ length }) => length), fans.map((_, i) => ways(i).stream || ways(i).push ? 1 : 0));
});

Deno.test("Withdrawal erases the choice", async () => {
  const person = await signUp(service);
  await choose(person, { quietHours: null });
  const gone = await service.call("DELETE", "/api/me", { token: person.token, body: { password: person.password } });
  assert.equal(gone.status, 204);
  assert.deepEqual([...await service.sql`select from alert_preferences where user_id = ${person.id}`], []);
  assert.deepEqual([...await whoMayBePushed(service, [{ userId: person.id, type: "chat.opened" }], new Date())], []);
});

Deno.test("Who may be pushed to, and from when: by type, by quiet hours on each person's own clock, over midnight, and over the change of the hour", async () => {
  const people = await addPeople(service, 6) as Neighbour[];
  const [byDefault, never, lunch, newYork, notThis, nobodyElse] = people as [
    Neighbour,
    Neighbour,
    Neighbour,
    Neighbour,
    Neighbour,
    Neighbour,
  ];
  await choose(never, { quietHours: null });
  await choose(lunch, { quietHours: { from: "12:00", to: "13:00", timezone: "Asia/Seoul" } });
  await choose(newYork, { quietHours: { from: "22:00", to: "07:00", timezone: "America/New_York" } });
  await choose(notThis, { types: { "party.created": { push: false } }, quietHours: null });
  const ask = async (at: string, ...whom: Neighbour[]) => {
    const questions = whom.map(({ id }) => ({ userId: id, type: "party.created" as const }));
    const answers = await whoMayBePushed(service, questions, new Date(at));
    return whom.map(({ id }) => {
      const answer = answers.find(({ userId }) => userId === id);
      return answer && (answer.quietUntil?.toISOString() ?? "now");
    });
  };
  const night = "2026-12-31T23:00:00.000Z";
  assert.deepEqual(await ask("2026-12-31T12:00:00.000Z", byDefault, never, lunch, notThis), [
    night,
    "now",
    "now",
    undefined,
  ]);
  assert.deepEqual(await ask("2026-12-31T22:59:59.999Z", byDefault), [night]);
  assert.deepEqual(await ask("2026-12-31T23:00:00.000Z", byDefault), ["now"]);
  assert.deepEqual(await ask("2026-12-31T11:59:59.999Z", byDefault), ["now"]);
  assert.deepEqual(await ask("2026-12-31T03:30:00.000Z", lunch, byDefault), ["2026-12-31T04:00:00.000Z", "now"]);
  assert.deepEqual(await ask("2026-12-31T04:00:00.000Z", lunch), ["now"]);
  // The clocks go forward at 07:00 UTC on 8 March: the night ends at seven by the new hour.
  assert.deepEqual(await ask("2026-03-08T04:00:00.000Z", newYork), ["2026-03-08T11:00:00.000Z"]);
  assert.deepEqual(await ask("2026-03-07T04:00:00.000Z", newYork), ["2026-03-07T12:00:00.000Z"]);
  const twice = [notThis, nobodyElse, nobodyElse].map(({ id }) => ({ userId: id, type: "chat.opened" as const }));
  const answers = await whoMayBePushed(service, [...twice, { userId: v7(), type: "chat.opened" }], new Date(night));
  assert.deepEqual(answers.map(({ userId }) => userId).toSorted(), [notThis.id, nobodyElse.id].toSorted());
  assert.deepEqual(await whoMayBePushed(service, [], new Date()), []);
});

Deno.test("Quiet hours equal a minute-by-minute reading of the clock, for any hours and any instant", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const minutes = fc.integer({ min: 0, max: 1439 });
  const text = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  const check = fc.asyncProperty(minutes, minutes, minutes, async (from, to, now) => {
    fc.pre(from !== to);
    await choose(person, { quietHours: { from: text(from), to: text(to), timezone: "Asia/Seoul" } });
    const at = new Date(Date.UTC(2026, 5, 1, -9, now, 30));
    const [answer] = await whoMayBePushed(service, [{ userId: person.id, type: "chat.opened" }], at);
    let minute = now, waits = 0;
    const isQuiet = () => from < to ? minute >= from && minute < to : minute >= from || minute < to;
    for (; isQuiet(); waits++) minute = (minute + 1) % 1440;
    const expected = waits === 0 ? null : new Date(at.getTime() - 30_000 + waits * 60_000);
    assert.deepEqual(answer!.quietUntil, expected);
  });
  await fc.assert(check, { numRuns: 60 });
});

Deno.test("Who may be pushed to is one statement over keys, for a thousand people at once", async () => {
  const people = await addPeople(service, 5_000);
  await service.sql`
    insert into alert_preferences (user_id, stream_off, push_off)
    select id, '{}', '{}'
    from unnest(${people.map(({ id }) => id)}::uuid[]) as id`;
  await service.sql`analyze users, alert_preferences`;
  const watched = watchStatements(service.database);
  try {
    for (const count of [1, 1_000]) {
      const asked = people.slice(0, count).map(({ id }) => ({ userId: id, type: "party.created" as const }));
      const plans = await watched.plansOf(() => whoMayBePushed(watched, asked, service.clock.now()));
      assert.equal(plans.length, 2, "one statement, planned in both ways");
      if (count > 1) continue;
      for (const { nodes, text } of plans) {
        assert.ok(!nodes.some((node) => node["Node Type"] === "Seq Scan"), text);
      }
    }
  } finally {
    await watched.sql.end();
  }
});
