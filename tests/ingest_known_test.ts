/** What a run knows of the rows before it, held against a plain map and against the catalogue. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ITEMS } from "../workers/ingest_intakes.ts";
import { createKnownRows, readKnownRows } from "../services/ingest_known.ts";
import { hashOf } from "../services/ingest_rows.ts";
import { ingest, openCatalogue, openCodeBook, sourcesAt } from "./ingest_world.ts";

Deno.test("a row is known exactly if it was taken in with this key and this content", () => {
  const row = fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 3 }));
  fc.assert(fc.property(fc.array(row, { maxLength: 60 }), fc.array(row), (told, asked) => {
    const known = createKnownRows();
    const plain = new Set<string>();
    for (const [key, content] of told) {
      known.add(key, hashOf(content));
      plain.add(JSON.stringify([key, content]));
    }
    assert.equal(known.size, plain.size);
    for (const [key, content] of [...told, ...asked]) {
      assert.equal(known.has(key, hashOf(content)), plain.has(JSON.stringify([key, content])));
    }
  }));
});

Deno.test("a hundred thousand rows are known, each as it is and no other, however often the table grew", () => {
  const known = createKnownRows();
  const rows = Array.from({ length: 100_000 }, (_, i) => [`0601${i}`, hashOf(i % 1_000)] as const);
  for (const [key, hash] of rows) known.add(key, hash);
  assert.equal(known.size, rows.length);
  assert.ok(rows.every(([key, hash]) => known.has(key, hash)));
  const other = hashOf("another content");
  assert.ok(!rows.some(([key]) => known.has(key, other) || known.has(`${key} `, hashOf(0))));
});

Deno.test("what the catalogue has in use is known, page after page; what is retired is not", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(10_003);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.equal((await readKnownRows(catalogue.deps, ITEMS.share)).size, 10_003);
  const gone = book.rows.splice(7, 3);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.equal((await readKnownRows(catalogue.deps, ITEMS.share)).size, 10_000);
  book.rows.push(...gone);
  const { last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([last.updated, last.unchanged], [3, 10_000]);
});
