/** Dividing a total among takers, exact to the won. */

/** What is divided: `sharedKrw` of it evenly, the rest by quantity. */
export interface Costs {
  totalKrw: number;
  sharedKrw: number;
}

/** Somebody who took something. `roundedUpBefore` counts the settlements in which they paid the extra won. */
export interface Taker {
  userId: string;
  quantity: number;
  roundedUpBefore: number;
}

/** A taker's part. */
export interface Part {
  userId: string;
  quantity: number;
  amountKrw: number;
  isRoundedUp: boolean;
}

/**
 * Divides by largest remainder (Hamilton's method): everyone pays their exact share without its fraction, and what is then
 * missing of the total is paid, a won each, by those with the largest fractions. Among equal fractions by those who have
 * done so least often, then by id. The parts add up to the total, and none is a won or more off its exact share. All
 * quantities must be above 0, and there must be one.
 */
export function divide({ totalKrw, sharedKrw }: Costs, takers: Taker[]): Part[] {
  const all = takers.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n), heads = BigInt(takers.length);
  // The exact share is (quantity ÷ all) × (total − shared) + shared ÷ heads: over one denominator, so that nothing is lost.
  const denominator = all * heads, byQuantity = BigInt(totalKrw - sharedKrw), evenly = BigInt(sharedKrw);
  const parts = takers.map((taker) => {
    const share = BigInt(taker.quantity) * byQuantity * heads + evenly * all;
    return { taker, amountKrw: Number(share / denominator), fraction: share % denominator };
  });
  const missing = totalKrw - parts.reduce((sum, { amountKrw }) => sum + amountKrw, 0);
  const roundedUp = new Set(parts.toSorted(byRight).slice(0, missing));
  return parts.map((part) => {
    const { taker: { userId, quantity }, amountKrw } = part, isRoundedUp = roundedUp.has(part);
    return { userId, quantity, amountKrw: amountKrw + Number(isRoundedUp), isRoundedUp };
  });
}

function byRight(a: { taker: Taker; fraction: bigint }, b: { taker: Taker; fraction: bigint }): number {
  if (a.fraction !== b.fraction) return a.fraction > b.fraction ? -1 : 1;
  if (a.taker.roundedUpBefore !== b.taker.roundedUpBefore) return a.taker.roundedUpBefore - b.taker.roundedUpBefore;
  return a.taker.userId < b.taker.userId ? -1 : 1;
}
