/** What the relay loses, and how soon it is made good: two nodes, and a relay that loses what the test says. */
import assert from "node:assert/strict";
import { connectChat } from "./chat_client.ts";
import { openRoomOf, range, sendText, seqsOf, told } from "./chat_world.ts";
import { type Person, poll, signUp, startAnotherNode, startTestService, type TestService } from "./harness.ts";
import { type LossyRelay, openLossyRelays, type Relayed } from "./lossy_relay.ts";

const stack = new AsyncDisposableStack();
let here: TestService;
let there: TestService;
/** The relay as `there` hears it. */
let hearing: LossyRelay;
let leader: Person;

Deno.test.beforeAll(async () => {
  const [own, other] = await openLossyRelays(stack, 2) as [LossyRelay, LossyRelay];
  hearing = other;
  here = stack.use(await startTestService({ relay: own.relay }));
  there = stack.use(await startAnotherNode(here, { relay: other.relay }));
  leader = await signUp(here);
  await trusted();
});
Deno.test.afterAll(async () => await stack.disposeAsync());

const PINGS = "chat.nodes";

/** Resolves when `there` has heard both nodes for longer than it doubts the relay: then it looks at the log no more. */
async function trusted(): Promise<void> {
  const before = hearing.heard(PINGS);
  await poll(() => hearing.heard(PINGS) >= before + 2 * 8);
}

const kindOf = ({ channel, message }: Relayed): string => channel === PINGS ? "ping" : JSON.parse(message).type;

/** Somebody at `there` reads a room in which the leader writes at `here`. */
async function openReader() {
  const { partyId, people: [member] } = await openRoomOf(here, leader, 1);
  const reader = await connectChat(there, { token: member!.token });
  await reader.subscribe(partyId, 0);
  await told(reader, 1);
  return {
    partyId,
    reader,
    /** Sends a text; resolves with how long it took from its ack until the reader had it. */
    async hearMs(): Promise<number> {
      const { body: { seq } } = await sendText(here, leader, partyId, "들려요?");
      const acked = performance.now();
      await told(reader, seq);
      return performance.now() - acked;
    },
    async [Symbol.asyncDispose]() {
      hearing.lose();
      await reader[Symbol.asyncDispose]();
    },
  };
}

Deno.test("an entry that the relay lost is repaired by its beacon within 2 s, time after time", async () => {
  await using room = await openReader();
  hearing.lose((relayed) => kindOf(relayed) === "entries");
  for (let i = 0; i < 5; i++) {
    const tookMs = await room.hearMs();
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
  }
  assert.equal(hearing.lost() >= 5, true, "nothing was lost");
});

Deno.test("an entry whose first beacon is lost with it is repaired by the second, within 2 s", async () => {
  await using room = await openReader();
  for (let i = 0; i < 3; i++) {
    let beacons = 0;
    hearing.lose((relayed) =>
      kindOf(relayed) === "entries" ||
      (kindOf(relayed) === "head" && relayed.channel.endsWith(room.partyId) && !beacons++)
    );
    const tookMs = await room.hearMs();
    // 1.5 s, and what a crowded machine takes; the look at the log, each 5 s, would not always be there in time.
    assert.ok(tookMs < 3_500, `${tookMs} ms`);
    // The look at the log, each 5 s, may come before the first beacon; then this round shows the beacons alone.
    // They are over before the next begins.
    await poll(() => beacons >= 3);
  }
});

Deno.test("a burst is told of by a beacon a second at most, and by the last one whole", async () => {
  await using room = await openReader();
  const heads: { seq: number; atMs: number }[] = [];
  hearing.lose((relayed) => {
    const isOurs = relayed.channel.endsWith(room.partyId);
    if (isOurs && kindOf(relayed) === "head") {
      heads.push({ seq: JSON.parse(relayed.message).seq, atMs: performance.now() });
    }
    return false;
  });
  await using writer = await connectChat(here, { token: leader.token });
  const until = performance.now() + 3_000;
  let last = 0;
  while (performance.now() < until) last = (await writer.send(room.partyId, "…")).seq;
  const ended = performance.now();
  await poll(() => heads.filter(({ seq }) => seq === last).length >= 2);
  assert.ok(heads.find(({ seq }) => seq === last)!.atMs - ended < 1_000 + 250, "late after the burst");
  for (const [i, { atMs }] of heads.entries()) {
    if (i > 0) assert.ok(atMs - heads[i - 1]!.atMs > 750, `two beacons ${atMs - heads[i - 1]!.atMs} ms apart`);
  }
});

Deno.test("while all nodes are heard the log is looked at every 5 s and no oftener; that finds what nothing told of", async () => {
  await using room = await openReader();
  await trusted();
  hearing.lose((relayed) => ["entries", "head"].includes(kindOf(relayed)));
  // The first is found by the next look, whenever that is; the second by the one after that.
  const first = await room.hearMs(), second = await room.hearMs();
  assert.ok(first < 6_000, `${first} ms`);
  assert.ok(second > 4_000 && second < 6_000, `${second} ms`);
});

Deno.test("a node that hears nothing any more, or only itself, reads the log instead: nothing takes over 2 s", async () => {
  await using room = await openReader();
  for (const isHeard of [() => false, ({ isOwn, channel }: Relayed) => isOwn && channel === PINGS]) {
    hearing.lose((relayed) => !isHeard(relayed));
    const tookMs: number[] = [];
    for (let i = 0; i < 6; i++) tookMs.push(await room.hearMs());
    assert.ok(Math.max(...tookMs) < 2_000, `${tookMs} ms`);
    hearing.lose();
    await poll(async () => await room.hearMs() < 100);
    await trusted();
  }
  const entries = room.reader.entries(room.partyId);
  assert.deepEqual(seqsOf(entries), range(1, entries.length));
});
