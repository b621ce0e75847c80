/** That a search finds what people mean, and shows the best first. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import type { Item, Market } from "../contract/catalogue.ts";
import { addItem, addMarket } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

Deno.test("GET /api/items puts the name first, then what begins with it, then words in it, then anywhere, then categories", async () => {
  // What stands first has the worst rank: the grade decides before it.
  const rows = [
    { name: "뽕나무", variety: "일반", category: "잎감", rank: 4 },
    { name: "뽕", variety: "일반", category: "잎감", rank: 5 },
    { name: "오디", variety: "뽕(생것)", category: "잎감", rank: 3 },
    { name: "산뽕", variety: "일반", category: "잎감", rank: 2 },
    { name: "누에", variety: "참뽕잎", category: "잎감", rank: 1 },
    { name: "고치", variety: "일반", category: "뽕밭것", rank: 0 },
  ];
  const [tree, leaf, word, wild, inside, category] = await Promise.all(rows.map((row) => addItem(service, row)));
  const bestFirst = [leaf, tree, word, inside, wild, category].map((item) => item!.id);
  // Without the shift key it would be 봉, which others have.
  for (const q of ["뽕", "Qhd"]) {
    assert.deepEqual((await found({ q })).filter((id) => bestFirst.includes(id)), bestFirst, q);
  }
  assert.deepEqual(
    await found({ q: "뽕 일반" }),
    [leaf, tree, category, wild].map((item) => item!.id),
    "of the best word",
  );
  for (const limit of [1, 2, 5]) assert.deepEqual(await found({ q: "뽕", limit }), bestFirst, `limit ${limit}`);
});

Deno.test("GET /api/items grades initial consonants as it does letters: ㅅㄱ is 사과 before 사골곰탕 and 생굴", async () => {
  const category = `초성 ${v7()}`;
  const add = (name: string, variety: string, rank: number) => addItem(service, { category, name, variety, rank });
  const inside = await add("단맛사과", "일반", 0), word = await add("굴", "생굴", 0);
  const broth = await add("사골곰탕", "일반", 1), apple = await add("사과", "후지", 2);
  assert.deepEqual(await found({ q: "ㅅㄱ", category }), ids([apple, broth, word, inside]));
  assert.deepEqual(await found({ q: "ㅊㅅ", category }), ids([word, inside, broth, apple]), "the category's");
});

Deno.test("GET /api/items puts everyday food before seeds and saplings of the same grade, and both behind a better one", async () => {
  const category = `순위 ${v7()}`;
  const add = (name: string, rank: number) => addItem(service, { category, name, rank });
  const seed = await add("귤껍질씨", 4), food = await add("귤즙", 0), sapling = await add("귤", 4);
  assert.deepEqual(await found({ q: "귤", category }), ids([sapling, food, seed]));
});

Deno.test("GET /api/items reads Latin letters also as the Hangul on the same keys, whatever the phone has capitalised", async () => {
  const category = `자판 ${v7()}`;
  const apple = await addItem(service, { category, name: "사과", variety: "Fuji" });
  const beef = await addItem(service, { category, name: "LA갈비", variety: "싸과" });
  const banana = await addItem(service, { category, name: "바나나", variety: "gs" });
  for (const q of ["tkrhk", "TKRHK", "fuji tkrhk", "tkrhk 사과"]) {
    assert.ok((await found({ q, category })).includes(apple.id), q);
  }
  assert.deepEqual(await found({ q: "Tkrhk", category }), ids([apple, beef]), "the shift key may be meant");
  for (const q of ["la", "rkfql"]) assert.deepEqual(await found({ q, category }), [beef.id], q);
  for (const q of ["qkskss", "tkrhkk", "kg", "tr"]) assert.deepEqual(await found({ q, category }), [], q);
  for (const q of ["qksksk", "qss", "gs"]) assert.deepEqual(await found({ q, category }), [banana.id], q);
});

Deno.test("GET /api/items neither repeats nor skips at any page size, whatever is looked for", async () => {
  const syllable = fc.constantFrom("사", "과", "가", "씨");
  const text = fc.array(syllable, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
  const words = fc.array(text, { minLength: 1, maxLength: 2 }).map((parts) => parts.join(" "));
  const row = fc.record({
    name: words,
    variety: fc.oneof(fc.constant(""), words),
    rank: fc.integer({ min: 0, max: 2 }),
  });
  const q = fc.array(fc.constantFrom("사", "ㅅ", "과", "ㄱ", "가씨", "사과", "ㅆㄱ", "tk", " "), {
    minLength: 1,
    maxLength: 3,
  })
    .map((parts) => parts.join("")).filter((text) => text.trim() !== "");
  const query = fc.record({ q, limit: fc.integer({ min: 1, max: 9 }) });
  const seeds = fc.record({
    rows: fc.array(row, { minLength: 25, maxLength: 25 }),
    queries: fc.array(query, { minLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(seeds, async ({ rows, queries }) => {
      const category = `사과 ${v7()}`;
      await Promise.all(rows.map((row) => addItem(service, { category, ...row })));
      for (const { q, limit } of queries) {
        const whole = await found({ q, category, limit: 100 });
        assert.equal(new Set(whole).size, whole.length, "repeats");
        assert.deepEqual(await found({ q, category, limit }), whole, `${q} by ${limit}`);
        const held = await service.call("GET", `/api/items?${search({ q, category, limit: 100 })}`);
        assert.deepEqual(ids(held.body.items), whole);
      }
      assert.equal((await found({ q: "ㅅㄱ", category })).length, 25, "all are found by their category");
    }),
    { numRuns: 6 },
  );
});

Deno.test("GET /api/markets without a point puts names before addresses, and the better name first", async () => {
  const word = `쀼${v7().slice(-8)}`;
  const add = (name: string) => addMarket(service, { name });
  const branch = await add(`${word}마트 강남점`), whole = await add(word);
  const inside = await add(`새${word}`), company = await add(`(주)${word}`);
  const address = await add("가게");
  await service.sql`update markets set search_text = search_text || ${` ${word}`} where id = ${address.id}`;
  for (const limit of [1, 2, 100]) {
    assert.deepEqual(await found({ q: word, limit }, "/api/markets"), ids([whole, branch, company, inside, address]));
  }
});

Deno.test("GET /api/markets knows chains by the name in either script and from a Latin keyboard, nearest first with a point", async () => {
  const point = { lat: 34.1, lng: 127.3 }, q = v7();
  const add = (name: string, km: number) =>
    addMarket(service, { name: `${name} ${q}`, lat: point.lat + km / 111, lng: 127.3 });
  const far = await add("이마트", 3), near = await add("(주)이마트", 1), costco = await add("코스트코홀세일", 2);
  const supermarket = await add("GS THE FRESH", 4), hanaro = await add("하나로마트", 0.5);
  const nearby = (word: string) => found({ ...point, q: `${word} ${q}` }, "/api/markets");
  for (const word of ["이마트", "emart", "E-Mart", "dlakxm", "ㅇㅁㅌ"]) {
    assert.deepEqual(await nearby(word), ids([near, far]), word);
  }
  for (const word of ["코스트코", "costco", "Costco"]) assert.deepEqual(await nearby(word), [costco.id], word);
  for (const word of ["gs", "지에스", "GS더프레시"]) assert.deepEqual(await nearby(word), [supermarket.id], word);
  assert.deepEqual(await nearby("hanaro"), [hanaro.id]);
  assert.deepEqual(await nearby("마트"), ids([hanaro, near, far]));
});

type Query = Record<string, string | number>;

const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);

function search(query: Query): string {
  return new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
}

/** The ids on all pages. */
async function found(query: Query, path = "/api/items"): Promise<string[]> {
  const rows: (Item | Market)[] = [];
  let cursor: string | null = "";
  for (let pages = 0; cursor !== null; pages++) {
    const { status, body } = await service.call("GET", `${path}?${search({ limit: 50, ...query, cursor })}`);
    assert.equal(status, 200, JSON.stringify(body));
    rows.push(...body.items);
    cursor = body.nextCursor;
    assert.ok(pages < 100, "the pages do not end");
  }
  return ids(rows);
}
