/** Opaque list cursors: where the last page ended, as base64url JSON, checked when it comes back. */
import type { z } from "zod";
import { invalid } from "../contract/problems.ts";

function writeCursor(position: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(position));
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Reads a cursor; the first page has none. Throws `invalid-input` for what was not written for this list. */
export function readCursor<T extends z.ZodType>(schema: T, cursor: string | undefined): z.infer<T> | undefined {
  if (cursor === undefined) return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(cursor, { alphabet: "base64url" }));
    return schema.parse(JSON.parse(text, refuseUnstorable)) as z.infer<T>;
  } catch {
    throw invalid("/query/cursor", "is not a cursor of this list");
  }
}

/** Text that Postgres cannot hold was never in a row, and would be an error in a query. */
function refuseUnstorable(_key: string, value: unknown): unknown {
  if (typeof value === "string" && (value.includes("\0") || !value.isWellFormed())) throw new TypeError("not text");
  return value;
}

/** Cuts a page of `limit` from rows read with one to spare; `positionOf` the last row becomes the next cursor. */
export function cutPage<Row>(rows: Row[], limit: number, positionOf: (row: Row) => unknown) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? writeCursor(positionOf(last)) : null };
}
