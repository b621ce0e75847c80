/**
 * The alerts' promises A1 to A4 together: node, worker and Redis killed at every step of an event's way, the broker killed
 * and its data thrown away, queues deleted, messages repeated, wires cut after any number of bytes. The verdict is SQL: who
 * should have been told of what, against the inboxes.
 *
 * What fails it, each taken out once: the look for alerts that are there already (`where not exists` in alert_writing.ts:
 * messages that come again fail for good), the retirement with the last of the recipients only (`if (isLast)`: the second
 * thousand untold), the end of the outbox' lease (`publish_after` put off for good: lost with the broker's data).
 */
import assert from "node:assert/strict";
import {
  addParty,
  addPeople,
  allTold,
  favourMarket,
  newRegion,
  type PlainParty,
  tell,
  type World,
} from "./alert_world.ts";
import { type AlertStormWorld, openAlertStorm, type Victim, VICTIMS } from "./alert_storm_world.ts";
import { poll } from "./poll.ts";

const hasServers = ["DATABASE_URL", "REDIS_URL", "AMQP_URL"].every((name) => Deno.env.get(name));
/** A crowd takes two transactions of a thousand. */
const CROWD = 1_200, FEW = 20;
/** Bytes that a connection lives for: within the handshake, a declaration, a publication, an acknowledgement. */
const CUTS = [1, 9, 60, 250, 420, 480, 530, 600, 700, 800, 950, 1_100, 1_300, 1_500, 1_800, 2_200, 3_000, 4_000];

/** The longest that an outbox keeps what it has published from being published again. */
const LEASE_MAX_S = 375;

interface Storm extends AlertStormWorld {
  crowded: PlainParty;
  /** Of a region of its own each. */
  parties: PlainParty[];
  /** The person whom a lock on their inbox makes a worker wait for, in the second transaction. */
  late: string;
}

Deno.test({
  name:
    "Whatever is killed, cut, repeated and wiped on the way of an event, everyone concerned is told of it once, numbered from 1",
  ignore: !hasServers,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const storm = await gather(await openAlertStorm(stack));
    const witness = await storm.broker.witness();
    for (const point of Object.values(POINTS)) {
      for (const victim of VICTIMS) {
        await recover(storm);
        await point(storm, victim);
      }
    }
    await witness[Symbol.asyncDispose]();
    await sweepCuts(storm);
    await repeatAll(storm);
    await loseQueues(storm);
    await loseBroker(storm);
    await judge(storm);
  },
});

async function gather(world: AlertStormWorld): Promise<Storm> {
  const people = await addPeople(world, CROWD), [leader] = await addPeople(world, 1);
  const open = async (fans: { id: string }[]) => {
    const party = await addParty(world, leader!.id, { regionCode: newRegion() });
    await favourMarket(world, party, fans);
    return party;
  };
  const crowded = await open(people);
  const parties = await Promise.all([0, 1, 2].map((i) => open(people.slice(i * 10, i * 10 + FEW))));
  await world.sql`insert into alert_heads (user_id) select id from users`;
  return { ...world, crowded, parties, late: people.map(({ id }) => id).toSorted()[CROWD - 100]! };
}

/** Until what is told is written again, with node and worker both at it. */
async function recover(storm: Storm): Promise<void> {
  await storm.ready();
  const eventId = await tellOf(storm, storm.parties[0]!);
  await poll(async () => {
    const { count } = await storm.sql`select from events where id = ${eventId} and retired_at is not null`;
    return count === 1;
  }, { timeoutMs: 30_000 });
}

/** Where somebody is killed. Each goes on when the dead one is back, and whatever was held is let go. */
const POINTS: Record<string, (storm: Storm, victim: Victim) => Promise<void>> = {
  async "after the event's commit"(storm, victim) {
    storm.wires.set("away");
    await tellOf(storm, storm.parties[0]!);
    await storm.kill(victim);
    storm.wires.set("pass");
  },
  async "after the publication, before it is confirmed"(storm, victim) {
    storm.wires.muteAt(storm.parties[1]!.id);
    const eventId = await tellOf(storm, storm.parties[1]!);
    await storm.broker.sees(eventId);
    await storm.kill(victim);
    storm.wires.set("pass");
  },
  async "after the confirmation, before it is delivered"(storm, victim) {
    storm.pauseWorker();
    const eventId = await tellOf(storm, storm.parties[2]!);
    await storm.broker.sees(eventId);
    // Whatever the queue confirms later it has confirmed after that one.
    await publishAgain(storm, storm.parties[2]!, eventId);
    await storm.kill(victim);
    if (victim !== "worker") storm.resumeWorker();
  },
  async "in the middle of the inboxes"(storm, victim) {
    await holdInbox(storm, async (eventId) => {
      const [row] = await storm.sql<{ written: number }[]>`
        select count(*)::int as written
        from alerts
        where event_id = ${eventId}`;
      assert.equal(row!.written, 1_000);
      await storm.kill(victim);
    });
  },
  async "after the commit of the inboxes, before the acknowledgement"(storm, victim) {
    await holdInbox(storm, () => Promise.resolve(storm.workerWire.set("stall")));
    await allTold(storm, storm.crowded, 30_000);
    await storm.kill(victim);
    storm.workerWire.set("pass");
  },
};

