/** Regions: both divisions, long and short names, and how often address and outline agree on the real markets. */
import assert from "node:assert/strict";
import { judgeMarket, judgeStore } from "../services/market_rows.ts";
import { currentRegionCode, listRegions, regionAt, regionByAddress, regionOf } from "../services/regions.ts";
import { hasRealData, readRealCsv, readRealJson } from "./ingest_world.ts";

const CITY_HALL = { lat: 37.5663, lng: 126.9779 };

Deno.test("an address names its region in the 2024 division, in the 2026 one, with long names and with short ones", () => {
  const expected: [string, string][] = [
    ["서울특별시 중구 세종대로 110", "11140"],
    ["서울 중구 세종대로 110", "11140"],
    ["경기도 수원시 영통구 광교로 145", "41117"],
    ["경기 수원시영통구 광교로 145", "41117"],
    ["경상남도 창원시 마산 회원구 구암남14길 8", "48127"],
    ["광주광역시 북구 용봉로 77", "12300"],
    ["전남광주통합특별시 북구 용봉로 77", "12300"],
    ["전라남도 여수시 시청로 1", "12130"],
    ["전북특별차치도 군산시 시청로 17", "52130"],
    ["전라북도 전주시 완산구 노송광장로 10", "52111"],
    ["강원도 춘천시 시청길 11", "51110"],
    ["세종특별자치시 한누리대로 2130", "36110"],
    ["인천광역시 동구 금곡로 67", "28125"],
    ["인천광역시 중구 영종대로 10 (운서동)", "28155"],
    ["경기도 화성시 봉담읍 효행로 278", "41593"],
    ["경기도 화성시 동탄구 동탄대로 1", "41597"],
  ];
  assert.deepEqual(expected.map(([address]) => [address, regionByAddress(address)]), expected);
});

Deno.test("an address that names no region, or several, leaves the choice to the point, among those it names", () => {
  for (
    const address of [
      "",
      "효행로 278",
      "어딘가 중구 1",
      "서울특별시",
      "경기도 수원시 광교로 1",
      "인천광역시 중구 공항로 1",
    ]
  ) {
    assert.equal(regionByAddress(address), null, address);
  }
  assert.equal(regionOf({ roadAddress: "인천광역시 중구 공항로 1", lat: 37.45, lng: 126.45 }), "28155");
  assert.equal(regionOf({ roadAddress: "인천광역시 중구 신포로 1", lat: 37.471, lng: 126.625 }), "28125");
  assert.equal(regionOf({ roadAddress: "경기도 수원시 광교로 1", ...CITY_HALL }).slice(0, 4), "4111");
  assert.equal(regionOf({ roadAddress: "", ...CITY_HALL }), "11140");
  assert.equal(regionAt({ lat: 33.1, lng: 126.27 }), "50130");
});

Deno.test("codes of the 2024 division become those of 2026, and what is no code of a region is told from one", () => {
  assert.equal(currentRegionCode("29170"), "12300");
  assert.equal(currentRegionCode("46130"), "12130");
  assert.equal(currentRegionCode("28140"), "28125");
  assert.equal(currentRegionCode("11140"), "11140");
  for (const code of ["", "00000", "41110", "1114", "constructor", "__proto__"]) {
    assert.equal(currentRegionCode(code), null, code);
  }
});

Deno.test({
  name: "every code of the 2024 table maps to a region of the 2026 one, and the list has them all",
  ignore: !hasRealData,
  async fn() {
    const leaves = async (name: string) => (await readRealCsv(name)).filter(({ level }) => level === "leaf");
    const current = await leaves("regions_sigungu_2026.csv");
    const listed = listRegions();
    assert.deepEqual(
      listed.map(({ code, name, sido }) => [code, name, sido]),
      current.map(({ code, name, sido }) => [code, name, sido]).toSorted(),
    );
    const codes = new Set(listed.map(({ code }) => code));
    for (const { code } of await leaves("regions_sigungu_2024.csv")) {
      assert.ok(codes.has(currentRegionCode(code!)!), code);
    }
    const crosswalk = await readRealCsv("regions_crosswalk_2024_2026.csv");
    for (const { code_2024: old } of crosswalk) {
      const to = crosswalk.filter((row) => row.code_2024 === old).map((row) => row.code_2026);
      assert.ok(to.includes(currentRegionCode(old!)!), old);
    }
  },
});

Deno.test({
  name: "the region of a real market is that of the outline around it, for at least 99.5 in 100",
  ignore: !hasRealData,
  async fn() {
    const placed = await readPlaced();
    assert.equal(placed.length, 2_508);
    const outlines = await readOutlines();
    const agreeing = placed.filter(({ region, lat, lng }) =>
      outlines.get(region)!.some((ring) => isInside(ring, lng, lat))
    );
    assert.ok(agreeing.length / placed.length >= 0.995, `${agreeing.length} of ${placed.length}`);
  },
});

