/** Dividing a pack by wishes: equal to trying out everything, whole, and the same for the same people. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { divideFairly, type Wish } from "../services/fair_shares.ts";

/** Up to so many people with wishes of up to so much, and a pool that holds at least what they would make do with. */
const cases = (people: number, most: number) =>
  fc.uniqueArray(
    fc.record({ userId: fc.uuid(), wish: fc.nat(most), below: fc.nat(most) }),
    { maxLength: people, selector: ({ userId }) => userId },
  ).chain((rows) => {
    const wishes = rows.map(({ userId, wish, below }) => ({ userId, wish, min: Math.max(0, wish - below) }));
    const needed = wishes.reduce((sum, { min }) => sum + min, 0);
    return fc.record({ wishes: fc.constant(wishes), pool: fc.nat(people * most).map((more) => needed + more) });
  });

const byId = (wishes: Wish[]) => wishes.toSorted((a, b) => a.userId < b.userId ? -1 : 1);

/** Of all divisions there are, the one whose sorted shares are the greatest; of several, that which gives more to earlier ids. */
function bestOfAll(pool: number, wishes: Wish[]): number[] {
  const all: number[][] = [];
  const extend = (shares: number[], left: number) => {
    const next = wishes[shares.length];
    if (!next) return void all.push(shares);
    for (let share = next.min; share <= Math.min(next.wish, left); share++) extend([...shares, share], left - share);
  };
  extend([], pool);
  const rank = (shares: number[]) => [...shares.toSorted((a, b) => a - b), ...shares];
  return all.reduce((best, each) => isGreater(rank(each), rank(best)) ? each : best);
}

function isGreater(a: number[], b: number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at !== -1 && a[at]! > b[at]!;
}

Deno.test("a pack is divided as the best of all divisions, for up to six people and small packs", () => {
  fc.assert(
    fc.property(cases(6, 5), ({ wishes, pool }) => {
      const sorted = byId(wishes), shares = divideFairly(pool, wishes);
      assert.deepEqual(sorted.map(({ userId }) => shares.get(userId)), bestOfAll(pool, sorted));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("of 20,000 random packs nobody gets less than they make do with or more than they wish, and all that is wished for is given", () => {
  fc.assert(
    fc.property(cases(49, 10_000_000), ({ wishes, pool }) => {
      const shares = divideFairly(pool, wishes);
      for (const { userId, min, wish } of wishes) {
        const share = shares.get(userId)!;
        if (!Number.isInteger(share) || share < min || share > wish) return false;
      }
      const given = [...shares.values()].reduce((sum, share) => sum + share, 0);
      return given === Math.min(pool, wishes.reduce((sum, { wish }) => sum + wish, 0));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("the order in which people are told does not matter", () => {
  const shuffled = cases(12, 50).chain((one) =>
    fc.tuple(fc.constant(one), fc.shuffledSubarray(one.wishes, { minLength: one.wishes.length }))
  );
  fc.assert(
    fc.property(shuffled, ([{ wishes, pool }, others]) => {
      const sorted = (some: Wish[]) => [...divideFairly(pool, some)].toSorted();
      assert.deepEqual(sorted(others), sorted(wishes));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("single units that are over go to the smallest shares, among those by id, and what nobody wishes stays", () => {
  const wish = (userId: string, min: number, most: number) => ({ userId, min, wish: most });
  const shares = (pool: number, ...wishes: Wish[]) => [...divideFairly(pool, wishes).values()];
  assert.deepEqual(shares(11, wish("c", 1, 9), wish("a", 1, 9), wish("b", 1, 9)), [3, 4, 4]);
  assert.deepEqual(shares(11, wish("a", 6, 9), wish("b", 1, 9), wish("c", 1, 2)), [6, 3, 2]);
  assert.deepEqual(shares(100, wish("a", 1, 9), wish("b", 1, 20)), [9, 20]);
  assert.deepEqual(shares(5), []);
});
