/** What the command's words and flags promise: a held run is released, a dry run writes nothing, a mistake does nothing. */
import assert from "node:assert/strict";
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

Deno.test("release retires what the held run did not see, once, and gives its summary", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await holdRun(catalogue, book);
  const released = await ingest(catalogue.deps, sourcesAt(book.url), "release items");
  const { elapsedMs: _, ...summary } = released.last;
  assert.deepEqual([released.code, summary], [0, {
    source: "items",
    state: "complete",
    reason: null,
    pages: 1,
    fetched: 94,
    inserted: 0,
    updated: 0,
    unchanged: 94,
    retired: 6,
    rejected: 0,
    corrected: 0,
    rejectReasons: {},
  }]);
  assert.equal((await contentOf(catalogue.deps)).length, 94);
  const before = await versionsOf(catalogue.deps);
  const again = await ingest(catalogue.deps, sourcesAt(book.url), "release items");
  assert.deepEqual([again.code, again.lines], [1, ["Cannot release items: its last run is not held"]]);
  assert.deepEqual(await versionsOf(catalogue.deps), before);
  const next = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([next.code, next.last.retired], [0, 0]);
});

Deno.test("of releases at once one retires, and the others say that nothing is held", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await holdRun(catalogue, book);
  const all = await Promise.all(
    Array.from({ length: 5 }, () => ingest(catalogue.deps, sourcesAt(book.url), "release items")),
  );
  assert.deepEqual(all.map(({ code }) => code).toSorted(), [0, 1, 1, 1, 1]);
  assert.equal((await contentOf(catalogue.deps)).length, 94);
});

Deno.test("a held run is not released once a later one has begun: its rows would be taken for missing", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await holdRun(catalogue, book);
  book.rows.push(...Array.from({ length: 1_000 }, (_, i) => codeBookRow(i + 500)));
  book.before = (page) => Promise.resolve(page === 2 ? new Response("", { status: 404 }) : undefined);
  const later = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([later.last.state, later.last.inserted], ["incomplete", 906]);
  const before = await versionsOf(catalogue.deps);
  const { code, lines } = await ingest(catalogue.deps, sourcesAt(book.url), "release items");
  assert.deepEqual([code, lines], [1, ["Cannot release items: its last run is not held"]]);
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("only one source is released, and only where one is held", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await holdRun(catalogue, book);
  const before = await versionsOf(catalogue.deps);
  for (const source of ["markets", "stores"]) {
    const { code, lines } = await ingest(catalogue.deps, sourcesAt(book.url), `release ${source}`);
    assert.deepEqual([code, lines], [1, [`Cannot release ${source}: its last run is not held`]]);
  }
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("a dry run tells what the real one then does, and writes nothing at all", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(2_100);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  book.rows.splice(5, 3);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  // Two change, two are gone, one comes back, one is no longer in use, two are new, and one of those and one known are bad.
  book.rows[0]!.GOODNAME = "부사";
  book.rows[1_500]!.GOODNAME = "홍로";
  book.rows.splice(20, 2, codeBookRow(5), codeBookRow(3_000), { ...codeBookRow(3_001), MIDNAME: "" });
  book.rows[30]!.GUBN = "N";
  delete book.rows[31]!.GOODNAME;
  const before = [await versionsOf(catalogue.deps), await writtenRows(catalogue)];
  const dry = await ingest(catalogue.deps, sourcesAt(book.url), "items --dry-run");
  assert.deepEqual([await versionsOf(catalogue.deps), await writtenRows(catalogue)], before);
  const { elapsedMs: _, dryRun, ...told } = dry.last;
  assert.equal(dryRun, true);
  assert.deepEqual(
    [told.inserted, told.updated, told.retired, told.rejected, told.rejectReasons],
    [1, 3, 3, 2, { "no name": 2 }],
  );
  const real = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  const { elapsedMs: __, ...done } = real.last;
  assert.deepEqual([dry.code, told], [real.code, done]);
});

Deno.test("a dry run ends like the real one also where that is held, short, or not given its pages", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(100);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  const compare = async () => {
    const [dry, real] = [
      await ingest(catalogue.deps, sourcesAt(book.url), "--dry-run items"),
      await ingest(catalogue.deps, sourcesAt(book.url), "items"),
    ];
    const [told, done] = [dry, real].map(({ code, last }) => [code, last.state, last.reason, last.retired]);
    assert.deepEqual(told, done);
    return told![1];
  };
  book.claims = 101;
  assert.equal(await compare(), "incomplete");
  delete book.claims;
  book.rows.splice(0, 6);
  assert.equal(await compare(), "held");
  book.before = () => Promise.resolve(new Response("", { status: 404 }));
  assert.equal(await compare(), "incomplete");
});

