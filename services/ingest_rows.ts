/** What becomes of a row that a provider told us: it goes in, it is left out, or it is kept aside with a reason. */
import { hash } from "node:crypto";
import { ONE_LINE, tidy } from "../contract/common.ts";

/** A row, judged. The key is the provider's own, the same in every run; `null` when the row does not even tell that. */
export type Judged<Row> =
  /** `isCorrected` when something plainly wrong in it was set right. */
  | { key: string; row: Row; isCorrected?: boolean }
  /** Told, but no longer in use or not open: not for the catalogue. */
  | { key: string; outOfUse: true }
  | { key: string | null; reason: string };

/** Text on one line with single spaces, as the catalogue keeps it; `null` for what is empty, too long or has control characters. */
export function plainText(text: string, max: number): string | null {
  // By hand: a schema costs six times as much, four times a row.
  const tidied = tidy(text.replace(/\s+/g, " "));
  return tidied.length > 0 && tidied.length <= max && ONE_LINE.test(tidied) ? tidied : null;
}

/** A row's content as one short value: rows that differ anywhere differ here. */
export function hashOf(row: unknown): string {
  return hash("sha256", JSON.stringify(row), "hex");
}
