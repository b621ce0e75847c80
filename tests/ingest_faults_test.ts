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

/**
 * A provider's fault, the source it shows in, and the only end that is right: complete, or incomplete with this reason. Where
 * chance decides, either.
 */
interface Fault {
  fault: string;
  rate?: number;
  source?: "items" | "markets" | "stores";
  end: "complete" | "either" | RegExp;
}

/** Faults that strike a share of the questions, and how it ends when they strike all. */
const SHARES: [string, RegExp][] = [
  ["http500", /^page 1 was not given in 9 questions, the last: HTTP 500$/],
  ["html200", /the last: the answer is not JSON$/],
  ["truncated", /the last: the answer is not whole JSON$/],
  ["xml", /the last: the answer is not JSON$/],
  ["reset", /the last: the connection failed$/],
  ["stall", /the last: no whole answer within 700 ms$/],
];

const FAULTS: Fault[] = [
  ...SHARES.flatMap(([fault, reason]): Fault[] => [
    { fault, rate: 0.05, end: "complete" },
    { fault, rate: 0.3, end: "complete" },
    { fault, rate: 0.7, end: "either" },
    { fault, rate: 1, end: reason },
  ]),
  { fault: "http503", rate: 0.05, end: "complete" },
  { fault: "http503", rate: 0.2, end: "complete" },
  { fault: "http503", rate: 1, end: /the last: HTTP 503$/ },
  { fault: "http429", rate: 0.05, end: "complete" },
  { fault: "http429", rate: 0.2, end: "complete" },
  { fault: "http429", rate: 1, end: /the last: HTTP 429$/ },
  { fault: "slow", rate: 0.2, end: "complete" },
  { fault: "slow", rate: 1, end: /the last: no whole answer within 700 ms$/ },
  { fault: "shuffled", end: "complete" },
  { fault: "single_object", end: "complete" },
  { fault: "numeric_strings", source: "markets", end: "complete" },
  { fault: "key_expired", end: /^INFO-100 인증키가 유효하지 않습니다/ },
  { fault: "key_expired", source: "markets", end: "complete" },
  { fault: "total_grows", end: /^the source's total moved from 5008 to 50\d\d/ },
  { fault: "total_shrinks", end: /^the source's total moved from 4998 to 49\d\d/ },
  { fault: "total_grows", source: "markets", end: /^the source's total moved from 1400 to 1407/ },
  { fault: "duplicate_page", end: /^saw 4001 different rows where the source claims 5001$/ },
  { fault: "shuffled", source: "stores", end: "complete" },
  { fault: "http500", rate: 0.3, source: "stores", end: "complete" },
];

/** Where the table of faults is on file, between its two marks. */
const DOCS = new URL("../docs/ingest.md", import.meta.url);

Deno.test({
  name: "every fault of a provider ends complete and like a clean run, or incomplete with its reason",
  ignore: !hasRealData,
  async fn(t) {
    await using stack = new AsyncDisposableStack();
    const lines: string[] = [], faults = FAULTS.entries();
    let clean: Promise<Clean> | undefined;
    async function tryThem(): Promise<void> {
      const data = stack.use(await startRealData());
      const like = await (clean ??= cleanContent(data));
      for (const [i, each] of faults) {
        const name = `${each.fault} at ${each.rate ?? "its own rate"}, ${each.source ?? "items"}`;
        await t.step({ name, ...BESIDE_OTHERS, fn: async () => void (lines[i] = await tryOne(each, data, like)) });
      }
    }
    // Most of it is waiting for the next question.
    await Promise.all(Array.from({ length: PROVIDERS }, tryThem));
    await checkTable(lines);
  },
});

/** Providers that are asked side by side, each with a fault of its own. */
const PROVIDERS = 3;
/** What a step must not watch over when others run at the same time. */
const BESIDE_OTHERS = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

type Clean = Awaited<ReturnType<typeof cleanContent>>;

/** Runs an ingest through the fault, and says in a line of the table how it ended. */
async function tryOne({ fault, rate, source = "items", end }: Fault, data: RealData, clean: Clean): Promise<string> {
  await using catalogue = await openCatalogue();
  const state = { fault, rate: rate ?? 0.2 };
  await data.set({ ...state, rows: ROWS });
  const troubled = await ingest(catalogue.deps, sourcesAt(data.url, { timeoutMs: 700 }), source);
  if (end === "complete") assert.equal(troubled.code, 0, JSON.stringify(troubled.last));
  else if (end !== "either") await healsAfter(catalogue, data, troubled, source, end);
  else if (troubled.code !== 0) await healsAfter(catalogue, data, troubled, source, /./);
  assert.deepEqual(await contentOf(catalogue.deps), clean[source]);
  await leavesOldDataAlone(catalogue, data, { ...state, source });
  return `| \`${fault}\` | ${rate ?? ""} | ${source} | ${toldEnd(end, troubled.last.reason)} |`;
}

/** Totals depend on which page came first. */
function toldEnd(end: Fault["end"], reason: string | null): string {
  if (typeof end === "string") return end === "complete" ? "complete, like a clean run" : "either, as chance has it";
  return `incomplete: ${reason!.replaceAll(/\d{4,}/g, "N")}`;
}

async function checkTable(lines: string[]): Promise<void> {
  const text = await Deno.readTextFile(DOCS);
  const [before, after] = [text.split(BEGIN)[0]!, text.split(END)[1]!];
  const table = ["| fault | rate | source | end |", "| - | - | - | - |", ...lines].join("\n");
  const whole = `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
  if (Deno.env.get("WRITE_FAULTS")) await Deno.writeTextFile(DOCS, whole);
  assert.equal(
    plain(await Deno.readTextFile(DOCS)),
    plain(whole),
    "the table is not that of docs/ingest.md; if it should be, look through what this writes and commit it, formatted:\n" +
      "WRITE_FAULTS=1 deno task test tests/ingest_faults_test.ts",
  );
}

const BEGIN = "<!-- faults: written by tests/ingest_faults_test.ts -->", END = "<!-- faults: end -->";

/** Without what formatting adds to a table. */
function plain(text: string): string {
  return text.replaceAll(/ +\|/g, " |").replaceAll(/\| +/g, "| ").replaceAll(/-+/g, "-");
}

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
        markets: ["coordinates are zero", "coordinates lie outside Korea", "no coordinates"],
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
          assert.equal(last.corrected > 0, fault === "bad_coords" && source === "markets");
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
