/** Opening a party, joining it and what becomes of it, in a real browser. */
import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { Party } from "../contract/parties.ts";
import { assertAccessible, clientTest, openPhone, tabTo, testClient } from "./client_world.ts";
import { addItem, addMarket, joinAccepted, openParty, type Person, poll } from "./harness.ts";
import { testPeople } from "./set_up.ts";

const world = testClient(), { service } = world;
const [leader, first, second, third] = testPeople(service, 4);

const nameOf = (prefix: string) => `${prefix} ${crypto.randomUUID().slice(0, 8)}`;
const button = (page: Page | Locator, name: string | RegExp) => page.getByRole("button", { name });
const acceptAs = (party: Party, who: Person) =>
  service.call("PATCH", `/api/parties/${party.id}/members/${who.id}`, {
    token: leader.token,
    body: { status: "accepted" },
  });
const partiesOf = async ({ token }: Person, itemId: string): Promise<Party[]> => {
  const { body } = await service.call("GET", "/api/me/parties?role=leader&limit=100", { token });
  return body.items.filter(({ item }: Party) => item.id === itemId);
};
/** As when the person comes back to the page. */
const look = (page: Page) => page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);

clientTest(
  "a party is opened through the three steps by keyboard alone, and what was filled in survives going back",
  async () => {
    const item = await addItem(service, { name: nameOf("참외") }), market = await addMarket(service);
    await using phone = await openPhone(world, { person: leader });
    const { page } = phone, press = (key: string) => page.keyboard.press(key);
    await phone.open(`/parties/new?marketId=${market.id}`);
    await tabTo(page, button(page, "다음"));
    await press("Enter");
    await page.getByRole("alert").getByText("품목을 골라 주세요").waitFor();
    await withFocus(page, page.getByRole("searchbox", { name: "품목" })).waitFor();
    await page.keyboard.type(item.name);
    const found = button(page, new RegExp(item.name));
    await found.waitFor();
    await assertAccessible(page);
    await tabTo(page, found);
    await press("Enter");
    await withFocus(page, button(page, "바꾸기")).waitFor();
    await tabTo(page, page.getByLabel("전체 양"));
    await page.keyboard.type("5");
    await tabTo(page, page.getByLabel("전체 가격"));
    await page.keyboard.type("30000");
    await page.getByText("100 g에 600원").waitFor();
    await press("Enter");
    await withFocus(page, page.getByRole("heading", { name: "언제 어디서 만날까요?" })).waitFor();
    await page.getByText(market.name).waitFor();
    await assertAccessible(page);
    await page.goBack();
    await page.getByText(item.name).waitFor();
    assert.equal(await page.getByLabel("전체 양").inputValue(), "5");
    await tabTo(page, button(page, "다음"));
    await press("Enter");
    await page.getByRole("heading", { name: "언제 어디서 만날까요?" }).waitFor();
    await tabTo(page, button(page, "다음"));
    await press("Enter");
    const mine = page.getByRole("group", { name: "내 수량" });
    await mine.getByText("1.25 kg").waitFor();
    await assertAccessible(page);
    await tabTo(page, button(mine, "늘리기"));
    await press("Space");
    await mine.getByText("1.3 kg").waitFor();
    await page.getByText("약 7,800원").waitFor();
    await tabTo(page, button(page, "다음"));
    await press("Enter");
    await page.getByText(`${item.name} · ${market.name}`).waitFor();
    await assertAccessible(page);
    await tabTo(page, button(page, "파티 열기"));
    await press("Enter");
    await page.getByRole("heading", { level: 1, name: `${item.name} · ${market.name}` }).waitFor();
    const [party] = await partiesOf(leader, item.id);
    assert.ok(party);
    assert.deepEqual(
      [party.quantity, party.leaderQuantity, party.priceKrw, party.market.id],
      [5_000, 1_300, 30_000, market.id],
    );
  },
);

