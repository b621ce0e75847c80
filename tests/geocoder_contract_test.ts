/** What `Geocoder` promises, kept by both adapters; and what each does beyond that. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { kakaoGeocoder } from "../adapters/geocoder_kakao.ts";
import { Problem } from "../contract/problems.ts";
import { catalogueGeocoder } from "../services/geocoder_catalogue.ts";
import type { Geocoder } from "../services/ports.ts";
import { addMarket } from "./harness.ts";
import { openCatalogue } from "./ingest_world.ts";
import { CITY_HALL_FOUND, KAKAO_KEY, type KakaoFault, type KakaoServer, openKakaoServer } from "./kakao_server.ts";

interface Opened extends AsyncDisposable {
  geocoder: Geocoder;
}

/** Both know City Hall's address, and the market 광장시장. */
const adapters: Record<string, () => Promise<Opened>> = {
  async catalogue() {
    const { deps, ...catalogue } = await openCatalogue();
    await addMarket(deps, { name: "시청 앞 가게" });
    await addMarket(deps, { name: "광장시장", kind: "traditional" });
    return { geocoder: catalogueGeocoder(deps), [Symbol.asyncDispose]: () => catalogue[Symbol.asyncDispose]() };
  },
  kakao() {
    const server = openKakaoServer();
    return Promise.resolve({
      geocoder: kakaoGeocoder({ url: server.url, key: KAKAO_KEY }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    });
  },
};

for (const [name, open] of Object.entries(adapters)) {
  const test = (promise: string, fn: () => Promise<void>) => Deno.test(`geocoder (${name}): ${promise}`, fn);

  test("an address is found with its place in numbers and the code of its region", async () => {
    await using opened = await open();
    const [found] = await opened.geocoder.find("세종대로 110");
    assert.match(found!.roadAddress, /^서울\S* 중구 세종대로 110$/);
    assert.equal(found!.divisionCode, "11140");
    assert.ok(Math.abs(found!.lat - 37.5663) < 0.001 && Math.abs(found!.lng - 126.9779) < 0.001);
  });

  test("a place is found by its name", async () => {
    await using opened = await open();
    const found = await opened.geocoder.find("광장시장");
    assert.ok(found.length > 0);
    assert.ok(found.every(({ roadAddress, lat, lng }) => roadAddress.startsWith("서울") && lat > 37 && lng > 126));
  });

  test("what is nowhere is an empty list", async () => {
    await using opened = await open();
    assert.deepEqual(await opened.geocoder.find("어디에도 없는 곳 99999"), []);
  });

  test("whatever a person types, it answers ten places at most, each with an address and a point in Korea", async () => {
    await using opened = await open();
    const words = fc.constantFrom("서울", "중구", "시장", "세종대로", "110", "시", "%", "\\", "'", "&size=45", "ㅅㄱ");
    const typed = fc.oneof(
      fc.string({ unit: "grapheme", minLength: 2, maxLength: 100 }).filter((q) =>
        q.isWellFormed() && !q.includes("\0")
      ),
      fc.array(words, { minLength: 1, maxLength: 6 }).map((each) => each.join(" ")),
    );
    await fc.assert(
      fc.asyncProperty(typed, async (q) => {
        const found = await opened.geocoder.find(q);
        assert.ok(found.length <= 10);
        for (const { roadAddress, lat, lng } of found) {
          assert.ok(roadAddress && lat > 32 && lat < 40 && lng > 123 && lng < 133, roadAddress);
        }
      }),
      { numRuns: 60 },
    );
  });
}

Deno.test("without a key: a region is found by its name, and an address that no market has by its region's middle", async () => {
  await using catalogue = await openCatalogue();
  const geocoder = catalogueGeocoder(catalogue.deps);
  const named = await geocoder.find("창원 성산구");
  assert.deepEqual(named.map((each) => [each.roadAddress, each.divisionCode]), [["경상남도 창원시 성산구", "48123"]]);
  const around = await geocoder.find("경남 창원시 성산구 없는길 7");
  assert.deepEqual(around, named);
  assert.ok((await geocoder.find("중구")).length >= 4, "several cities have one");
});

Deno.test("Kakao: addresses are asked for first and names only when there are none; a lot without a road keeps its lot", async () => {
  await using server = openKakaoServer();
  const geocoder = kakaoGeocoder({ url: server.url, key: KAKAO_KEY });
  const lot = { ...CITY_HALL_FOUND, address_name: "서울 중구 태평로1가 31", road_address: null };
  const region = { ...lot, address_name: "제주특별자치도 제주시", address: null };
  server.addresses.set("태평로1가 31", [lot, region]);
  const found = await geocoder.find("태평로1가 31");
  assert.deepEqual(
    found.map(({ roadAddress, jibunAddress, divisionCode }) => [roadAddress, jibunAddress, divisionCode]),
    [
      ["서울 중구 태평로1가 31", "서울 중구 태평로1가 31", "11140"],
      ["제주특별자치도 제주시", "", null],
    ],
  );
  const [market] = await geocoder.find("광장시장");
  assert.deepEqual(market, {
    roadAddress: "서울 종로구 창경궁로 88",
    jibunAddress: "서울 종로구 예지동 6-1",
    lat: 37.570086,
    lng: 126.999648,
    divisionCode: null,
  });
  assert.deepEqual(server.asked, ["address 태평로1가 31", "address 광장시장", "keyword 광장시장"]);
  const odd = "a&size=45#b?c=%20+d \\ 마트";
  assert.deepEqual(await geocoder.find(odd), []);
  assert.equal(server.asked.at(-1), `keyword ${odd}`);
  assert.equal(server.keyless, 0);
});

const FAULTS: [KakaoFault, reason: RegExp, retryAfterS: number][] = [
  [{ status: 400 }, /HTTP 400/, 60],
  [{ status: 401 }, /HTTP 401/, 60],
  [{ status: 403 }, /HTTP 403/, 60],
  [{ status: 429 }, /HTTP 429/, 2],
  [{ status: 429, retryAfter: "7" }, /HTTP 429/, 7],
  [{ status: 429, retryAfter: "86400" }, /HTTP 429/, 60],
  [{ status: 500 }, /HTTP 500/, 2],
  [{ status: 503, retryAfter: "0" }, /HTTP 503/, 1],
  ["silent", /within 300 ms/, 2],
  ["endless", /larger than 65536 bytes/, 60],
  ["html", /not whole JSON/, 2],
  ["cut", /not whole JSON/, 2],
  ["other shape", /unknown shape/, 2],
  ["no numbers", /unknown shape/, 2],
  ["swapped", /unknown shape/, 2],
  ["redirect", /HTTP 302/, 60],
];

for (const [fault, reason, retryAfterS] of FAULTS) {
  Deno.test(`Kakao: ${JSON.stringify(fault)} is "unavailable", with the reason for the log alone`, async () => {
    await using server = openKakaoServer();
    server.fault = fault;
    await assertUnavailable(impatient(server), reason, retryAfterS);
    assert.equal(server.asked.length, 1, "neither asked again nor led elsewhere");
  });
}

Deno.test('Kakao: a wrong key, and a host where nobody listens, are "unavailable" too', async () => {
  await using server = openKakaoServer();
  await assertUnavailable(kakaoGeocoder({ url: server.url, key: "wrong-key" }), /HTTP 401/, 60);
  const gone = impatient(server);
  await server[Symbol.asyncDispose]();
  await assertUnavailable(gone, /connection failed/, 2);
});

function impatient({ url }: KakaoServer): Geocoder {
  return kakaoGeocoder({ url, key: KAKAO_KEY, limits: { timeoutMs: 300, bodyBytesMax: 65_536 } });
}

async function assertUnavailable(geocoder: Geocoder, reason: RegExp, retryAfterS: number): Promise<void> {
  const problem = await geocoder.find("세종대로 110").then(
    (found) => assert.fail(JSON.stringify(found)),
    (error) => error,
  );
  assert.ok(problem instanceof Problem && problem.code === "unavailable", String(problem));
  assert.equal(problem.more.retryAfterS, retryAfterS);
  const cause = String(problem.cause);
  assert.match(cause, reason);
  assert.doesNotMatch(problem.detail, reason);
  const told = JSON.stringify([problem.detail, cause]);
  for (const secret of [KAKAO_KEY, "wrong-key", "세종대로"]) {
    assert.ok(!told.includes(secret), `${told} tells ${secret}`);
  }
}
