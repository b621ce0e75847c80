/** What the client makes of a room's entries, however they come. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { emptyLog, hasHole, lastSeqOf, takeEntries } from "../client/live/room_log.ts";
import type { Entry } from "../contract/chat.ts";

const [LAST, BEFORE] = [40, 15];
/** Any entries of the log, in any order, as often as they like, by pages of any size. */
const pages = fc.array(fc.array(fc.integer({ min: 1, max: LAST }), { maxLength: 12 }), { maxLength: 30 });

Deno.test("entries in any order, repeated and with holes are shown ascending, once each, and no hole is passed over", () => {
  fc.assert(fc.property(pages, (pages) => {
    let log = emptyLog(BEFORE);
    const given = new Set<number>();
    for (const page of pages) {
      const before = log;
      log = takeEntries(log, page.map(entryOf));
      for (const seq of page) given.add(seq);
      const shown = log.run.map(({ seq }) => seq);
      assert.deepEqual(shown, runAround(given));
      assert.equal(log.before, (shown[0] ?? BEFORE + 1) - 1);
      assert.equal(hasHole(log), [...given].some((seq) => seq > lastSeqOf(log)));
      const first = before.run[0];
      if (first) assert.ok(log.run.includes(first), "what was shown stays");
    }
  }));
});

/** Of these, those that are joined without a hole to the place where the log began. */
function runAround(given: Set<number>): number[] {
  const run: number[] = [];
  for (let seq = BEFORE; given.has(seq); seq--) run.unshift(seq);
  for (let seq = BEFORE + 1; given.has(seq); seq++) run.push(seq);
  return run;
}

function entryOf(seq: number): Entry {
  const fixed = { partyId: "", id: `${seq}`, kind: "text", sender: null, text: "", clientMsgId: null } as const;
  return { ...fixed, seq, targetSeq: null, sentAt: "2026-11-28T00:00:00.000Z" };
}
