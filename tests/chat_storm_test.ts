/**
 * The chat's promises C1 to C6 and C8 together, while everything is killed at random: two nodes as processes of their own,
 * real PostgreSQL that refuses one transaction in twenty, a Redis that dies, wires that are cut and held up. The verdict
 * comes from what every client wrote down, against the table.
 *
 * What fails it, each taken out once: the look for a known clientMsgId (chat_append.ts: the senders never come to an end),
 * the cursor of a reader (`entry.seq <= cursor` in chat_subscription.ts: repeats), the end at one's own removal (there:
 * entries after it), the ack only after the commit (postgres_transaction.ts: acked and not there). What it does not see
 * missing, since something else stands behind it, is seen elsewhere: the lock on a room's row and the look behind it
 * (chat_log_test; the keys of the table stand behind), and holes read from the log (chat_faults_test; a reader's next
 * connection reads them too).
 */
import assert from "node:assert/strict";
import { joinAccepted, openParty, type Person, poll, signUpAll, type TestService } from "./harness.ts";
import { openReader, openSender, type StormReader, type StormSender } from "./storm_clients.ts";
import { openStormWorld, type StormWorld } from "./storm_world.ts";

/** Each person reads every party over a connection of its own; three of them write to each. */
const PARTIES = 8, PEOPLE = 12, SENDERS = 3, TEXTS = 370, EVERY_MS = 60;
const DELIVERIES = 100_000;
/** Between two faults. */
const CALM_MS = 700;

interface Room {
  partyId: string;
  readers: StormReader[];
  senders: StormSender[];
  /** Removed in the middle of it all. */
  removed: Person | null;
}

Deno.test({
  name:
    "100,000 deliveries while nodes, Redis and wires die: none lost, none twice, none out of order, none after a removal",
  ignore: !Deno.env.get("DATABASE_URL") || !Deno.env.get("REDIS_URL"),
  async fn() {
    await using stack = new AsyncDisposableStack();
    const world = await openStormWorld(stack);
    const people = await signUpAll(world.service, PEOPLE);
    const parties = await Promise.all(Array.from({ length: PARTIES }, () => openRoom(world.service, people)));
    await world.refuseSome();
    const rooms = parties.map((partyId, i) => enterRoom(world, people, partyId, i));
    const readers = rooms.flatMap((room) => room.readers), senders = rooms.flatMap((room) => room.senders);
    for (const reader of readers) stack.use(reader);

    let isRaging = true;
    const raging = rage(world, () => isRaging);
    const removals = Promise.all(rooms.map((room) => removeInTheMiddle(world, people[0]!, room)));
    await Promise.all(senders.map(({ done }) => done));
    await removals;
    isRaging = false;
    await raging;

    for (const room of rooms) await judge(world, room);
    const sum = (count: (reader: StormReader) => number) => readers.reduce((all, each) => all + count(each), 0);
    const deliveries = sum(({ applied }) => applied.length), connections = sum((reader) => reader.connections);
    assert.ok(deliveries >= DELIVERIES, `${deliveries} deliveries`);
    assert.ok(connections > 3 * readers.length, `${connections} connections`);
    assert.ok(senders.some(({ resent }) => resent > 0), "no text was sent twice");
    assert.ok(await world.refused() > 5, `${await world.refused()} transactions were refused`);
  },
});

async function openRoom(service: TestService, [leader, ...members]: Person[]): Promise<string> {
  const party = await openParty(service, leader!, { capacity: PEOPLE + 2 });
  for (const member of members) await joinAccepted(service, party, leader!, member);
  return party.id;
}

function enterRoom(world: StormWorld, people: Person[], partyId: string, i: number): Room {
  const readers = people.map((person, j) => openReader(world.door(i + j), person, partyId));
  const senders = people.slice(0, SENDERS).map((person, j) =>
    openSender(world.door(i + j), person, partyId, { texts: TEXTS, everyMs: EVERY_MS })
  );
  return { partyId, readers, senders, removed: i % 2 ? people.at(-1)! : null };
}

/** One fault after another, each kind at least once, in any order. */
async function rage({ faults }: StormWorld, isRaging: () => boolean): Promise<void> {
  do {
    for (const fault of Object.values(faults).toSorted(() => Math.random() - 0.5)) {
      await fault();
      await new Promise((resolve) => setTimeout(resolve, CALM_MS));
    }
  } while (isRaging());
}

async function removeInTheMiddle({ service }: StormWorld, leader: Person, room: Room): Promise<void> {
  if (!room.removed) return;
  const seen = room.readers[0]!.applied;
  await poll(() => seen.length > TEXTS, { timeoutMs: 300_000 });
  const path = `/api/parties/${room.partyId}/members/${room.removed.id}`;
  await poll(async () =>
    (await service.call("PATCH", path, { token: leader.token, body: { status: "removed" } })).status === 200
  );
}

async function judge({ service }: StormWorld, { partyId, readers, senders, removed }: Room): Promise<void> {
  const log = await service.sql<{ seq: number; id: string; kind: string; senderId: string; clientMsgId: string }[]>`
    select seq, id, kind, sender_id as "senderId", client_msg_id as "clientMsgId"
    from chat_entries
    where party_id = ${partyId}
    order by seq`;
  assert.deepEqual(log.map(({ seq }) => seq), log.map((_, i) => i + 1), "C2: the numbers have holes");
  const texts = new Map(log.filter(({ kind }) => kind === "text").map((entry) => [entry.clientMsgId, entry]));
  assert.equal(texts.size, SENDERS * TEXTS, "C4: a text is there twice, or not at all");
  for (const { acked, wrong } of senders) {
    assert.deepEqual(wrong, [], "C4: a text was acked under two numbers");
    for (const [clientMsgId, { seq, id }] of acked) {
      const entry = texts.get(clientMsgId);
      assert.deepEqual([entry?.seq, entry?.id], [seq, id], "C1: an acked text is not there as acked");
    }
  }
  const end = log.find(({ kind, senderId }) => kind === "removed" && senderId === removed?.id)?.seq;
  for (const reader of readers) {
    const { userId, applied, wrong } = reader;
    const upTo = userId === removed?.id ? end! : log.length;
    await poll(() => applied.length >= upTo || reader.ended !== null, { timeoutMs: 30_000 });
    assert.deepEqual(wrong, [], "C3: lost, repeated or swapped");
    const isCutOff = reader.ended === "forbidden";
    const seen = log.slice(0, isCutOff ? Math.min(applied.length, upTo) : upTo).map(({ seq, id }) => ({ seq, id }));
    assert.deepEqual(applied, seen, "C2, C3, C5: not the log up to its end, or to one's own removal");
    assert.equal(isCutOff && userId !== removed?.id, false, "C5: somebody else was shut out");
  }
}
