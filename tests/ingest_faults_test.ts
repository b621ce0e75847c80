/** However a provider misbehaves, a run ends complete and right, or incomplete with a reason and the old data whole. */
import assert from "node:assert/strict";
import {
  type Catalogue,
  contentOf,
  hasRealData,
  ingest,
  openCatalogue,
  openCodeBook,
  type RealData,
  sourcesAt,
  startRealData,
  versionsOf,
} from "./ingest_world.ts";

/** Six pages, the last of one row. */
const ROWS = 5_001;

/** A provider's fault, the sources it shows in, and the only end that is right: complete, or incomplete with this reason. */
const FAULTS: { fault: string; rate?: number; source?: "markets" | "stores"; end: "complete" | RegExp }[] = [
  { fault: "http500", rate: 0.3, end: "complete" },
  { fault: "http500", rate: 1, end: /page 1 was not given in 9 questions, the last: HTTP 500/ },
  { fault: "http503", rate: 0.2, end: "complete" },
  { fault: "http429", rate: 0.2, end: "complete" },
  { fault: "html200", rate: 0.3, end: "complete" },
  { fault: "html200", rate: 1, end: /the answer is not JSON/ },
  { fault: "truncated", rate: 0.3, end: "complete" },
  { fault: "truncated", rate: 1, end: /the answer is not whole JSON/ },
  { fault: "xml", rate: 0.3, end: "complete" },
  { fault: "xml", rate: 1, end: /the answer is not JSON/ },
  { fault: "reset", rate: 0.3, end: "complete" },
  { fault: "reset", rate: 1, end: /the connection failed/ },
  { fault: "stall", rate: 0.2, end: "complete" },
  { fault: "stall", rate: 1, end: /no whole answer within 700 ms/ },
  { fault: "slow", rate: 0.2, end: "complete" },
  { fault: "shuffled", end: "complete" },
  { fault: "single_object", end: "complete" },
  { fault: "numeric_strings", source: "markets", end: "complete" },
  { fault: "key_expired", end: /INFO-100 인증키가 유효하지 않습니다/ },
  { fault: "key_expired", source: "markets", end: "complete" },
  { fault: "total_grows", end: /total moved from 5008 to 50\d\d/ },
  { fault: "total_shrinks", end: /total moved from 4998 to 49\d\d/ },
  { fault: "total_grows", source: "markets", end: /total moved from 1400 to 1407/ },
  { fault: "duplicate_page", end: /saw 4001 different rows where the source claims 5001/ },
  { fault: "shuffled", source: "stores", end: "complete" },
  { fault: "http500", rate: 0.3, source: "stores", end: "complete" },
];

Deno.test({
  name: "every fault of a provider ends complete and like a clean run, or incomplete with its reason",
  ignore: !hasRealData,
  async fn(t) {
    await using data = await startRealData();
    const clean = await cleanContent(data);
    for (const { fault, rate = 0.2, source = "items", end } of FAULTS) {
      await t.step(`${fault} at ${rate}, ${source}`, async () => {
        await using catalogue = await openCatalogue();
        await data.set({ fault, rate, rows: ROWS });
        const sources = sourcesAt(data.url, { timeoutMs: 700 });
        const troubled = await ingest(catalogue.deps, sources, source);
        if (end === "complete") assert.equal(troubled.code, 0, JSON.stringify(troubled.last));
        else await healsAfter(catalogue, data, troubled, source, end);
        assert.deepEqual(await contentOf(catalogue.deps), clean[source]);
        await leavesOldDataAlone(catalogue, data, { fault, rate, source });
      });
    }
  },
});

Deno.test({
  name: "rows that lack a name or a place are kept aside, and no known row is lost or moved by them",
  ignore: !hasRealData,
  async fn(t) {
    await using data = await startRealData();
    const clean = await cleanContent(data);
    const reasons = {
      missing_field: {
        items: ["no name"],
        markets: ["no coordinates", "no name"],
        stores: ["no coordinates", "no name"],
      },
      bad_coords: {
        items: [],
        markets: ["coordinates are swapped", "coordinates are zero", "coordinates lie outside Korea", "no coordinates"],
        stores: ["coordinates are zero", "coordinates lie outside the capital area", "no coordinates"],
      },
      // Codes that have letters are nothing as numbers; those of digits only lose their zeros.
      numeric_strings: { items: ["no code"], markets: ["no coordinates"], stores: ["no coordinates"] },
    };
    for (const fault of ["missing_field", "bad_coords", "numeric_strings"] as const) {
      for (const source of ["items", "markets", "stores"] as const) {
        await t.step(`${fault}, ${source}`, async () => {
          await using catalogue = await openCatalogue();
          await data.set({ fault, rate: 0.3, rows: ROWS });
          const { code, last } = await ingest(catalogue.deps, sourcesAt(data.url), source);
          assert.deepEqual([code, Object.keys(last.rejectReasons).toSorted()], [0, reasons[fault][source]]);
          const content = await contentOf(catalogue.deps);
          assert.equal(content.length, last.fetched - last.rejected);
          const right = new Set(clean[source]);
          assert.deepEqual(content.filter((row) => !right.has(row)), []);
          await data.set({ rows: ROWS });
          await ingest(catalogue.deps, sourcesAt(data.url), source);
          assert.deepEqual(await contentOf(catalogue.deps), clean[source]);
          await leavesOldDataAlone(catalogue, data, { fault, rate: 0.3, source });
        });
      }
    }
  },
});

