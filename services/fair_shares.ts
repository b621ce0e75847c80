/** Dividing what there is among those who wish for it. */

/** What somebody would make do with, and what they wish for: `min` ≤ `wish`, in base units. */
export interface Wish {
  userId: string;
  min: number;
  wish: number;
}

/**
 * Divides a pool max–min fairly: the lowest share is as high as the wishes allow, then the second lowest, and so on
 * (lexicographic max–min), everyone between `min` and `wish`. All rise to one level, but for whose `min` is above it and whose
 * `wish` is below; single units that are then over go to the smallest shares that may still grow, among those by id. What
 * nobody wishes stays in the pool. The order in which people are told does not matter. The pool must hold all of `min`.
 */
export function divideFairly(pool: number, wishes: Wish[]): Map<string, number> {
  const level = highestLevel(pool, wishes);
  const over = pool - sumAt(level, wishes);
  // Whoever grows with the next level stands exactly on this one: they are the smallest that may.
  const growing = wishes.filter((each) => shareAt(level + 1, each) > shareAt(level, each));
  const grown = new Set(growing.map(({ userId }) => userId).toSorted().slice(0, over));
  return new Map(wishes.map((each) => [each.userId, shareAt(level, each) + Number(grown.has(each.userId))]));
}

function shareAt(level: number, { min, wish }: Wish): number {
  return Math.min(Math.max(level, min), wish);
}

function sumAt(level: number, wishes: Wish[]): number {
  return wishes.reduce((sum, each) => sum + shareAt(level, each), 0);
}

/** The highest level at which the pool suffices; none above the largest wish changes anything. */
function highestLevel(pool: number, wishes: Wish[]): number {
  let enough = 0, tooHigh = Math.max(0, ...wishes.map(({ wish }) => wish)) + 1;
  while (tooHigh - enough > 1) {
    const middle = Math.floor((enough + tooHigh) / 2);
    if (sumAt(middle, wishes) <= pool) enough = middle;
    else tooHigh = middle;
  }
  return enough;
}
