/** GET /api/addresses: from what a person typed to a place with its region. */
import assert from "node:assert/strict";
import { readConfig } from "../adapters/config.ts";
import { AddressList } from "../contract/catalogue.ts";
import { startService } from "../main.ts";
import { findAddresses } from "../services/addresses.ts";
import type { FoundAddress, Log } from "../services/ports.ts";
import {
  addMarket,
  assertProblem,
  call,
  CITY_HALL,
  environmentOf,
  type Person,
  signUp,
  startTestService,
  type TestService,
} from "./harness.ts";
import { CITY_HALL_FOUND, KAKAO_KEY, type KakaoServer, openKakaoServer } from "./kakao_server.ts";
import { quietLog } from "./quiet_log.ts";

let kakao: KakaoServer;
let service: TestService;
let person: Person;
Deno.test.beforeAll(async () => {
  kakao = openKakaoServer();
  service = await startTestService({ environment: { KAKAO_API_URL: kakao.url, KAKAO_REST_API_KEY: KAKAO_KEY } });
  person = await signUp(service);
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await kakao[Symbol.asyncDispose]();
});

const look = (q: string, at = service, { token }: { token: string } = person) =>
  at.call("GET", `/api/addresses?q=${encodeURIComponent(q)}`, { token });

Deno.test("an address is answered with its place in numbers and its region, and can be one's home as it is", async () => {
  const { status, body } = await look("세종대로 110");
  assert.equal(status, 200);
  const [found] = body;
  assert.deepEqual(body, [{
    roadAddress: "서울 중구 세종대로 110",
    jibunAddress: "서울 중구 태평로1가 31",
    lat: 37.5663174209601,
    lng: 126.977829174031,
    regionCode: "11140",
  }]);
  const { roadAddress, lat, lng } = found;
  const moved = await service.call("PATCH", "/api/me", {
    token: person.token,
    body: { home: { roadAddress, lat, lng } },
  });
  assert.deepEqual([moved.status, moved.body.home?.regionCode], [200, "11140"]);
});

Deno.test("a place's name is answered with its address, and what is nowhere with an empty list", async () => {
  const named = await look("광장시장");
  assert.deepEqual(named.body.map((each: { regionCode: string }) => each.regionCode), ["11110"]);
  const nowhere = await look("어디에도 없는 곳");
  assert.deepEqual([nowhere.status, nowhere.body], [200, []]);
});

Deno.test("without a key the catalogue's own addresses and the regions are answered", async () => {
  await using own = await startTestService();
  const caller = await signUp(own);
  await addMarket(own, { name: "골목 가게" });
  const { status, body } = await look("골목 가게", own, caller);
  assert.equal(status, 200);
  assert.deepEqual(AddressList.parse(body), [
    { roadAddress: "서울특별시 중구 세종대로 110", jibunAddress: "", ...CITY_HALL, regionCode: "11140" },
  ]);
});

Deno.test("GET /api/addresses refuses whoever is not signed in, and a q that is missing, short, long or no line", async () => {
  assertProblem(await service.call("GET", "/api/addresses?q=서울"), 401, "unauthenticated");
  for (const q of ["", "가", " 가 ", "가".repeat(101), "서울\n중구", "서울\0", "\u2028서울\u2028중구"]) {
    assertProblem(await look(q), 422, "invalid-input", "/query/q");
  }
});

