/** The real road: all three sources through the command, in a process of its own, killed and not. */
import assert from "node:assert/strict";
import { distanceM } from "../services/geo.ts";
import { judgeMarket } from "../services/market_rows.ts";
import { poll } from "./harness.ts";
import {
  type Catalogue,
  contentOf,
  environmentAt,
  hasRealData,
  ingest,
  openCatalogue,
  openCodeBook,
  readRealCsv,
  sourcesAt,
  startRealData,
  versionsOf,
} from "./ingest_world.ts";

const ignore = !hasRealData;

Deno.test({
  name: "`ingest all` ends complete with every real row that can be placed, and run again it writes nothing",
  ignore,
  async fn() {
    await using catalogue = await openCatalogue();
    await using data = await startRealData();
    const first = await runCommand(catalogue, data.url, "all");
    assert.equal(first.code, 0, first.output);
    const { elapsedMs: _, ...summary } = first.last;
    assert.deepEqual(summary, {
      source: "all",
      state: "complete",
      reason: null,
      pages: 19,
      fetched: 14_192 + 1_393 + 1_196,
      inserted: 14_192 + 1_377 + 1_131,
      updated: 0,
      unchanged: 0,
      retired: 0,
      rejected: 16 + 65,
      corrected: 0,
      rejectReasons: { "no coordinates": 16 + 65 },
    });
    const counts = await catalogue.deps.sql`
      select source, count(*)::int as count from items group by source
      union all
      select source, count(*)::int from markets group by source
      order by source`;
    assert.deepEqual(counts.map((each) => ({ ...each })), [
      { source: "mafra", count: 14_192 },
      { source: "stores", count: 1_131 },
      { source: "traditional", count: 1_377 },
    ]);
    const [aside] = await catalogue.deps.sql`
      select count(*)::int as count from ingest_rejects where reason = 'no coordinates' and raw <> '{}'`;
    assert.equal(aside?.count, 81);
    const before = await versionsOf(catalogue.deps);
    const again = await runCommand(catalogue, data.url, "all");
    assert.deepEqual(
      [again.code, again.last.inserted, again.last.updated, again.last.retired, again.last.unchanged],
      [0, 0, 0, 0, 14_192 + 1_377 + 1_131],
    );
    assert.deepEqual(await versionsOf(catalogue.deps), before);
  },
});

Deno.test({
  name: "a store's place is right to 10 m at the median, and its region where the permits could tell it",
  ignore,
  async fn() {
    await using catalogue = await openCatalogue();
    await using data = await startRealData();
    assert.equal((await ingest(catalogue.deps, sourcesAt(data.url), "stores")).code, 0);
    const stores = await catalogue.deps.sql<{ name: string; lat: number; lng: number; region: string }[]>`
      select name, lat, lng, region_code as region from markets where source = 'stores'`;
    const checks = (await readRealCsv("markets_large_stores.csv")).filter((row) => row.check_lat);
    const off = stores.map((store) => {
      const at = (row: Record<string, string>) => ({ lat: Number(row.check_lat), lng: Number(row.check_lng) });
      const same = checks.filter((row) => row.BPLCNM!.replace(/\s+/g, " ").trim() === store.name);
      const nearest = same.toSorted((a, b) => distanceM(at(a), store) - distanceM(at(b), store))[0]!;
      return { m: distanceM(at(nearest), store), isRegion: nearest.check_sigungu_2026 === store.region };
    });
    assert.equal(off.length, 1_131);
    const sorted = off.map(({ m }) => m).toSorted((a, b) => a - b);
    assert.ok(sorted[565]! <= 10, `${sorted[565]} m`);
    assert.ok(
      off.filter(({ isRegion }) => isRegion).length >= 1_129,
      `${off.filter((each) => !each.isRegion).length} wrong`,
    );
  },
});

Deno.test({
  name: "a run killed in the middle ends, run again, like one clean run, and no finished page is fetched again",
  ignore,
  async fn() {
    await using catalogue = await openCatalogue();
    await using clean = await openCatalogue();
    await using data = await startRealData();
    assert.equal((await ingest(clean.deps, sourcesAt(data.url), "items")).code, 0);
    await data.set({ latencyMs: 200 });
    const child = command(catalogue, data.url, "items", "--concurrency=1").spawn();
    await poll(async () => (await finishedPages(catalogue)).length >= 3, { timeoutMs: 60_000 });
    child.kill("SIGKILL");
    await child.status;
    const finished = await finishedPages(catalogue);
    assert.ok(finished.length < 15, "killed too late to show anything");
    await data.set({});
    const resumed = await runCommand(catalogue, data.url, "items");
    assert.equal(resumed.code, 0, resumed.output);
    const asked = Object.keys((await data.stats()).pages).map((page) => Math.ceil(Number(page.split("/")[1]) / 1_000));
    assert.deepEqual(asked.toSorted((a, b) => a - b), allPages(15).filter((page) => !finished.includes(page)));
    assert.deepEqual([resumed.last.pages, resumed.last.fetched, resumed.last.inserted], [15, 14_192, 14_192]);
    assert.deepEqual(await contentOf(catalogue.deps), await contentOf(clean.deps));
  },
});