clientTest("a party whose opening was answered into the void is opened once, however it is tried again", async () => {
  const [item, market] = await Promise.all([addItem(service), addMarket(service)]);
  await using phone = await openPhone(world, { person: leader });
  const { page } = phone;
  await phone.open(`/parties/new?itemId=${item.id}&marketId=${market.id}`);
  await goToPreview(page, item);
  await page.route("**/api/parties", async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await button(page, "파티 열기").click();
  await page.getByRole("alert").getByText("인터넷에 연결되어 있지 않아요").waitFor();
  assert.equal((await partiesOf(leader, item.id)).length, 1);
  await page.reload();
  await button(page, "파티 열기").click();
  await page.getByRole("heading", { level: 1, name: item.name }).waitFor();
  assert.equal((await partiesOf(leader, item.id)).length, 1);
});

clientTest("what the service has against a field of a new party leads back to the step that has it", async () => {
  const [item, market] = await Promise.all([addItem(service), addMarket(service)]);
  await using phone = await openPhone(world, { person: leader });
  const { page } = phone;
  await phone.open(`/parties/new?itemId=${item.id}&marketId=${market.id}`);
  await goToPreview(page, item);
  const past = new Date(Date.now() - 60_000).toISOString();
  await page.route("**/api/parties", async (route) => {
    const body = route.request().postDataJSON();
    await route.continue({ postData: JSON.stringify({ ...body, startsAt: past }) });
  });
  await button(page, "파티 열기").click();
  await page.getByRole("heading", { name: "언제 어디서" }).waitFor();
  await page.getByRole("alert").getByText("입력값이 올바르지 않습니다").waitFor();
  await withFocus(page, page.getByLabel("시작")).waitFor();
});

clientTest("who asks to join at a price they see is in as soon as the leader accepts, without a reload", async () => {
  const party = await openParty(service, leader, { note: "정문에서 만나요" });
  await using phone = await openPhone(world, { person: first });
  const { page } = phone, sheet = page.getByRole("dialog");
  await phone.open(`/parties/${party.id}`);
  await page.getByText("정문에서 만나요").waitFor();
  await assertAccessible(page);
  await button(page, "신청하기 · 약 6,000원").click();
  await sheet.getByText("2.5 kg").waitFor();
  await button(sheet, "줄이기").click();
  await sheet.getByText("약 4,800원").waitFor();
  await sheet.getByRole("checkbox", { name: "더 적게 받아도" }).check();
  await assertAccessible(page);
  await button(sheet, "신청하기").click();
  await button(page, "신청 취소").waitFor();
  const { body } = await service.call("GET", `/api/parties/${party.id}/members`, { token: leader.token });
  const { quantity, quantityMin } = body.items.at(-1);
  assert.deepEqual([quantity, quantityMin], [2_000, 500]);
  assert.equal((await acceptAs(party, first)).status, 200);
  await page.getByRole("heading", { name: "함께하는 사람" }).waitFor();
  await page.getByText("2 kg · 약 4,800원").waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), button(page, "캘린더에 넣기").click()]);
  assert.match(await Deno.readTextFile(await file.path()), /BEGIN:VCALENDAR/);
});

clientTest(
  "of two who want the last seat the second hears that it is full, waits, and takes the offer when one leaves",
  async () => {
    const party = await openParty(service, leader, { capacity: 2, autoAccept: true });
    await using quick = await openPhone(world, { person: second });
    await using slow = await openPhone(world, { person: third });
    const { page } = slow, sheet = page.getByRole("dialog");
    for (const phone of [quick, slow]) {
      await phone.open(`/parties/${party.id}`);
      await button(phone.page, /^신청하기/).click();
    }
    await button(quick.page.getByRole("dialog"), "신청하기").click();
    await quick.page.getByText("모집 완료").waitFor();
    await button(sheet, "신청하기").click();
    await sheet.getByRole("alert").getByText("가득 찼습니다").waitFor();
    await page.getByText("2/2명 참여").waitFor();
    await button(sheet, "대기 신청하기").click();
    await page.getByText("대기 1번째예요. 자리가 나면").waitFor();

    await button(quick.page, "나가기").click();
    await quick.page.getByRole("dialog").getByRole("alert").getByText("늦은 취소예요").waitFor();
    await assertAccessible(quick.page);
    await button(quick.page, "늦은 취소로 나가기").click();
    await quick.page.getByText("파티에서 나왔어요").waitFor();
    const { body } = await service.call("GET", `/api/users/${second.id}`, { token: leader.token });
    assert.equal(body.lateCancellations, 1);

    await page.getByRole("region", { name: "자리 제안" }).getByText("5 kg · 약 12,000원").waitFor();
    await assertAccessible(page);
    await button(page, "자리 받기").click();
    await page.getByRole("heading", { name: "함께하는 사람" }).waitFor();
    await button(quick.page, "대기 신청").waitFor();
  },
);