async function tellOf(world: World, party: PlainParty): Promise<string> {
  return await tell(world, { type: "party.created", partyId: party.id, actorId: party.leaderId });
}

async function publishAgain({ deps }: World, party: PlainParty, eventId: string): Promise<void> {
  const body = JSON.stringify({ partyId: party.id, eventId });
  await deps.queue.publish(party.regionCode, { id: eventId, type: "party.created", body });
}

/** Tells the crowd, and does something while a worker waits for one inbox in the second transaction of two. */
async function holdInbox(storm: Storm, meanwhile: (eventId: string) => Promise<void>): Promise<void> {
  const { sql, late } = storm;
  await sql.begin(async (tx) => {
    await tx`select from alert_heads where user_id = ${late} for update`;
    const eventId = await tellOf(storm, storm.crowded);
    await poll(async () => {
      const { count } = await sql`
        select
        from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock' and query like '%alert_heads%'`;
      const [row] = await sql<{ written: number }[]>`
        select count(*)::int as written from alerts where event_id = ${eventId}`;
      return count > 0 && row!.written === 1_000;
    }, { timeoutMs: 30_000 });
    await meanwhile(eventId);
  });
}

/** Cuts the wires of node and worker after k bytes, for each k, while events are told. */
async function sweepCuts(storm: Storm): Promise<void> {
  for (const [i, bytes] of CUTS.entries()) {
    storm.wires.cut();
    storm.wires.cutAfter(bytes);
    await Promise.all([tellOf(storm, storm.parties[i % 3]!), tellOf(storm, storm.parties[(i + 1) % 3]!)]);
    // A connection or two live and die like that.
    const before = storm.workerWire.accepted();
    await poll(() => storm.workerWire.accepted() > before, { timeoutMs: 10_000 });
  }
  storm.wires.cutAfter(Infinity);
}

async function loseQueues(storm: Storm): Promise<void> {
  for (const party of storm.parties) {
    await tellOf(storm, party);
    await storm.broker.deleteQueue(party.regionCode);
    await tellOf(storm, party);
  }
}

/** The broker dies, and dies again with all its data; events are told before, meanwhile and after. */
async function loseBroker(storm: Storm): Promise<void> {
  for (const forget of [false, true]) {
    await storm.ready();
    storm.pauseWorker();
    const tellAll = () => Promise.all(storm.parties.map((party) => tellOf(storm, party)));
    const witness = await storm.broker.witness();
    for (const eventId of await tellAll()) await storm.broker.sees(eventId);
    await witness[Symbol.asyncDispose]();
    await storm.broker.restart({ forget }, tellAll);
    storm.resumeWorker();
    await tellAll();
  }
}

/** Every message comes ten times more, the events being due again each time. */
async function repeatAll(storm: Storm): Promise<void> {
  const { sql } = storm;
  const events = await sql<{ partyId: string; id: string }[]>`select party_id as "partyId", id from events`;
  const byId = new Map([storm.crowded, ...storm.parties].map((party) => [party.id, party]));
  for (let n = 0; n < 10; n++) {
    await sql`update events set retired_at = null`;
    await poll(() =>
      Promise.all(events.map(({ partyId, id }) => publishAgain(storm, byId.get(partyId)!, id)))
        .then(() => true, () => false), { timeoutMs: 30_000 });
  }
}

/** Lets the leases of what was published and lost run out, until every event is retired; then compares. */
async function judge({ sql }: Storm): Promise<void> {
  await poll(async () => {
    await sql`
      update events
      set publish_after = now()
      where retired_at is null and publish_after < now() + ${LEASE_MAX_S} * interval '1 second'`;
    const [row] = await sql<{ left: number }[]>`select count(*)::int as left from events where retired_at is null`;
    return row!.left === 0;
  }, { timeoutMs: 60_000, everyMs: 1_000 });
  const wrong = await sql`
    with expected as (
      select f.user_id, e.id as event_id
      from events e
      join parties p on p.id = e.party_id
      join favorite_markets f on f.market_id = p.market_id
    )
    select coalesce(x.user_id, a.user_id) as user_id, coalesce(x.event_id, a.event_id) as event_id, a.seq
    from expected x
    full join alerts a on a.user_id = x.user_id and a.event_id = x.event_id
    where x.user_id is null or a.user_id is null
    limit 5`;
  assert.deepEqual([...wrong], [], "A1: told of nothing, or of what was not for them");
  const torn = await sql`
    select user_id, count(*)::int, min(seq), max(seq)
    from alerts
    group by user_id
    having min(seq) <> 1 or max(seq) <> count(*)
    limit 5`;
  assert.deepEqual([...torn], [], "A2: not 1 to n");
  const [row] = await sql<{ events: number; alerts: number }[]>`
    select (select count(*)::int from events) as events, (select count(*)::int from alerts) as alerts`;
  assert.ok(row!.events > 60 && row!.alerts > 8_000, `${row!.events} events, ${row!.alerts} alerts`);
}
