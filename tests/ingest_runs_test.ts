/** What a run promises when it is killed, doubled, short, or told of many rows gone. */
import assert from "node:assert/strict";
import { beginRun, readReport, writePages } from "../services/ingest_runs.ts";
import { poll } from "./harness.ts";
import {
  type Catalogue,
  codeBookRow,
  contentOf,
  ingest,
  openCatalogue,
  openCodeBook,
  sourcesAt,
  versionsOf,
} from "./ingest_world.ts";

Deno.test("a run takes every page once, and run again writes nothing", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(3_500);
  const first = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.equal(first.code, 0, first.lines.join("\n"));
  assert.deepEqual(
    [first.last.pages, first.last.fetched, first.last.inserted, first.last.unchanged],
    [4, 3_500, 3_500, 0],
  );
  assert.deepEqual(book.asked.toSorted(), [1, 2, 3, 4]);
  const before = await versionsOf(catalogue.deps);
  const again = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual(
    [again.code, again.last.inserted, again.last.updated, again.last.unchanged, again.last.retired],
    [0, 0, 0, 3_500, 0],
  );
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("a changed row is updated, and only that one", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(1_200);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  book.rows[7]!.GOODNAME = "부사";
  const { last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([last.inserted, last.updated, last.unchanged], [0, 1, 1_199]);
  const [item] = await catalogue.deps.sql`select variety, search_text from items where code = '060100007'`;
  assert.deepEqual({ ...item }, { variety: "부사", search_text: "사과 부사 과실류" });
});

Deno.test("a run stopped by its signal exits non-zero and is gone on with, no finished page asked for again", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(6_000);
  const stop = new AbortController();
  const third = Promise.withResolvers<void>();
  book.before = (page) => page > 2 ? third.promise : Promise.resolve();
  const stopped = ingest(catalogue.deps, sourcesAt(book.url), "items", { signal: stop.signal });
  await finishedPages(catalogue, 2);
  stop.abort();
  third.resolve();
  const { code, last } = await stopped;
  assert.deepEqual([code, last.state, last.reason], [1, "incomplete", "stopped before its end"]);
  book.asked.length = 0;
  const resumed = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual(book.asked.toSorted(), [3, 4, 5, 6]);
  assert.deepEqual(
    [resumed.code, resumed.last.pages, resumed.last.fetched, resumed.last.inserted],
    [0, 6, 6_000, 6_000],
  );
});

Deno.test("of two runs at once the later one takes over, and the earlier one, held up, writes nothing late", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(2_500);
  book.rows[2_000]!.GOODNAME = "옛 이름";
  const slow = Promise.withResolvers<void>(), held = Promise.withResolvers<void>();
  book.before = async (page) => {
    if (page !== 3) return;
    held.resolve();
    await slow.promise;
  };
  const earlier = ingest(catalogue.deps, sourcesAt(book.url), "items");
  await Promise.all([held.promise, finishedPages(catalogue, 2)]);
  book.before = () => Promise.resolve();
  book.rows[2_000]!.GOODNAME = "새 이름";
  const later = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([later.code, later.last.state, later.last.fetched], [0, "complete", 2_500]);
  const before = await versionsOf(catalogue.deps);
  slow.resolve();
  const { code, last } = await earlier;
  assert.deepEqual([code, last.state], [1, "superseded"]);
  assert.deepEqual(await versionsOf(catalogue.deps), before);
  const [item] = await catalogue.deps.sql`select variety from items where code = '060102000'`;
  assert.equal(item?.variety, "새 이름");
});

Deno.test("pages written side by side while somebody waits to take the run over are each written once", async () => {
  await using catalogue = await openCatalogue();
  const { deps } = catalogue;
  const run = await beginRun(deps, "items");
  const writes = [1, 2].map((page) => {
    const begun = Promise.withResolvers<void>(), finish = Promise.withResolvers<void>();
    let times = 0;
    const done = writePages(
      deps,
      run,
      [{ page, total: 2, keysSeen: [`${page}`], rows: [], corrected: 0, rejects: [] }],
      async () => {
        times++;
        begun.resolve();
        await finish.promise;
        return { inserted: 1, updated: 0 };
      },
    );
    return { begun: begun.promise, finish: finish.resolve, done, times: () => times };
  });
  await Promise.all(writes.map(({ begun }) => begun));
  const taken = beginRun(deps, "items");
  // Longer than PostgreSQL waits before it looks for a deadlock: of one that comes later the pages would be the victims.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  for (const { finish } of writes) finish();
  await Promise.all(writes.map(({ done }) => done));
  assert.deepEqual(writes.map(({ times }) => times()), [1, 1]);
  const { epoch, finished } = await taken;
  assert.deepEqual([epoch, [...finished].toSorted()], [run.epoch + 1, [1, 2]]);
  const { pages, inserted } = await readReport(deps, run);
  assert.deepEqual([pages, inserted], [2, 2]);
});

