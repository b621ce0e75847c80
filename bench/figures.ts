/** What benches do with figures: middle them, spread them, print them beside their limits. */

/** The middle one; with an even number the lower of the two in the middle. */
export function median(figures: number[]): number {
  return sorted(figures)[Math.floor((figures.length - 1) / 2)] ?? NaN;
}

/** Lowest to highest, as it is printed behind a median. */
export function spread(figures: number[], digits = 0): string {
  const all = sorted(figures);
  return `${(all[0] ?? NaN).toFixed(digits)}–${(all.at(-1) ?? NaN).toFixed(digits)}`;
}

/** Prints one figure and, where there is one, its limit and whether it is kept. */
export function tell(what: string, figure: string, limit = "", isKept?: boolean): void {
  const verdict = isKept === undefined ? "" : isKept ? "  kept" : "  MISSED";
  say(`${what.padEnd(46)} ${figure.padEnd(36)} ${limit}${verdict}`.trimEnd());
}

/** Prints a line. */
export function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function sorted(figures: number[]): number[] {
  return figures.toSorted((a, b) => a - b);
}

/** The figure that this share of all is no greater than. */
export function quantile(figures: number[], share: number): number {
  const all = sorted(figures);
  return all[Math.max(0, Math.ceil(all.length * share) - 1)] ?? NaN;
}

/** p50 and p99 as they are printed. */
export function p50p99(figures: number[]): string {
  return `p50 ${quantile(figures, 0.5).toFixed(1)} ms  p99 ${quantile(figures, 0.99).toFixed(1)} ms`;
}