Deno.test({
  name: "a wrong key is one question and one clear error that does not tell the key",
  ignore: !hasRealData,
  async fn() {
    await using catalogue = await openCatalogue();
    await using data = await startRealData();
    const wrong = sourcesAt(data.url, { key: "not-this-one" });
    for (
      const [source, reason] of [["items", /^INFO-100/], ["markets", /^30 SERVICE_KEY/], [
        "stores",
        /^INFO-100/,
      ]] as const
    ) {
      await data.set({});
      const { code, last, lines } = await ingest(catalogue.deps, wrong, source);
      assert.deepEqual([code, last.state, (await data.stats()).requests], [1, "incomplete", 1]);
      assert.match(last.reason!, reason);
      assert.doesNotMatch(lines.join("\n"), /not-this-one/);
    }
  },
});

Deno.test("Retry-After is honoured: nobody asks again before its time", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(4_000);
  let toldAt = 0;
  const tooEarly: number[] = [];
  book.before = (page) => {
    const sinceMs = performance.now() - toldAt;
    if (toldAt > 0 && sinceMs < 990) tooEarly.push(sinceMs);
    if (page !== 1 || toldAt > 0) return Promise.resolve();
    toldAt = performance.now();
    return Promise.resolve(new Response("busy", { status: 429, headers: { "retry-after": "1" } }));
  };
  assert.equal((await ingest(catalogue.deps, sourcesAt(book.url), "items")).code, 0);
  assert.deepEqual(tooEarly, []);
});

Deno.test("an answer without end is cut off at its size limit, and a redirect is not followed", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(10);
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
  book.before = () => Promise.resolve(new Response(endless));
  const cut = await ingest(catalogue.deps, sourcesAt(book.url, { bodyBytesMax: 1_000_000 }), "items");
  assert.deepEqual([cut.code, cut.last.reason], [1, "the answer is larger than 1000000 bytes"]);
  book.before = () => Promise.resolve(new Response(null, { status: 302, headers: { location: book.url } }));
  const sent = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([sent.code, sent.last.reason, book.asked.length], [1, "HTTP 302", 2]);
});

Deno.test("a provider that dies in the middle is given up after a few answers, not after every page's retries", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(60_000);
  book.before = (page) => Promise.resolve(page > 1 ? new Response("", { status: 500 }) : undefined);
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.state], [1, "incomplete"]);
  assert.match(last.reason!, /answers in a row were no page, the last: HTTP 500/);
  assert.ok(book.asked.length < 40, `${book.asked.length} questions`);
});

async function cleanContent(data: RealData): Promise<Record<"items" | "markets" | "stores", string[]>> {
  await data.set({ rows: ROWS });
  const contents = [];
  for (const source of ["items", "markets", "stores"] as const) {
    await using catalogue = await openCatalogue();
    assert.equal((await ingest(catalogue.deps, sourcesAt(data.url), source)).code, 0);
    contents.push(await contentOf(catalogue.deps));
  }
  return { items: contents[0]!, markets: contents[1]!, stores: contents[2]! };
}

async function healsAfter(
  catalogue: Catalogue,
  data: RealData,
  { code, last }: Awaited<ReturnType<typeof ingest>>,
  source: string,
  reason: RegExp,
): Promise<void> {
  assert.deepEqual([code, last.state], [1, "incomplete"]);
  assert.match(last.reason!, reason);
  await data.set({ rows: ROWS });
  const healed = await ingest(catalogue.deps, sourcesAt(data.url), source);
  assert.equal(healed.code, 0, JSON.stringify(healed.last));
}

async function leavesOldDataAlone(
  { deps }: Catalogue,
  data: RealData,
  { source, ...state }: { fault: string; rate: number; source: string },
): Promise<void> {
  const before = await versionsOf(deps);
  await data.set({ ...state, rows: ROWS });
  const { last } = await ingest(deps, sourcesAt(data.url, { timeoutMs: 700 }), source);
  assert.deepEqual([last.inserted, last.updated, last.retired], [0, 0, 0]);
  assert.deepEqual(await versionsOf(deps), before);
}
