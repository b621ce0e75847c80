/** That the catalogue is read by its indexes, with as many rows as the real one has. */
import assert from "node:assert/strict";
import { ItemQuery, MarketQuery } from "../contract/catalogue.ts";
import { settleCatalogue } from "../services/catalogue_upkeep.ts";
import { searchItems } from "../services/item_search.ts";
import { searchMarkets } from "../services/market_search.ts";
import type { Sql } from "../services/ports.ts";
import { CITY_HALL, startTestService, type TestService } from "./harness.ts";
import { type Watched, watchStatements } from "./query_plans.ts";

let service: TestService;
let watched: Watched;
Deno.test.beforeAll(async () => {
  service = await startTestService();
  await fillCatalogue(service.sql);
  await settleCatalogue(service);
  watched = watchStatements(service.database);
});
Deno.test.afterAll(async () => {
  await watched.sql.end();
  await service[Symbol.asyncDispose]();
});

Deno.test("a search by three letters or initials reads the trigram index, and by category or page the ordered ones", async () => {
  const after = async (query: object) => (await searchItems(watched, ItemQuery.parse(query))).nextCursor!;
  const beginsWith = "items_prefix_idx", category = "items_category_idx";
  const index: [object, string[]][] = [
    [{ q: "품목13579" }, [beginsWith, "items_search_idx"]],
    [{ q: "없는품목" }, [beginsWith, "items_search_idx"]],
    [{ q: "ㅎㅎㅎㅎ" }, [beginsWith, "items_initials_idx"]],
    [{ q: "현ㅁㄱㄴ" }, [beginsWith, "items_initials_idx"]],
    [{ q: "부류77" }, [beginsWith, "items_search_idx", category]],
    [{}, ["items_order_idx"]],
    [{ category: "부류7" }, [category]],
    [{ cursor: await after({ limit: 100 }) }, ["items_order_idx"]],
    [{ category: "부류7", cursor: await after({ category: "부류7" }) }, [category]],
  ];
  for (const [query, names] of index) {
    for (const plan of await watched.plansOf(() => searchItems(watched, ItemQuery.parse(query)))) {
      const used = plan.nodes.map((node) => node["Index Name"]);
      // Which categories there are is asked on the way.
      assert.ok([...names, category].some((name) => used.includes(name)), `${JSON.stringify(query)}: ${plan.text}`);
      assert.ok(plan.rowsRead <= 400, `${JSON.stringify(query)} reads ${plan.rowsRead} rows: ${plan.text}`);
    }
  }
});

Deno.test("a search by one or two letters within a name reads the index of letters", async () => {
  for (const q of ["뷁", "뷁뷁", "목1", "뷁 뷁뷁"]) {
    const plans = await watched.plansOf(() => searchItems(watched, ItemQuery.parse({ q })));
    const reading = plans.filter(({ nodes }) => nodes.some((node) => node["Index Name"] === "items_letters_idx"));
    assert.equal(reading.length, 2, `${q}: ${plans.map(({ text }) => text).join("\n")}`);
  }
});

Deno.test("a search by one or two letters never reads a trigram index from end to end", async () => {
  for (const q of ["품", "목1", "뷁", "뷁뷁", "ㅍ", "ㅍㅁ", "품ㅁ"]) {
    for (const plan of await watched.plansOf(() => searchItems(watched, ItemQuery.parse({ q })))) {
      assert.ok(!plan.nodes.some((node) => /search|initials/.test(String(node["Index Name"]))), `${q}: ${plan.text}`);
    }
  }
});

Deno.test("the nearest markets are read by walking outwards, on the first page without looking at any other", async () => {
  for (const query of [{}, { kind: "mart" }, { limit: 5 }]) {
    for (const plan of await watched.plansOf(() => near(query))) {
      assert.ok(plan.nodes.some((node) => node["Index Name"] === "markets_nearby_idx"), plan.text);
      assert.ok(plan.rowsRead <= 100, `${JSON.stringify(query)} reads ${plan.rowsRead} rows: ${plan.text}`);
    }
  }
  for (const plan of await watched.plansOf(() => near({ radiusM: 1000 }))) assert.ok(plan.rowsRead <= 100, plan.text);
});

function near(query: object): Promise<unknown> {
  return searchMarkets(watched, MarketQuery.parse({ ...CITY_HALL, ...query }));
}

/** As many items and markets as public data have: names that differ, categories of some hundred, markets all over Korea. */
async function fillCatalogue(sql: Sql): Promise<void> {
  await sql`
    insert into items (id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at)
    select gen_random_uuid(), 'mafra', n::text, '부류' || n % 78, '품목' || n, '일반',
      '품목' || n || ' 일반 부류' || n % 78, 'ㅍㅁ ㅇㅂ', n % 4, '', now()
    from generate_series(1, 14192) as n`;
  await sql`
    insert into markets (id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text, updated_at)
    select gen_random_uuid(), 'stores', n::text, '마트' || n, case n % 2 when 0 then 'mart' else 'traditional' end, '길 ' || n,
      33.5 + (n * 7919 % 4500) / 1000.0, 126 + (n * 104729 % 3300) / 1000.0, '11140', '마트' || n || ' 길 ' || n, now()
    from generate_series(1, 2508) as n`;
}
