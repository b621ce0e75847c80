/** The catalogue of a service left to itself: samples without keys, the sources with them, in the background. */
import assert from "node:assert/strict";
import { Cron } from "croner";
import type { PublicSources } from "../services/ports.ts";
import { regionByAddress } from "../services/regions.ts";
import { startRefresh, WEEKLY } from "../workers/refresh.ts";
import { addItem, poll, signUp, startTestService } from "./harness.ts";
import {
  type Catalogue,
  contentOf,
  ingest,
  openCatalogue,
  openCodeBook,
  sourcesAt,
  versionsOf,
} from "./ingest_world.ts";

Deno.test("a service without keys fills its empty catalogue with the sample, and people find things in it", async () => {
  await using service = await startTestService();
  await signUp(service);
  const items = await poll(async () => {
    const answer = await service.call("GET", `/api/items?q=${encodeURIComponent("양파")}`);
    return answer.body.items.length > 0 && answer.body.items;
  });
  assert.equal(items[0].name, "양파");
  const markets = await service.call("GET", "/api/markets?lat=37.5399&lng=127.0530&radiusM=3000");
  assert.equal(markets.body.items[0].name, "이마트 성수점");
});

Deno.test("the sample has at least 300 items and 40 markets all over Korea, each in the region its address names", async () => {
  await using catalogue = await openCatalogue();
  await settled(catalogue, noSources());
  const { sql } = catalogue.deps;
  const [counts] = await sql`
    select (select count(*)::int from items where source = 'sample') as items,
      (select count(*)::int from markets where source = 'sample') as markets`;
  assert.ok(counts?.items >= 300 && counts?.markets >= 40, JSON.stringify(counts));
  const markets = await sql<{ region: string; address: string }[]>`
    select region_code as region, road_address as address from markets`;
  for (const { region, address } of markets) assert.equal(region, regionByAddress(address), address);
  assert.ok(new Set(markets.map(({ region }) => region.slice(0, 2))).size >= 15);
});

Deno.test("two processes starting at once load the sample once, and a later start leaves it alone", async () => {
  await using catalogue = await openCatalogue();
  await Promise.all(Array.from({ length: 4 }, () => settled(catalogue, noSources())));
  const before = await versionsOf(catalogue.deps);
  assert.ok(before.length > 300);
  assert.equal(new Set(await contentOf(catalogue.deps)).size, before.length);
  await settled(catalogue, noSources());
  assert.deepEqual(await versionsOf(catalogue.deps), before);
});

Deno.test("the sample does not go into a catalogue that has something", async () => {
  await using catalogue = await openCatalogue();
  await addItem(catalogue.deps);
  await settled(catalogue, noSources());
  const [counts] = await catalogue.deps.sql`
    select (select count(*)::int from items) as items,
      (select count(*)::int from markets where source = 'sample') as markets`;
  assert.equal(counts?.items, 1);
  assert.ok(counts?.markets >= 40);
});

Deno.test("a source that completes retires the samples of its kind, and leaves the others", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(30);
  await settled(catalogue, noSources());
  assert.equal((await ingest(catalogue.deps, sourcesAt(book.url), "items")).code, 0);
  const [left] = await catalogue.deps.sql`
    select (select count(*)::int from items where source = 'sample' and retired_at is null) as items,
      (select count(*)::int from items where source = 'sample') as kept,
      (select count(*)::int from markets where source = 'sample' and retired_at is null) as markets`;
  assert.ok(left?.items === 0 && left.kept >= 300 && left.markets >= 40, JSON.stringify(left));
});

Deno.test("with a key, what was never read is read at the start, and not again at the next one", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(1_100);
  const sources = { ...noSources(), items: sourcesAt(book.url).items };
  await settled(catalogue, sources);
  await poll(() => runsOf(catalogue).then((runs) => runs.includes("items complete")));
  assert.deepEqual(book.asked.toSorted(), [1, 2]);
  await settled(catalogue, sources);
  assert.deepEqual(book.asked.length, 2);
});

Deno.test("the start does not wait for a source that does not answer, and a stop ends the run in good order", async () => {
  await using catalogue = await openCatalogue();
  await using book = openCodeBook(3_000);
  const answer = Promise.withResolvers<void>();
  book.before = (page) => page > 1 ? answer.promise : Promise.resolve();
  const refresh = startRefresh(catalogue.deps, { ...noSources(), items: sourcesAt(book.url).items });
  await poll(async () => {
    const [page] = await catalogue.deps.sql`select 1 from ingest_pages`;
    return page !== undefined;
  });
  await refresh[Symbol.asyncDispose]();
  assert.ok((await runsOf(catalogue)).includes("items incomplete"));
  answer.resolve();
});

Deno.test("the week's refresh is on Monday at 04:00 in Seoul", () => {
  const cron = new Cron(WEEKLY.pattern, { timezone: WEEKLY.timezone, paused: true });
  assert.deepEqual(cron.nextRuns(2, new Date("2026-11-23T00:00:00Z")).map((at) => at.toISOString()), [
    "2026-11-29T19:00:00.000Z",
    "2026-12-06T19:00:00.000Z",
  ]);
  cron.stop();
});

/** Starts the refresh, waits for what it does at the start, and stops it. */
async function settled(catalogue: Catalogue, sources: PublicSources): Promise<void> {
  const { sql } = catalogue.deps;
  await using _refresh = startRefresh(catalogue.deps, sources);
  const wanted = sources.items.readPage === null ? "sample complete" : "items complete";
  await poll(async () => (await runsOf({ deps: { ...catalogue.deps, sql } })).includes(wanted));
}

async function runsOf({ deps: { sql } }: Pick<Catalogue, "deps">): Promise<string[]> {
  const runs = await sql<{ run: string }[]>`select source || ' ' || state as run from ingest_runs order by started_at`;
  return runs.map(({ run }) => run);
}

function noSources(): PublicSources {
  const { items, markets, stores } = sourcesAt("http://127.0.0.1:9");
  return {
    items: { ...items, readPage: null },
    markets: { ...markets, readPage: null },
    stores: { ...stores, readPage: null },
  };
}
