/** Work that arrives one by one and is done together: each once, in order, no batch over its size, no more batches at once than told. */
import assert from "node:assert/strict";
import { gather } from "../workers/gather.ts";

Deno.test("what arrives while a batch is dealt with is dealt with next, in order and no more than the most at once", async () => {
  const batches: number[][] = [], release: (() => void)[] = [];
  let underWay = 0;
  const keep = gather<number>({ most: 3 }, async (batch) => {
    assert.equal(++underWay, 1);
    batches.push(batch);
    await new Promise<void>((resolve) => release.push(resolve));
    underWay--;
  });
  const all = [1, 2, 3, 4, 5, 6, 7, 8].map((one) => keep(one));
  for (let i = 0; i < 3; i++) {
    while (release.length <= i) await new Promise((resolve) => setTimeout(resolve));
    release[i]!();
  }
  await Promise.all(all);
  assert.deepEqual(batches, [[1, 2, 3], [4, 5, 6], [7, 8]]);
});

Deno.test("so many batches are dealt with at once, and each is handed on once", async () => {
  const batches: number[][] = [];
  let underWay = 0, most = 0;
  const keep = gather<number>({ most: 2, atOnce: 3 }, async (batch) => {
    most = Math.max(most, ++underWay);
    batches.push(batch);
    await new Promise((resolve) => setTimeout(resolve, 5));
    underWay--;
  });
  const all = Array.from({ length: 20 }, (_, i) => i);
  await Promise.all(all.map(keep));
  assert.equal(most, 3);
  assert.deepEqual(batches.flat(), all);
});

Deno.test("a batch that fails rejects its own and no other", async () => {
  const keep = gather<number>(
    { most: 2 },
    ([first]) => first === 3 ? Promise.reject(new Error("three")) : Promise.resolve(),
  );
  const settled = await Promise.allSettled([1, 2, 3, 4, 5].map(keep));
  assert.deepEqual(settled.map(({ status }) => status), [
    "fulfilled",
    "fulfilled",
    "rejected",
    "rejected",
    "fulfilled",
  ]);
});