Deno.test("--concurrency is how many pages are asked for at once", async () => {
  await using catalogue = await openCatalogue();
  for (const [line, most] of [["--concurrency 3 items", 3], ["items --concurrency=1", 1], ["items", 8]] as const) {
    await using book = openCodeBook(12_000);
    assert.equal(await mostAtOnce(catalogue, book, line, { readyAt: most }), most);
  }
});

Deno.test("a source that is busy is asked for fewer pages at once, and for one more each time it has given so many", async () => {
  await using catalogue = await openCatalogue();
  for (const status of [429, 503]) {
    await using book = openCodeBook(24_000);
    // As many as are asked for at once: none of those is under way when the next is asked for.
    let refusals = 8;
    const underWay: number[] = [], tooMany: number[] = [];
    let asked = 0, given = 0;
    book.before = async (page): Promise<Response | void> => {
      if (page > 1 && refusals-- > 0) return new Response("busy", { status });
      if (page === 1) return;
      underWay.push(++asked - given);
      // One at first, two after one was given, three after two more, four after three more.
      const atMost = Math.floor((1 + Math.sqrt(8 * given + 1)) / 2);
      if (asked - given > atMost) tooMany.push(asked - given);
      // Long enough for more to show, also while pages are judged.
      await new Promise((resolve) => setTimeout(resolve, 100));
      given++;
    };
    // Without writing: pages that wait to be written would hold the questions up.
    const { code, lines } = await ingest(catalogue.deps, sourcesAt(book.url), "items --dry-run");
    assert.equal(code, 0, lines.join("\n"));
    assert.deepEqual([underWay.length, underWay[0], tooMany], [23, 1, []]);
    assert.ok(Math.max(...underWay) >= 4, `${underWay}`);
  }
});

Deno.test("a word or flag that the command does not know is told, and nothing is asked", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(10);
  const told = {
    "--dryrun items": "Cannot ingest: there is no --dryrun, only --dry-run and --concurrency N",
    "items --concurrency": 'Cannot ingest: --concurrency takes a number from 1 to 64, not ""',
    "items --concurrency 0": 'Cannot ingest: --concurrency takes a number from 1 to 64, not "0"',
    "items --concurrency=65": 'Cannot ingest: --concurrency takes a number from 1 to 64, not "65"',
    "items markets": "Cannot ingest: one source at a time, or all, not also markets",
    "release": "Cannot release: say release and items, markets or stores",
    "release all": "Cannot release: say release and items, markets or stores",
    "release items --dry-run": "Cannot release: say release and items, markets or stores",
  };
  for (const [line, message] of Object.entries(told)) {
    const { code, lines } = await ingest(catalogue.deps, sourcesAt(book.url), line);
    assert.deepEqual([code, lines], [1, [message]]);
  }
  assert.equal(book.asked.length, 0);
});

type Book = ReturnType<typeof openCodeBook>;

/** A hundred items are known, and six of them gone. */
async function holdRun(catalogue: Catalogue, book: Book): Promise<void> {
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  book.rows.splice(0, 6);
  const { last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.equal(last.state, "held");
}

/** Rows of every table that a run writes to. */
async function writtenRows({ deps: { sql } }: Catalogue): Promise<unknown> {
  const [rows] = await sql`
    select (select json_agg(runs order by id) from ingest_runs runs) as runs,
      (select count(*)::int from ingest_pages) as pages, (select count(*)::int from ingest_rejects) as rejects,
      (select count(*)::int from items) as items, (select count(*)::int from markets) as markets`;
  return { ...rows };
}

/**
 * The most pages under way together once the first is there. Each answer waits until `readyAt` of them are asked for, and then
 * for a turn of the loop in which more would show.
 */
async function mostAtOnce(
  { deps }: Catalogue,
  book: Book,
  line: string,
  { readyAt }: { readyAt: number },
): Promise<number> {
  let underWay = 0, most = 0;
  const ready = Promise.withResolvers<void>();
  book.before = async (page) => {
    if (page === 1) return;
    most = Math.max(most, ++underWay);
    if (underWay >= readyAt) ready.resolve();
    await ready.promise;
    await new Promise((resolve) => setTimeout(resolve, 20));
    underWay--;
  };
  const { code, lines } = await ingest(deps, sourcesAt(book.url), line);
  assert.equal(code, 0, lines.join("\n"));
  return most;
}
