/** Rooms and their readers, whatever the order in which entries, readings of the log and admissions fall. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { createRoom, PAGE } from "../services/chat_room.ts";
import { followRoom } from "../services/chat_subscription.ts";
import { quietLog } from "./quiet_log.ts";

const PARTY = v7();

type Step =
  | { do: "commit"; count: number }
  | { do: "leave" | "join" | "admit" | "run" | "look" }
  | { do: "follow"; after: number | undefined }
  | { do: "relay"; seqs: number[] };

const seq = fc.nat(260);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("commit"), count: fc.integer({ min: 1, max: 130 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("relay"), seqs: fc.array(seq, { minLength: 1, maxLength: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("follow"), after: fc.option(seq, { nil: undefined }) }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constantFrom("leave", "join", "admit", "run", "run", "run", "look") }) },
) as fc.Arbitrary<Step>;

/** One subscription: what it was to get, as far as is known at its start, and what it got. */
interface Reading {
  from: number;
  joinedSeq: number;
  got: number[];
  ended: string | null;
}

/** The reader is one person with any number of subscriptions, who comes and goes. */
async function play(scheduler: fc.Scheduler, steps: Step[]): Promise<{ log: Entry[]; readings: Reading[] }> {
  const reader = v7(), log: Entry[] = [], readings: Reading[] = [];
  let joinedSeq = 1;
  let admission = { lastSeq: 1, joinedSeq };

  const write = (kind: Entry["kind"], id: string) => {
    const sender = { id, nickname: "이웃" }, sentAt = "2026-11-23T00:00:00.000Z";
    log.push({ partyId: PARTY, seq: log.length + 1, id: v7(), kind, sender, text: "", clientMsgId: null, sentAt });
    return log.length;
  };
  // What a reading finds is what was there when it began; it arrives whenever the scheduler says.
  const readOn = (after: number) => scheduler.schedule(Promise.resolve(log.slice(after, after + PAGE)), "read");
  const room = createRoom({ log: quietLog, readOn }, { partyId: PARTY, head: 0, online: new Set() });

  function follow(after: number | undefined): void {
    const { lastSeq } = admission;
    const reading: Reading = { from: after ?? lastSeq, joinedSeq: admission.joinedSeq, got: [], ended: null };
    readings.push(reading);
    const access = { isOpen: true, ...admission };
    followRoom({ log: quietLog, readOn }, room, { userId: reader, access, after }, {
      entry: ({ frame }) => void reading.got.push(JSON.parse(frame).seq),
      aside: () => {},
      end: (reason) => reading.ended = reason,
      drained: () => scheduler.schedule(Promise.resolve(), "drained"),
    });
  }

  write("join", reader);
  for (const each of steps) {
    if (each.do === "commit") { for (let i = 0; i < each.count; i++) write("text", v7()); }
    if (each.do === "relay") room.offer(each.seqs.flatMap((seq) => log[seq - 1] ?? []));
    if (each.do === "leave" && joinedSeq) joinedSeq = (write("leave", reader), 0);
    if (each.do === "join" && !joinedSeq) joinedSeq = write("join", reader);
    // Between an admission and the subscription it allows, anything may happen.
    if (each.do === "admit") admission = joinedSeq ? { lastSeq: log.length, joinedSeq } : admission;
    if (each.do === "follow") follow(each.after);
    if (each.do === "run" && scheduler.count() > 0) await scheduler.waitOne();
    if (each.do === "look") room.catchUp();
  }
  while (room.head < log.length || scheduler.count() > 0) {
    room.catchUp();
    await scheduler.waitAll();
  }
  room.close();
  return { log, readings };
}

Deno.test("a reader gets every entry after its start once and in order, and nothing after its own leave, come what may", async () => {
  let subscriptions = 0, ends = 0;
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 5, maxLength: 40 }), async (scheduler, steps) => {
      const { log, readings } = await play(scheduler, steps);
      for (const { from, joinedSeq, got, ended } of readings) {
        const reader = log[0]!.sender!.id;
        const end = log.find(({ seq, kind, sender }) => seq > joinedSeq && kind === "leave" && sender!.id === reader);
        const last = end?.seq ?? log.length;
        assert.deepEqual(got, log.map(({ seq }) => seq).filter((seq) => seq > from && seq <= last));
        assert.equal(ended, end ? "left" : null);
        subscriptions++;
        if (end) ends++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(subscriptions > 400 && ends > 200, `${subscriptions} subscriptions, ${ends} ended by a leave`);
});
