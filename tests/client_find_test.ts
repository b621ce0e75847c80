/** Finding in a real browser: the parties nearby, items and markets, favourites, the map. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";
import { addItem, addMarket, openParty, type Person, poll, signUp } from "./harness.ts";

const world = testClient();
const { service } = world;

clientTest(
  "nearby are the service's parties in its order, whatever radius, order and words, also going back",
  async () => {
    const home = { lat: 35.1796, lng: 129.0756 };
    const { person } = await neighbourhood(home, [300, 2_000, 4_000, 8_000, 20_000]);
    await using phone = await openPhone(world, { person });
    const { page } = phone;
    const asked = { ...home, radiusM: 10_000, sort: "distance", q: "" };
    await phone.open("/");
    await assertShows(page, person, asked, 4);
    await page.getByRole("button", { name: "3 km" }).click();
    await assertShows(page, person, { ...asked, radiusM: 3_000 }, 2);
    await page.getByLabel("정렬").selectOption("새로 열린 순");
    await assertShows(page, person, { ...asked, radiusM: 3_000, sort: "newest" }, 2);
    await page.goBack();
    await page.goBack();
    await assertShows(page, person, asked, 4);
    await page.getByRole("searchbox").fill("4000");
    await assertShows(page, person, { ...asked, q: "4000" }, 1);
    await page.reload();
    await assertShows(page, person, { ...asked, q: "4000" }, 1);
    await assertAccessible(page);
    await page.getByRole("searchbox").fill("없는 것");
    await page.getByText("조건에 맞는 파티가 없어요").waitFor();
    await assertAccessible(page);
    await page.getByRole("button", { name: "조건 지우기" }).click();
    await assertShows(page, person, asked, 4);
  },
);

clientTest(
  "page after page each party comes once, the focus goes to the new ones, and the map marks the same",
  async () => {
    const { person, titles } = await neighbourhood(
      { lat: 35.8714, lng: 128.6014 },
      Array.from(
        { length: 45 },
        (_, i) => 100 + 50 * i,
      ),
    );
    await using phone = await openPhone(world, { person });
    const { page } = phone;
    await phone.open("/");
    for (const shown of [20, 40]) {
      await poll(async () => (await cardsOn(page)).length === shown);
      await page.getByRole("button", { name: "더 보기" }).click();
      await page.locator("a:focus", { hasText: titles[shown]! }).waitFor();
    }
    assert.deepEqual(await cardsOn(page), titles);
    assert.equal(await page.getByRole("button", { name: "더 보기" }).count(), 0);
    await page.getByRole("button", { name: "지도" }).click();
    await poll(async () => await countMarked(page) === 45);
    await assertAccessible(page);
    await page.getByRole("button", { name: "목록" }).click();
    assert.deepEqual(await cardsOn(page), titles);
  },
);

clientTest("by the keyboard alone one comes from the radius over the map to a party, and back to the map", async () => {
  const { person } = await neighbourhood({ lat: 37.4563, lng: 126.7052 }, [500, 500, 4_000]);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/");
  await tabTo(page, /^3 km/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^지도/);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^2 ?개 모여 있음$/ }).waitFor();
  await tabTo(page, /^2\s*개 모여 있음$/);
  await page.keyboard.press("Enter");
  const inList = page.getByRole("region").getByRole("listitem").getByRole("link");
  await poll(async () => await inList.count() === 2);
  await page.keyboard.press("Escape");
  await page.locator("button:focus", { hasText: "2개 모여" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("li a:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.startsWith("/parties/"));
  await page.goBack();
  await page.getByRole("button", { name: /^2 ?개 모여 있음$/ }).waitFor();
  assert.equal(await page.getByRole("button", { name: "3 km" }).getAttribute("aria-pressed"), "true");
});

clientTest("who has no home is told why, and sees what is around their position, this once", async () => {
  const position = { lat: 33.4996, lng: 126.5312 };
  const { titles } = await neighbourhood(position, [400]);
  await using phone = await openPhone(world, { position });
  const { page } = phone;
  await phone.open("/");
  await page.getByText("현재 위치는 저장하지 않아요").waitFor();
  await assertAccessible(page);
  await page.getByRole("button", { name: "현재 위치로 한 번 보기" }).click();
  await poll(async () => (await cardsOn(page)).join() === titles.join());
  await page.reload();
  await page.getByText("어디 주변을 볼까요?").waitFor();
  await page.context().clearPermissions();
  await page.getByRole("button", { name: "현재 위치로 한 번 보기" }).click();
  await page.getByText("위치를 볼 수 없어요").waitFor();
});

clientTest(
  "a favourite found by its initials is still one after a reload, and one that fails is taken back",
  async () => {
    const item = await addItem(service, { name: "콩떡쿠키" });
    const person = await signUp(service);
    await using phone = await openPhone(world, { person });
    const { page } = phone;
    const heart = page.getByRole("button", { name: "콩떡쿠키 찜" });
    await phone.open("/search");
    await page.getByText("아직 찜이 없어요").waitFor();
    await assertAccessible(page);
    await page.getByRole("searchbox").fill("ㅋㄸㅋㅋ");
    await heart.click();
    await assertPressed(page, "콩떡쿠키 찜", true);
    await poll(async () => (await favoritesOf(person)).items.length === 1);
    await page.reload();
    await assertPressed(page, "콩떡쿠키 찜", true);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("list", { name: "찜" }).getByText("콩떡쿠키", { exact: true }).waitFor();
    await assertAccessible(page);
    await page.route(
      "**/api/favorites/items/*",
      (route) => route.fulfill({ status: 503, json: { code: "unavailable" } }),
    );
    await heart.click();
    await page.getByText("잠시 사용할 수 없습니다").waitFor();
    await assertPressed(page, "콩떡쿠키 찜", true);
    await page.getByRole("link", { name: "콩떡쿠키: 파티 열기" }).click();
    await page.waitForURL((url) => url.pathname === "/parties/new" && url.searchParams.get("itemId") === item.id);
  },
);

clientTest(
  "markets come nearest first, lead to their own parties, and ask who is not signed in to sign in",
  async () => {
    const home = { lat: 36.3504, lng: 127.3845 };
    const { person, titles } = await neighbourhood(home, [3_000, 1_000]);
    await using phone = await openPhone(world, { person });
    const { page } = phone;
    await phone.open("/search?tab=markets&q=동네마트");
    const near = page.getByRole("article", { name: /동네마트/ }).first();
    assert.match(await near.innerText(), /동네마트 1000\s+1 km/);
    await assertAccessible(page);
    await near.getByRole("link", { name: /여기 파티/ }).click();
    await poll(async () => (await cardsOn(page)).join() === titles[1]);
    await using stranger = await openPhone(world);
    await stranger.open("/search?tab=markets&q=동네마트");
    await stranger.page.getByRole("button", { name: /찜$/ }).first().click();
    await stranger.page.waitForURL((url) =>
      url.pathname === "/signin" && url.searchParams.get("next")!.startsWith("/search?tab=markets")
    );
  },
);

clientTest("typing asks when it pauses, and a question that another one replaced is given up", async () => {
  await addItem(service, { name: "둥근호밀빵" });
  await using phone = await openPhone(world);
  const { page } = phone;
  const asked: string[] = [], givenUp: (string | null)[] = [];
  page.on("requestfailed", (request) => givenUp.push(new URL(request.url()).searchParams.get("q")));
  await page.route("**/api/items?*", (route) => {
    const q = new URL(route.request().url()).searchParams.get("q")!;
    asked.push(q);
    if (q !== "둥근") void route.continue();
  });
  await phone.open("/search");
  await page.getByRole("searchbox").pressSequentially("둥근");
  await poll(() => asked.length === 1);
  await page.getByRole("searchbox").pressSequentially("호밀빵");
  await page.getByRole("article", { name: "둥근호밀빵" }).waitFor();
  // Sooner than a request without an answer runs out.
  await poll(() => givenUp.includes("둥근"), { timeoutMs: 5_000 });
  assert.deepEqual(asked, ["둥근", "둥근호밀빵"]);
});

