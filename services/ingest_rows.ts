/** What becomes of a row that a provider told us: it goes in, it is left out, or it is kept aside with a reason. */
import { createHash } from "node:crypto";
import { line } from "../contract/common.ts";

/** A row, judged. The key is the provider's own, the same in every run; `null` when the row does not even tell that. */
export type Judged<Row> =
  /** `isCorrected` when something plainly wrong in it was set right. */
  | { key: string; row: Row; isCorrected?: boolean }
  /** Told, but no longer in use or not open: not for the catalogue. */
  | { key: string; outOfUse: true }
  | { key: string | null; reason: string };

/** Text on one line with single spaces, as the catalogue keeps it; `null` for what is empty, too long or has control characters. */
export function plainText(text: string, max: 100 | 200): string | null {
  const parsed = LINES[max].safeParse(text.replace(/\s+/g, " "));
  return parsed.success ? parsed.data : null;
}

const LINES = { 100: line(1, 100), 200: line(1, 200) };

/** A row's content as one short value: rows that differ anywhere differ here. */
export function hashOf(row: unknown): string {
  return createHash("sha256").update(JSON.stringify(row)).digest("hex");
}