Deno.test("ten runs started at once leave the catalogue of one", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(2_100);
  const runs = await Promise.all(
    Array.from({ length: 10 }, () => ingest(catalogue.deps, sourcesAt(book.url), "items")),
  );
  assert.ok(runs.some(({ code }) => code === 0), JSON.stringify(runs.map(({ last }) => last)));
  for (const { code, last } of runs) assert.equal(code === 0, last.state === "complete");
  assert.equal((await contentOf(catalogue.deps)).length, 2_100);
});

Deno.test("rows gone are retired, not deleted, and a row that comes back is in use again under its old id", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  const idsBefore = await idsOf(catalogue);
  const gone = book.rows.splice(0, 5);
  const without = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([without.code, without.last.retired], [0, 5]);
  assert.equal((await contentOf(catalogue.deps)).length, 95);
  book.rows.push(...gone);
  const returned = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([returned.code, returned.last.updated, returned.last.inserted], [0, 5, 0]);
  assert.equal((await contentOf(catalogue.deps)).length, 100);
  assert.deepEqual(await idsOf(catalogue), idsBefore);
});

Deno.test("an item no longer in use (GUBN N) is retired", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(50);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  book.rows[3]!.GUBN = "N";
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.retired, last.rejected, last.unchanged], [0, 1, 0, 49]);
});

Deno.test("more than 5 % of the known rows gone is held for a person, and nothing is retired", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  const before = await versionsOf(catalogue.deps);
  book.rows.splice(0, 6);
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.state, last.retired], [1, "held", 0]);
  assert.match(last.reason!, /^6 of 100 known rows are missing/);
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("a source wholly replaced by other rows is held, however many new ones it has", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  book.rows = Array.from({ length: 2_000 }, (_, i) => codeBookRow(i + 500));
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.state, last.inserted, last.retired], [1, "held", 2_000, 0]);
});

Deno.test("a run that saw fewer different rows than the source claims is incomplete and retires nothing", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(1_500);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  const before = await versionsOf(catalogue.deps);
  book.rows.pop();
  book.claims = 1_500;
  const short = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([short.code, short.last.state, short.last.retired], [1, "incomplete", 0]);
  assert.equal(short.last.reason, "saw 1499 different rows where the source claims 1500");
  book.rows.push(structuredClone(book.rows[0]!));
  const repeated = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([repeated.code, repeated.last.state, repeated.last.retired], [1, "incomplete", 0]);
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("a source that claims to be empty is not believed", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(0);
  book.before = () =>
    Promise.resolve(Response.json({ result: { code: "INFO-200", message: "해당하는 데이터가 없습니다." } }));
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.state, last.reason], [1, "incomplete", "the source claims to hold no rows"]);
});

Deno.test("a total that moves between the parts of a run that was stopped makes it begin anew", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(3_000);
  book.before = (page) =>
    Promise.resolve(page === 3 ? Response.json({ result: { code: "INFO-100", message: "만료" } }) : undefined);
  const cut = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([cut.code, cut.last.state, cut.last.reason], [1, "incomplete", "INFO-100 만료"]);
  book.before = () => Promise.resolve();
  book.rows.push(codeBookRow(3_000));
  const moved = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([moved.code, moved.last.state], [1, "incomplete"]);
  assert.match(moved.last.reason!, /^the source's total moved from 3000 to 3001/);
  const anew = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([anew.code, anew.last.fetched], [0, 3_001]);
});

async function finishedPages({ deps }: Catalogue, count: number): Promise<void> {
  await poll(async () => {
    const [pages] = await deps.sql<{ count: number }[]>`select count(*)::int as count from ingest_pages`;
    return pages!.count >= count;
  });
}

async function idsOf({ deps: { sql } }: Catalogue): Promise<string[]> {
  const rows = await sql<{ pair: string }[]>`select code || ' ' || id as pair from items order by code`;
  return rows.map(({ pair }) => pair);
}
