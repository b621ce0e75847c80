/**
 * The rows of a source as the catalogue has them, in memory: by these a run tells what it need not write. 16 bytes a row,
 * so that a million of them are 32 MiB.
 */
import type { Share } from "./catalogue_writes.ts";
import type { Deps } from "./ports.ts";

/** Rows that are known as they are. */
export interface KnownRows {
  readonly size: number;
  /** Takes a row in, by its natural key and the hash of its content in hexadecimal digits. */
  add(key: string, hash: string): void;
  /** Whether exactly this row is known. Two rows of a million are taken for each other with a chance of 1 in 10^7 at most. */
  has(key: string, hash: string): boolean;
}

/** Rows read at once. */
const CHUNK_ROWS = 10_000;

/** Reads what a source has told before and is still in use. Whoever writes for the source must hold its run. */
export async function readKnownRows(
  { sql }: Pick<Deps, "sql">,
  { table, keyColumn, source }: Share,
): Promise<KnownRows> {
  const known = createKnownRows();
  let last = "";
  while (true) {
    const rows = await sql<{ key: string; hash: string }[]>`
      select ${sql(keyColumn)} as key, encode(substr(row_hash, 1, 8), 'hex') as hash
      from ${sql(table)}
      where source = ${source} and retired_at is null and ${sql(keyColumn)} > ${last}
      order by ${sql(keyColumn)}
      limit ${CHUNK_ROWS}`;
    for (const { key, hash } of rows) known.add(key, hash);
    if (rows.length < CHUNK_ROWS) return known;
    last = rows.at(-1)!.key;
  }
}

/** A row is four words in a table of open addressing: two of its key's hash, two of its content's. */
const WORDS = 4;
/** Never fuller than this: a look-up ends after two steps on average. */
const LOAD_MAX = 0.6;

/** None, yet. */
export function createKnownRows(): KnownRows {
  let slots = 1 << 12;
  let table = new Uint32Array(slots * WORDS);
  let size = 0;
  const row = new Uint32Array(WORDS);

  /** Where the row is, or the free place where it belongs. */
  function placeOf(): number {
    let at = (row[0]! & (slots - 1)) * WORDS;
    while (!isFree(at) && !isRow(at)) at = (at + WORDS) % table.length;
    return at;
  }

  function isFree(at: number): boolean {
    return table[at] === 0;
  }

  function isRow(at: number): boolean {
    return row.every((word, i) => table[at + i] === word);
  }

  function put(): void {
    table.set(row, placeOf());
  }

  function grow(): void {
    const before = table;
    slots *= 2;
    table = new Uint32Array(slots * WORDS);
    for (let at = 0; at < before.length; at += WORDS) {
      if (before[at] === 0) continue;
      row.set(before.subarray(at, at + WORDS));
      put();
    }
  }

  return {
    get size() {
      return size;
    },
    add(key, hash) {
      if (size + 1 > slots * LOAD_MAX) grow();
      wordsOf(key, hash, row);
      if (!isFree(placeOf())) return;
      put();
      size++;
    },
    has(key, hash) {
      wordsOf(key, hash, row);
      return !isFree(placeOf());
    },
  };
}

/** FNV-1a, and the same walk with another prime; the first word is never 0, which marks a free place. */
function wordsOf(key: string, hash: string, row: Uint32Array): void {
  let first = 0x811c9dc5, second = 0x9e3779b9;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit, 0x85ebca6b);
    second ^= second >>> 13;
  }
  row[0] = first ^ (first >>> 16) || 1;
  row[1] = second;
  row[2] = parseInt(hash.slice(0, 8), 16);
  row[3] = parseInt(hash.slice(8, 16), 16);
}
