/** What a little of a pack costs, so that packs of any size can be compared. */
import type { Party, UnitPrice } from "../contract/parties.ts";

const PER = { g: 100, mL: 100, ea: 1 } as const;

/** The price of 100 g, 100 mL or one piece of the pack, to the nearest won, halves up; `null` when the pack's is not known. */
export function unitPriceOf(
  { priceKrw, quantity, unit }: Pick<Party, "priceKrw" | "quantity" | "unit">,
): UnitPrice | null {
  if (priceKrw === null) return null;
  const per = PER[unit];
  // Halves go up by adding one half before the division. All of it stays below 2^53, and the quotient's fraction is never
  // so near to 1 that it is rounded up itself.
  return { krw: Math.floor((2 * priceKrw * per + quantity) / (2 * quantity)), per, unit };
}