Deno.test("SIGTERM ends a run in good order: its summary is the last line, and the exit code is not 0", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(5_000);
  const answer = Promise.withResolvers<void>();
  book.before = (page) => page > 1 ? answer.promise : Promise.resolve();
  const child = command(catalogue, book.url, "items").spawn();
  await poll(async () => (await finishedPages(catalogue)).length === 1, { timeoutMs: 60_000 });
  child.kill("SIGTERM");
  const { code, stdout } = await child.output();
  answer.resolve();
  const last = JSON.parse(new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)!);
  assert.deepEqual([code, last.source, last.state, last.pages], [1, "items", "incomplete", 1]);
});

Deno.test("an unknown source is told what there is, and a missing key by its variable's name", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(10);
  const { code, lines } = await ingest(catalogue.deps, sourcesAt(book.url), "fruit");
  assert.deepEqual([code, lines], [1, ['Cannot ingest "fruit": there are items, markets, stores and all']]);
  const sources = sourcesAt(book.url);
  const locked = { ...sources, stores: { ...sources.stores, readPage: null } };
  const stores = await ingest(catalogue.deps, locked, "stores");
  assert.deepEqual([stores.code, stores.lines], [1, ["Cannot ingest stores: SEOUL_API_KEY is not set"]]);
  assert.equal(book.asked.length, 0);
});

Deno.test("bad rows are kept aside with their reason, the good ones of the same page go in", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(20);
  const bad = [{ GOODNAME: "" }, { MIDNAME: undefined }, { LARGE: "" }, { LARGENAME: "두\u0000류" }];
  bad.forEach((each, i) => Object.assign(book.rows[i]!, each));
  book.rows[4] = { nonsense: "\ud800" };
  (book.rows as unknown[])[5] = null;
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.inserted, last.rejected], [0, 14, 6]);
  assert.deepEqual(last.rejectReasons, { "no code": 3, "no name": 3 });
  const [aside] = await catalogue.deps.sql`select raw->>'MIDNAME' as name from ingest_rejects where key = '060100000'`;
  assert.equal(aside?.name, "사과");
});

Deno.test("a known row that comes broken keeps its last good content and is not retired", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(10);
  await ingest(catalogue.deps, sourcesAt(book.url), "items");
  const before = await versionsOf(catalogue.deps);
  delete book.rows[0]!.GOODNAME;
  delete book.rows[1]!.LARGE;
  const { code, last } = await ingest(catalogue.deps, sourcesAt(book.url), "items");
  assert.deepEqual([code, last.state, last.retired, last.rejected], [0, "complete", 0, 2]);
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("swapped coordinates are set right where they then agree with the address, and kept aside where not", () => {
  const told = {
    number: "",
    name: "통인시장",
    type: "상설장",
    roadAddress: "서울특별시 종로구 자하문로15길 18",
    jibunAddress: "",
    isOpen: true,
  };
  const right = judgeMarket({ ...told, lat: 37.5807, lng: 126.9699 });
  assert.deepEqual(judgeMarket({ ...told, lat: 126.9699, lng: 37.5807 }), { ...right, isCorrected: true });
  const far = judgeMarket({ ...told, lat: 129.0756, lng: 35.1796 });
  assert.equal("reason" in far && far.reason, "coordinates contradict the address, swapped or not");
});

function command({ database }: Catalogue, url: string, ...words: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", new URL("../main.ts", import.meta.url).pathname, "ingest", ...words],
    env: { ...database.environment, ...environmentAt(url), JWT_SECRET: "the tests' own secret, 32 bytes and more" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function runCommand(catalogue: Catalogue, url: string, which: string) {
  const { code, stdout, stderr } = await command(catalogue, url, which).output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout).trimEnd(), line = output.split("\n").at(-1)!;
  assert.match(line, /^\{"source":/, `${output}\n${decoder.decode(stderr)}`);
  return { code, output, last: JSON.parse(line) };
}

async function finishedPages({ deps: { sql } }: Catalogue): Promise<number[]> {
  const pages = await sql<{ page: number }[]>`select page from ingest_pages`;
  return pages.map(({ page }) => page);
}

function allPages(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