Deno.test("GET /api/addresses has an allowance of its own per person: 60 a minute", async () => {
  await using strict = await startTestService({ environment: { RATE_LIMIT_FACTOR: "1" } });
  const [busy, other] = [await signUp(strict), await signUp(strict)];
  const answers = await Promise.all(Array.from({ length: 61 }, () => look("서울 중구", strict, busy)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 60);
  const refused = answers.find(({ status }) => status !== 200)!;
  assertProblem(refused, 429, "rate-limited");
  assert.equal((await look("서울 중구", strict, other)).status, 200);
});

Deno.test("an answer is kept for a minute, also for the same words written otherwise, and for nobody to read", async () => {
  const q = "Sejong-daero 110 한 번만";
  kakao.addresses.set(q.toLowerCase(), [CITY_HALL_FOUND]);
  const asked = () => kakao.asked.filter((each) => each.toLowerCase().includes("한 번만")).length;
  const first = await look(q);
  assert.deepEqual((await look(`  ${q.toUpperCase()} `)).body, first.body);
  assert.equal(asked(), 1);
  const kept: [key: string, ttlS: number][] = [];
  const set = (key: string, _: string, ttlS: number) => Promise.resolve(void kept.push([key, ttlS]));
  await findAddresses({ ...service.deps, cache: { ...service.deps.cache, get: () => Promise.resolve(null), set } }, q);
  assert.equal(kept.length, 1);
  assert.match(kept.join(), /^addresses:[0-9a-f]{64},60$/);
});

Deno.test("what another version of the service has kept in another shape is asked for again", async () => {
  const get = () => Promise.resolve('[{"address":"서울 중구"}]');
  const deps = { ...service.deps, cache: { ...service.deps.cache, get } };
  assert.equal((await findAddresses(deps, "세종대로 110"))[0]?.regionCode, "11140");
});

Deno.test("with the cache down addresses are found all the same", async () => {
  const down = () => Promise.reject(new DOMException("the cache took over 2000 ms", "TimeoutError"));
  const deps = { ...service.deps, cache: { ...service.deps.cache, get: down, set: down } };
  assert.equal((await findAddresses(deps, "세종대로 110")).length, 1);
});

Deno.test("a geocoder that is down is 503 with Retry-After; the log has the reason, and neither key, address nor answer", async () => {
  const lines: string[] = [];
  const keep = (message: string, fields?: Record<string, unknown>) =>
    void lines.push(Deno.inspect([message, fields], { depth: 9 }));
  const log: Log = { ...quietLog, debug: keep, info: keep, warn: keep, error: keep };
  const environment = { ...environmentOf(service), KAKAO_API_URL: kakao.url, KAKAO_REST_API_KEY: KAKAO_KEY };
  await using node = await startService(readConfig(environment), { log });
  const ask = () =>
    call(`http://127.0.0.1:${node.port}/api/addresses?q=${encodeURIComponent("비밀길 77")}`, "GET", person);
  try {
    for (
      const [fault, reason] of [[{ status: 401 }, "HTTP 401"], [{ status: 429 }, "HTTP 429"], ["html", "JSON"]] as const
    ) {
      kakao.fault = fault;
      const answer = await ask();
      assertProblem(answer, 503, "unavailable");
      assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
      assert.ok(!JSON.stringify(answer.body).includes(reason));
      assert.ok(lines.some((line) => line.includes(reason)), reason);
    }
  } finally {
    kakao.fault = null;
  }
  const told = lines.join("\n");
  for (const secret of [KAKAO_KEY, "비밀길", encodeURIComponent("비밀길")]) assert.ok(!told.includes(secret), secret);
  assert.equal((await ask()).status, 200, "what failed was not kept");
});

Deno.test("the region is today's: by a code of today, else by the address in either division, else by the point", async () => {
  const place = (each: Partial<FoundAddress>): FoundAddress => ({
    roadAddress: "이름 없는 곳",
    jibunAddress: "",
    ...CITY_HALL,
    divisionCode: null,
    ...each,
  });
  const cases: [FoundAddress, string][] = [
    [place({ divisionCode: "11110", roadAddress: "다른 이름 없는 곳" }), "11110"],
    // 2024's 광주 동구 has another code today, and 화성시 was cut up: the lot tells into which part.
    [place({ divisionCode: "29110", roadAddress: "광주 동구 금남로 1" }), "12210"],
    [
      place({ divisionCode: "41590", roadAddress: "경기 화성시 동탄대로 1", jibunAddress: "경기 화성시 오산동 967" }),
      "41597",
    ],
    [place({ divisionCode: "41590", roadAddress: "경기 화성시 어느길 1", lat: 37.2, lng: 127.07 }), "41597"],
    [place({ divisionCode: "99999", roadAddress: "서울 종로구 창경궁로 88" }), "11110"],
    [place({}), "11140"],
  ];
  const geocoder = { find: () => Promise.resolve(cases.map(([each]) => each)) };
  const found = await findAddresses({ ...service.deps, geocoder }, `지역 ${crypto.randomUUID()}`);
  assert.deepEqual(found.map((each) => each.regionCode), cases.map(([, code]) => code));
});

Deno.test("shops of one building are one address", async () => {
  const q = `건물 ${crypto.randomUUID()}`;
  kakao.addresses.set(q, [CITY_HALL_FOUND, { ...CITY_HALL_FOUND, x: "126.9779" }, CITY_HALL_FOUND]);
  const { body } = await look(q);
  assert.deepEqual(body.map((each: { lng: number }) => each.lng), [126.977829174031]);
});
