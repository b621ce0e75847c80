/** That inboxes stay small and quick: what is old is cleared away, and nothing reads more than it has to. */
import assert from "node:assert/strict";
import { openFeeds } from "../services/alert_feeds.ts";
import { type AlertReader, startPump } from "../services/alert_pump.ts";
import { listAlerts, readInboxState } from "../services/alerts.ts";
import { openEventStream } from "../services/event_stream.ts";
import { endRecruitings } from "../services/recruiting_ends.ts";
import { remindDue } from "../services/reminders.ts";
import { sweep } from "../workers/sweep.ts";
import {
  addParty,
  addPeople,
  fillInbox,
  inboxOf,
  leaderWithAlerts,
  partyWithFans,
  tell,
  writeEvent,
} from "./alert_world.ts";
import { addPartiesAt } from "./deadline_world.ts";
import { openEvents } from "./event_stream.ts";
import { poll } from "./harness.ts";
import { type Plan, watchStatements } from "./query_plans.ts";
import { testService } from "./set_up.ts";

const service = testService();

const sweepNow = () => sweep(service.deps, new AbortController().signal);
const seqsOf = async (person: { id: string }) => (await inboxOf(service, person)).map(({ seq }) => seq);
const oneTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

/** Says of these alerts of a person when they were written, and whether they were read or thrown away. */
async function makeOld(
  { id }: { id: string },
  seqs: number[],
  { days, read = false, deleted = false }: { days: number; read?: boolean; deleted?: boolean },
): Promise<void> {
  const at = new Date(service.clock.now().getTime() - days * 24 * 3600_000);
  await service.sql`
    update alerts
    set created_at = ${at}, read_at = ${read ? at : null}, deleted_at = ${deleted ? at : null}
    where user_id = ${id} and seq = any(${seqs}::int[])`;
}

/** Someone with so many alerts, none of which any event waits to be written for. */
async function personWith(count: number) {
  const [person] = await addPeople(service, 1), party = await addParty(service, person!.id);
  await fillInbox(service, person!, party, { count });
  return person!;
}

Deno.test("Alerts read or thrown away are cleared after 90 days, the others after a year, and the count of the unread stays exact", async () => {
  const person = await personWith(8);
  await makeOld(person, [1], { days: 91, read: true });
  await makeOld(person, [2], { days: 89, read: true });
  await makeOld(person, [3], { days: 91, deleted: true });
  await makeOld(person, [4], { days: 364 });
  await makeOld(person, [5], { days: 366 });
  await makeOld(person, [6], { days: 366, read: true });
  await sweepNow();
  assert.deepEqual(await seqsOf(person), [2, 4, 7, 8]);
  const { body } = await service.call("GET", "/api/alerts", { token: person.token });
  assert.deepEqual([body.unreadCount, body.lastSeq], [3, 8]);
});

Deno.test("An inbox of thousands is cleared in one sweep, and the person's numbers go on where they were", async () => {
  const { leader, party, alert, whenTold } = await leaderWithAlerts(service, 1);
  await fillInbox(service, leader, party, { count: 2_500 });
  await makeOld(leader, oneTo(2_501), { days: 400 });
  await poll(async () => {
    await sweepNow();
    return (await seqsOf(leader)).length === 0;
  });
  const { body } = await service.call("GET", "/api/alerts", { token: leader.token });
  assert.deepEqual([body.items, body.unreadCount, body.lastSeq], [[], 0, 2_501]);
  await alert();
  await whenTold();
  assert.deepEqual(await seqsOf(leader), [2_502]);
});

Deno.test("As long as an event may be handled again, nobody's alert of it is cleared, and so nobody is told twice", async () => {
  const { fans: [fan], party, created } = await partyWithFans(service, 1);
  const eventId = await tell(service, created);
  await poll(async () => (await seqsOf(fan!)).length === 1);
  await service
    .sql`update events set retired_at = null, publish_after = now() + interval '1 hour' where id = ${eventId}`;
  await makeOld(fan!, [1], { days: 400, read: true });
  await sweepNow();
  assert.deepEqual(await seqsOf(fan!), [1]);
  assert.equal(await writeEvent(service, { partyId: party.id, eventId }), 0);
  await sweepNow();
  assert.deepEqual(await seqsOf(fan!), []);
});

