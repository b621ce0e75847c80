/** Korean days and spans, as the client says them. */
import assert from "node:assert/strict";
import { fromField, koreanDay, later, spanTo, toField } from "../client/korean_time.ts";

/** Half past eight in the evening of 28 November in Korea. */
const NOW = Date.parse("2026-11-28T11:30:00Z");
const said = (instant: string) => Object.values(spanTo(instant, NOW)).join(" ");

Deno.test("a span of a day and more is told in days of the Korean calendar, a shorter one in whole hours or minutes", () => {
  const cases: [instant: string, said: string][] = [
    ["2026-11-29T11:30:00Z", "day 1"],
    ["2026-11-29T14:59:00Z", "day 1"], // 23:59 there
    ["2026-11-29T15:00:00Z", "day 2"], // midnight there, 27.5 hours away
    ["2026-11-27T11:30:00Z", "day -1"],
    ["2026-11-26T14:59:00Z", "day -2"],
    ["2026-11-29T11:29:59Z", "hour 23"],
    ["2026-11-28T10:30:00Z", "hour -1"],
    ["2026-11-28T12:29:59Z", "minute 59"],
    ["2026-11-28T11:29:01Z", "minute 0"],
  ];
  for (const [instant, expected] of cases) assert.equal(said(instant).replace("-0", "0"), expected, instant);
});

Deno.test("a day begins at midnight in Korea", () => {
  assert.equal(koreanDay("2026-11-28T15:00:00Z") - koreanDay("2026-11-28T14:59:59Z"), 1);
  assert.equal(koreanDay("2026-11-28T14:59:59Z"), koreanDay("2026-11-27T15:00:00Z"));
});

Deno.test("what a field holds is Korean time, there and back", () => {
  assert.equal(toField("2026-12-03T05:30:00Z"), "2026-12-03T14:30");
  assert.equal(fromField("2026-12-03T14:30"), "2026-12-03T05:30:00.000Z");
  assert.equal(later("2026-12-31T23:30", 3600_000), "2027-01-01T00:30");
});