Deno.test({
  name: "the point of a real market alone tells the same region as its address, for at least 99 in 100",
  ignore: !hasRealData,
  async fn() {
    const placed = await readPlaced();
    const agreeing = placed.filter(({ region, lat, lng }) => regionAt({ lat, lng }) === region);
    assert.ok(agreeing.length / placed.length >= 0.99, `${agreeing.length} of ${placed.length}`);
  },
});

Deno.test("a point alone tells the region around it, also where a neighbour's middle is nearer", () => {
  // Gangil-dong in the far corner of 강동구, Incheon airport's island, an islet of 신안군, and the sea off Busan.
  assert.equal(regionAt({ lat: 37.5655, lng: 127.1745 }), "11740");
  assert.equal(regionAt({ lat: 37.4602, lng: 126.4407 }), "28155");
  assert.equal(regionAt({ lat: 34.6853, lng: 125.4352 }), "12870");
  assert.equal(regionAt({ lat: 35.0, lng: 129.15 }).slice(0, 2), "26");
});

Deno.test("a place at sea with an address that names no region cannot be placed, and is kept aside", () => {
  const reasonOf = (address: string, lat: string, lng: string) => {
    const judged = judgeMarket(told("시장", address, "", lat, lng));
    return "reason" in judged ? judged.reason : null;
  };
  const reason = "no region: the address names none, the point is in none";
  assert.equal(reasonOf("어딘가 1", "36.5", "125.2"), reason);
  // On land, off its shore, and at sea with a good address: placed.
  assert.equal(reasonOf("어딘가 1", "37.5663", "126.9779"), null);
  assert.equal(reasonOf("어딘가 1", "35.147", "129.1605"), null);
  assert.equal(reasonOf("전라남도 신안군 흑산면 1", "34.6", "125.3"), null);
});

Deno.test("a place whose point lies far from its address is kept aside", () => {
  const judged = judgeMarket(told("시장", "서울특별시 중구 남대문시장4길 21", "", "35.17", "129.11"));
  assert.ok("reason" in judged && judged.reason === "coordinates contradict the address", JSON.stringify(judged));
});

function told(name: string, roadAddress: string, jibunAddress: string, lat: string, lng: string) {
  return { number: "", name, type: "", roadAddress, jibunAddress, lat: Number(lat), lng: Number(lng), isOpen: true };
}

function judgedRegion(judged: ReturnType<typeof judgeMarket>): string {
  assert.ok("row" in judged, JSON.stringify(judged));
  return judged.row.region_code;
}

/** The real markets and stores that have a point, each with the region that it is given. */
async function readPlaced(): Promise<{ region: string; lat: number; lng: number }[]> {
  const place = (judged: ReturnType<typeof judgeMarket>, lat: string, lng: string) => ({
    region: judgedRegion(judged),
    lat: Number(lat),
    lng: Number(lng),
  });
  const markets = (await readRealCsv("markets_traditional.csv"))
    .map((row) => ["시장명", "소재지도로명주소", "소재지지번주소", "위도", "경도"].map((column) => row[column]!))
    .filter(([, , , lat]) => lat)
    .map(([name, road, jibun, lat, lng]) => place(judgeMarket(told(name!, road!, jibun!, lat!, lng!)), lat!, lng!));
  const stores = (await readRealCsv("markets_large_stores.csv"))
    .map((row) => [row.BPLCNM!, row.RDNWHLADDR!, row.SITEWHLADDR!, row.check_lat!, row.check_lng!] as const)
    .filter(([, , , lat]) => lat)
    .map(([name, road, jibun, lat, lng]) => place(judgeStore(told(name, road, jibun, lat, lng)), lat, lng));
  return [...markets, ...stores];
}

type Ring = [number, number][];

/** The outer rings of each region. */
async function readOutlines(): Promise<Map<string, Ring[]>> {
  const { features } = await readRealJson("boundaries_sigungu_2026_mid.geojson");
  type Feature = { properties: { code: string }; geometry: { type: string; coordinates: Ring[] & Ring[][] } };
  return new Map((features as Feature[]).map(({ properties: { code }, geometry: { type, coordinates } }) => [
    code,
    type === "Polygon" ? [coordinates[0] as Ring] : (coordinates as Ring[][]).map(([outer]) => outer!),
  ]));
}

function isInside(ring: Ring, lng: number, lat: number): boolean {
  return ring.reduce((inside, [x1, y1], i) => {
    const [x2, y2] = ring.at(i - 1)!;
    return (y1 > lat) !== (y2 > lat) && lng < (x2 - x1) * (lat - y1) / (y2 - y1) + x1 ? !inside : inside;
  }, false);
}