Deno.test("A stream resumed from before what was cleared gives the rest in order, and goes on", async () => {
  const { leader, alert } = await leaderWithAlerts(service, 120);
  await makeOld(leader, [...oneTo(60), ...oneTo(90, 80)], { days: 100, read: true });
  await sweepNow();
  await using stream = await openEvents(`${service.url}/api/alerts/stream`, { token: leader.token, lastEventId: 10 });
  const seqs = async (count: number) => (await stream.take("alert", count)).map(({ data }) => data.seq);
  assert.deepEqual(await seqs(19 + 30), [...oneTo(79, 61), ...oneTo(120, 91)]);
  await alert();
  assert.equal((await seqs(50)).at(-1), 121);
});

Deno.test("A stream at a place of which nothing more is left is not read on again and again", async () => {
  const { leader } = await leaderWithAlerts(service, 60);
  await makeOld(leader, oneTo(60, 20), { days: 100, read: true });
  await sweepNow();
  await using pump = startPump(service.deps);
  await using feeds = openFeeds<AlertReader>(service.deps, pump);
  const out = openEventStream(() => {});
  const reader: AlertReader = { userId: leader.id, out, cursor: 5, isBehind: false };
  feeds.join(reader);
  try {
    assert.deepEqual(await feeds.findBehind(), [reader]);
    pump.wake([reader]);
    await poll(() => reader.cursor === 60);
    assert.deepEqual(await feeds.findBehind(), []);
  } finally {
    feeds.leave(reader);
    out.end();
  }
});

function assertByIndex({ nodes, text }: Plan, index: string): void {
  const sequential = nodes.filter((node) => node["Node Type"] === "Seq Scan").map((node) => node["Relation Name"]);
  assert.deepEqual(sequential, [], text);
  assert.ok(nodes.some((node) => node["Index Name"] === index), `${index}: ${text}`);
}

Deno.test("Counting and listing what is unread, and finding what is old, read their indexes and little else, however much has been read", async () => {
  const people = await addPeople(service, 200), person = people[0]!, party = await addParty(service, person.id);
  for (const each of people) await fillInbox(service, each, party, { count: each === person ? 20_000 : 100 });
  await service.sql`update alerts set read_at = now() where user_id = ${person.id} and seq % 400 <> 0`;
  await service.sql`vacuum analyze alerts`;
  const watched = watchStatements(service.database);
  try {
    for (const plan of await watched.plansOf(() => readInboxState(watched, person.id))) {
      assertByIndex(plan, "alerts_unread_idx");
      assert.ok(plan.nodes.some((node) => node["Node Type"] === "Index Only Scan"), plan.text);
      // At most one for each that is unread, whether or not vacuum has come by already.
      assert.ok(plan.pagesRead <= 80, `${plan.pagesRead} pages: ${plan.text}`);
    }
    const query = { unread: "true" as const, limit: 20 };
    const listed = await watched.plansOf(() => listAlerts(watched, person.id, query));
    assert.equal(listed.length, 4);
    for (const plan of listed) {
      assertByIndex(plan, "alerts_unread_idx");
      assert.ok(plan.pagesRead <= 250, `${plan.pagesRead} pages: ${plan.text}`);
    }
    const deps = { sql: watched.sql, clock: service.clock };
    const swept = (await watched.plansOf(() => sweep(deps, new AbortController().signal)))
      .filter(({ nodes }) => nodes.some((node) => node["Relation Name"] === "alerts"));
    assert.equal(swept.length, 4);
    for (const [i, plan] of swept.entries()) {
      assert.ok(plan.text.includes(i < 2 ? "alerts_seen_idx" : "alerts_unseen_idx"), plan.text);
      assert.ok(plan.pagesRead <= 20, `${plan.pagesRead} pages: ${plan.text}`);
    }
  } finally {
    await watched.sql.end();
  }
});

Deno.test("What is due is looked up by index: a handful of pages among 20,000 parties of which none is", async () => {
  await addPartiesAt(service, 20_000, { startsIn: 30, remindIn: 6 });
  await service.sql`vacuum analyze parties`;
  const watched = watchStatements(service.database);
  try {
    const deps = { ...service.deps, sql: watched.sql };
    const jobs = { parties_remind_idx: remindDue, parties_join_until_idx: endRecruitings };
    for (const [index, job] of Object.entries(jobs)) {
      const plans = (await watched.plansOf(async () => void await job(deps, 100)))
        .filter(({ text }) => !text.includes("mark"));
      assert.equal(plans.length, 2);
      for (const plan of plans) {
        assertByIndex(plan, index);
        assert.ok(plan.pagesRead <= 10, `${plan.pagesRead} pages: ${plan.text}`);
      }
    }
  } finally {
    await watched.sql.end();
  }
});
