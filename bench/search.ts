/**
 * How long a search takes at the service, over the real 14,192 items and 2,508 markets, by kind of query; the limit beside it.
 * The rows are the project's own ingest's, from the providers' stand-in.
 *
 *   DATABASE_URL=postgres://… deno task bench search [rounds]
 */
import { ItemQuery, MarketQuery } from "../contract/catalogue.ts";
import { settleCatalogue } from "../services/catalogue_upkeep.ts";
import { searchItems } from "../services/item_search.ts";
import { searchMarkets } from "../services/market_search.ts";
import { ingest, openCatalogue, sourcesAt, startRealData } from "../tests/ingest_world.ts";

const LIMIT_MS = 10;
const CITY_HALL = { lat: 37.5663, lng: 126.9779 };

const ITEMS: Record<string, string[]> = {
  "a name": ["사과", "감자", "한우", "방울토마토", "표고버섯"],
  "one syllable": ["배", "콩", "무", "김", "굴"],
  "most categories": ["류", "채소", "과실류"],
  "initials": ["ㅅㄱ", "ㅂㄴㄴ", "ㄱㄱ", "감ㅈ"],
  "one initial": ["ㅅ", "ㄱ", "ㅇ"],
  "a Latin keyboard": ["tkrhk", "rkawk", "qksksk", "fuji"],
  "two words": ["사과 후지", "과실류 사과", "돈육 ㅅㄱㅅ"],
  "nothing found": ["없는품목", "뷁", "뷁뷁", "zzzz"],
};

const MARKETS: Record<string, string[]> = {
  "a chain": ["이마트", "홈플러스", "롯데마트", "코스트코"],
  "in the other script": ["emart", "costco", "gs", "dlakxm"],
  "an address": ["세종대로", "강남구", "경기도 수원"],
  "initials": ["ㅇㅁㅌ", "ㅎ"],
  "a syllable": ["가", "마트"],
};

const rounds = Number(Deno.args[0] ?? 100);
await using catalogue = await openCatalogue();
await using real = await startRealData();
for (const source of ["items", "markets", "stores"]) await ingest(catalogue.deps, sourcesAt(real.url), source);
await settleCatalogue(catalogue.deps);

for (const [kind, queries] of Object.entries(ITEMS)) {
  await measure(`items: ${kind}`, queries, (q) => searchItems(catalogue.deps, ItemQuery.parse({ q })));
}
await measure("items: none, the second page", [""], async () => {
  const { nextCursor: cursor } = await searchItems(catalogue.deps, ItemQuery.parse({}));
  await searchItems(catalogue.deps, ItemQuery.parse({ cursor }));
});
for (const [kind, queries] of Object.entries(MARKETS)) {
  await measure(`markets: ${kind}`, queries, (q) => searchMarkets(catalogue.deps, MarketQuery.parse({ q })));
  const near = (q: string) => searchMarkets(catalogue.deps, MarketQuery.parse({ q, ...CITY_HALL }));
  await measure(`markets: ${kind}, nearest`, queries, near);
}

async function measure(what: string, queries: string[], search: (q: string) => Promise<unknown>): Promise<void> {
  for (const q of queries) for (let i = 0; i < 10; i++) await search(q);
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    for (const q of queries) {
      const begun = performance.now();
      await search(q);
      times.push(performance.now() - begun);
    }
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)]!.toFixed(1).padStart(5);
  tell(`${what.padEnd(40)} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   limit ${LIMIT_MS} ms`);
}

function tell(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}