clientTest("a tap on a map that picks chooses its place, and so does the middle after a drag", async () => {
  const home = { lat: 37.2636, lng: 127.0286 }, person = await signUp(service, { home });
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/neighbourhood");
  const map = page.getByRole("region", { name: "동네 지도" });
  const choose = async () => {
    await page.getByRole("button", { name: "이 동네로 정하기" }).click();
    await page.waitForURL((url) => url.pathname === "/");
    return (await service.call("GET", "/api/me", { token: person.token })).body.home;
  };
  const { width, height } = (await map.boundingBox())!;
  await map.click({ position: { x: width / 2 + 60, y: height / 2 } });
  const tapped = await choose();
  assert.ok(tapped.lng > home.lng + .002 && Math.abs(tapped.lat - home.lat) < .0002, JSON.stringify(tapped));
  await phone.open("/neighbourhood");
  const { x, y } = (await map.boundingBox())!;
  await page.mouse.move(x + 200, y + 100);
  await page.mouse.down();
  await page.mouse.move(x + 200, y + 160, { steps: 5 });
  await page.mouse.up();
  const dragged = await choose();
  assert.ok(dragged.lat > tapped.lat + .002 && Math.abs(dragged.lng - tapped.lng) < .0002, JSON.stringify(dragged));
});

