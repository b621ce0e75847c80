/** Shares of a pack, in steps that people would name. */
import type { Party } from "../../contract/parties.ts";
import { amount, locale } from "../words.ts";

/** How far one tap goes: the greatest of 1, 5, 10, 50 … that is no more than a fifth of the share. */
export function stepOf(share: number): number {
  const fifth = Math.max(1, share / 5), ten = 10 ** Math.floor(Math.log10(fifth));
  return fifth >= 5 * ten ? 5 * ten : ten;
}

/** Where a tap leads from a share: to the next whole step, and never beyond the ends. */
export function snap(from: number, to: number, { min, max, step }: { min: number; max: number; step: number }): number {
  const whole = to > from ? Math.floor(to / step) * step : Math.ceil(to / step) * step;
  const isAtEnd = to === min || to === max || whole === from;
  return Math.min(max, Math.max(min, isAtEnd ? to : whole));
}

/** `2.5 kg`, `1.25 kg`, `800 g`: to the gram, where {@link amount} rounds. */
export function exactAmount(quantity: number, unit: Party["unit"]): string {
  if (unit === "ea" || quantity < 1_000) return amount(quantity, unit);
  const number = new Intl.NumberFormat(locale.value, { maximumFractionDigits: 3 }).format(quantity / 1_000);
  return `${number} ${unit === "g" ? "kg" : "L"}`;
}
