/** Dividing a total: to the won, fair, the same for the same people. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { divide, type Taker } from "../services/settlement_shares.ts";

const takers = fc.uniqueArray(
  fc.record({
    userId: fc.uuid(),
    quantity: fc.integer({ min: 1, max: 10_000_000 }),
    roundedUpBefore: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 1, maxLength: 50, selector: ({ userId }) => userId },
);
const costs = fc.integer({ min: 1, max: 1_000_000_000 }).chain((totalKrw) =>
  fc.record({ totalKrw: fc.constant(totalKrw), sharedKrw: fc.integer({ min: 0, max: totalKrw }) })
);

Deno.test("of 100,000 random settlements each adds up exactly, and nobody is a won or more off their share", () => {
  fc.assert(
    fc.property(costs, takers, ({ totalKrw, sharedKrw }, all) => {
      const parts = divide({ totalKrw, sharedKrw }, all);
      if (parts.reduce((sum, { amountKrw }) => sum + amountKrw, 0) !== totalKrw) return false;
      const quantity = all.reduce((sum, taker) => sum + BigInt(taker.quantity), 0n), heads = BigInt(all.length);
      return parts.every((part, i) => {
        // Both sides times quantity × heads: the exact share has no fraction then.
        const exact = BigInt(all[i]!.quantity) * BigInt(totalKrw - sharedKrw) * heads + BigInt(sharedKrw) * quantity;
        const off = BigInt(part.amountKrw) * quantity * heads - exact;
        return (off < 0n ? -off : off) < quantity * heads;
      });
    }),
    { numRuns: 100_000 },
  );
});

Deno.test("the division does not depend on the order in which the takers are told", () => {
  fc.assert(
    fc.property(
      costs,
      takers.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      (
        cost,
        [all, shuffled],
      ) => {
        const byId = (some: Taker[]) => new Map(divide(cost, some).map(({ userId, amountKrw }) => [userId, amountKrw]));
        assert.deepEqual([...byId(all)].toSorted(), [...byId(shuffled)].toSorted());
      },
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("the extra won goes to the larger fraction, among equals to who has paid it less often, then by id", () => {
  const taker = (userId: string, quantity: number, roundedUpBefore = 0) => ({ userId, quantity, roundedUpBefore });
  const amounts = (totalKrw: number, all: Taker[], sharedKrw = 0) =>
    divide({ totalKrw, sharedKrw }, all).map(({ amountKrw }) => amountKrw);
  assert.deepEqual(amounts(100, [taker("a", 1), taker("b", 1), taker("c", 1)]), [34, 33, 33]);
  assert.deepEqual(amounts(100, [taker("a", 1, 2), taker("b", 1, 1), taker("c", 1, 1)]), [33, 34, 33]);
  assert.deepEqual(amounts(10, [taker("a", 1), taker("b", 2)]), [3, 7]);
  assert.deepEqual(amounts(1_000, [taker("a", 300), taker("b", 700)], 400), [380, 620]);
});