clientTest("a sheet that has become pointless goes away, says why, and leaves the party as it is now", async () => {
  const party = await openParty(service, leader);
  await using phone = await openPhone(world, { person: first });
  const { page } = phone, sheet = page.getByRole("dialog");
  await phone.open(`/parties/${party.id}`);
  await button(page, /^신청하기/).click();
  await service.call("POST", `/api/parties/${party.id}/confirm`, { token: leader.token });
  await button(sheet, "신청하기").click();
  await page.getByText("모집이 끝난 파티입니다").waitFor();
  await page.getByText("모집이 끝났어요").waitFor();
  await sheet.waitFor({ state: "detached" });
});

clientTest("a leader's edit that is overtaken keeps what they typed and shows the rest as it is now", async () => {
  const party = await openParty(service, leader);
  await using phone = await openPhone(world, { person: leader });
  const { page } = phone, sheet = page.getByRole("dialog");
  await phone.open(`/parties/${party.id}`);
  await button(page, "수정").click();
  await assertAccessible(page);
  await sheet.getByLabel("안내").fill("장바구니를 챙겨 주세요");
  await service.call("PATCH", `/api/parties/${party.id}`, { token: leader.token, body: { title: "다른 제목" } });
  await button(sheet, "저장").click();
  await sheet.getByRole("alert").getByText("그사이 내용이 바뀌었습니다").waitFor();
  await poll(async () => await sheet.getByLabel("제목").inputValue() === "다른 제목");
  await button(sheet, "저장").click();
  await sheet.waitFor({ state: "detached" });
  await page.getByText("장바구니를 챙겨 주세요").waitFor();
  await page.getByRole("heading", { level: 1, name: "다른 제목" }).waitFor();
});

clientTest("a leader closes the recruiting, completes after the start, and calls off with a reason", async () => {
  const [party, other] = [await openParty(service, leader), await openParty(service, leader)];
  await joinAccepted(service, party, leader, first);
  await joinAccepted(service, other, leader, first);
  await using phone = await openPhone(world, { person: leader });
  const { page } = phone, sheet = page.getByRole("dialog");
  await phone.open(`/parties/${party.id}`);
  await button(page, "모집 마감").click();
  await button(sheet, "모집 마감하기").click();
  await page.getByText("모집 완료").waitFor();
  await service.sql`
    update parties set starts_at = now() - interval '1 minute', join_until = now() - interval '1 minute'
    where id = ${party.id}`;
  await look(page);
  await button(page, "파티 완료").click();
  await button(sheet, "완료하기").click();
  await page.getByText("끝난 파티예요").waitFor();
  await page.getByRole("link", { name: "정산" }).waitFor();

  await phone.open(`/parties/${other.id}`);
  await button(page, "파티 취소").click();
  await sheet.getByLabel("이유").fill("마트가 쉬는 날이에요");
  await assertAccessible(page);
  await button(sheet, "파티 취소하기").click();
  await page.getByText("취소된 파티예요").waitFor();
  await assertAccessible(page);
  await poll(async () => {
    const { body } = await service.call("GET", "/api/alerts?limit=100", { token: first.token });
    return body.items.some((alert: { partyId: string; body: string }) =>
      alert.partyId === other.id && alert.body.includes("마트가 쉬는 날이에요")
    );
  });
});

clientTest("a party that is not there, or cannot be asked for, says so, and leads on", async () => {
  const party = await openParty(service, leader);
  await using phone = await openPhone(world);
  const { page } = phone;
  await phone.open("/parties/no-such-party");
  await page.getByText("찾을 수 없습니다").waitFor();
  await page.route("**/api/parties/*", (route) => route.abort(), { times: 1 });
  await phone.open(`/parties/${party.id}`);
  await page.getByText("인터넷에 연결되어 있지 않아요").waitFor();
  await button(page, "다시 시도").click();
  await page.getByRole("link", { name: "로그인하고 신청하기" }).click();
  await page.waitForURL(`**/signin?next=${encodeURIComponent(`/parties/${party.id}`)}`);
  await phone.open("/parties/new?itemId=1");
  await page.getByText("로그인하면 파티를 열 수 있어요").waitFor();
  await assertAccessible(page);
});

/** From the first step, with an item and a market chosen, to the last. */
async function goToPreview(page: Page, item: { name: string }): Promise<void> {
  await page.getByText(item.name).waitFor();
  await page.getByLabel("전체 양").fill("3");
  for (const heading of ["언제 어디서", "어떻게", "이대로"]) {
    await button(page, "다음").click();
    await page.getByRole("heading", { name: heading }).waitFor();
  }
}

function withFocus(page: Page, target: Locator): Locator {
  return target.and(page.locator(":focus"));
}