clientTest(
  "offline and failures are said, what is shown stays, and the list and the map come with the next try",
  async () => {
    const { person, titles } = await neighbourhood({ lat: 35.5384, lng: 129.3114 }, [700]);
    await using phone = await openPhone(world, { person });
    const { page } = phone;
    // What its cache would answer cannot fail.
    await page.addInitScript("delete Navigator.prototype.serviceWorker");
    let isBroken = true;
    await page.route(
      "**/api/parties?*",
      (route) => isBroken ? route.fulfill({ status: 503, body: "" }) : route.continue(),
    );
    await phone.open("/");
    await page.getByRole("alert").getByText("잠시 사용할 수 없습니다").waitFor();
    await assertAccessible(page);
    isBroken = false;
    await page.getByRole("button", { name: "다시 시도" }).click();
    await poll(async () => (await cardsOn(page)).join() === titles.join());
    await page.context().setOffline(true);
    await page.getByText("오프라인이에요").waitFor();
    await page.getByRole("button", { name: "지도" }).click();
    await page.getByText("지도를 불러오지 못했어요").waitFor();
    await assertAccessible(page);
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "다시 시도" }).click();
    await page.getByRole("region", { name: "주변 파티 지도" }).getByRole("link", { name: titles[0]! }).waitFor();
  },
);

/** Somebody, and a party of somebody else's at each of these distances; `titles` in the order given. */
async function neighbourhood(home: { lat: number; lng: number }, distancesM: number[]) {
  const [person, leader] = [await signUp(service, { home }), await signUp(service)], titles: string[] = [];
  for (const [i, distanceM] of distancesM.entries()) {
    const place = { lat: home.lat + distanceM / 111_195, lng: home.lng };
    const market = await addMarket(service, { ...place, name: `동네마트 ${distanceM}` });
    const { title } = await openParty(service, leader, { marketId: market.id, title: `${i}번째 ${distanceM} m` });
    titles.push(title);
  }
  return { person, titles };
}

async function assertShows(page: Page, { token }: Person, query: Record<string, unknown>, count: number) {
  const given = Object.entries(query).filter(([, value]) => value !== "").map(([name, value]) => [name, String(value)]);
  const { body } = await service.call("GET", `/api/parties?${new URLSearchParams(given)}`, { token });
  const titles = body.items.map(({ title }: { title: string }) => title);
  assert.equal(titles.length, count);
  await poll(async () => (await cardsOn(page)).join() === titles.join());
}

function cardsOn(page: Page): Promise<string[]> {
  return page.getByRole("list", { name: "주변 파티" }).locator("a > .row > strong").allInnerTexts();
}

/** How many parties the map stands for: by themselves, and together. */
async function countMarked(page: Page): Promise<number> {
  const map = page.getByRole("region", { name: "주변 파티 지도" });
  const together = await map.getByRole("button", { name: "모여 있음" }).allInnerTexts();
  return together.reduce((sum, count) => sum + parseInt(count), await map.getByRole("link").count());
}

/** Presses Tab until what has the focus reads like this. */
async function tabTo(page: Page, text: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses++) {
    if (text.test(await page.locator(":focus").innerText())) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`no Tab leads to ${text}`);
}

async function assertPressed(page: Page, name: string, isPressed: boolean): Promise<void> {
  const button = page.getByRole("button", { name });
  await poll(async () => await button.getAttribute("aria-pressed") === String(isPressed));
}

async function favoritesOf({ token }: Person) {
  return (await service.call("GET", "/api/favorites", { token })).body;
}
