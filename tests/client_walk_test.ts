/**
 * The whole road by taps, as two neighbours walk it, each with a phone: signed up, a neighbourhood, a party opened and found
 * nearby, joined and accepted, a chat both ways, and a party called off that says so without a reload.
 */
import type { Page } from "playwright-core";
import { v7 } from "uuid";
import { clientTest, openPhone, testClient } from "./client_world.ts";
import { addItem, addMarket, CITY_HALL } from "./harness.ts";

const world = testClient(), { service } = world;
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name });
const follow = (page: Page, name: string) => page.getByRole("main").getByRole("link", { name }).click();
const go = (page: Page, tab: string | RegExp) => page.getByRole("navigation").getByRole("link", { name: tab }).click();
const title = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

clientTest(
  "two neighbours come from sign-up to a chat and a party called off, by taps alone and without a reload",
  async () => {
    const item = await addItem(service, { name: `양파 ${v7().slice(-8)}` }), market = await addMarket(service);
    await using mina = await openPhone(world, { position: CITY_HALL });
    await using jun = await openPhone(world, { position: { lat: CITY_HALL.lat + 0.01, lng: CITY_HALL.lng } });
    const [leader, member] = [mina.page, jun.page], names = [`미나${v7().slice(-8)}`, `준${v7().slice(-8)}`];
    await mina.open("/signup");
    await jun.open("/signup");
    for (const [i, page] of [leader, member].entries()) await settleIn(page, names[i]!);

    await leader.getByRole("link", { name: "첫 파티 열기" }).click();
    await openByTaps(leader, item.name, market.name);
    await title(leader, item.name).waitFor();

    await title(member, "내 주변").waitFor();
    await member.getByRole("searchbox").fill(item.name);
    await follow(member, item.name);
    await title(member, item.name).waitFor();
    await button(member, /^신청하기/).click();
    await member.getByRole("dialog").getByRole("button", { name: "신청하기" }).click();
    await button(member, "신청 취소").waitFor();

    await leader.getByRole("link", { name: new RegExp(names[1]!) }).click();
    await leader.getByRole("link", { name: /신청 1건 보기|신청 관리/ }).click();
    await button(leader, `${names[1]} 님 수락`).click();
    await leader.getByText("확정", { exact: true }).waitFor();
    await member.getByRole("link", { name: /채팅/ }).last().waitFor();
    await go(member, "채팅");
    await follow(member, item.name);
    await say(member, "3시에 만나요");
    await go(leader, "채팅");
    await follow(leader, item.name);
    await leader.getByRole("log").getByText("3시에 만나요").waitFor();
    await say(leader, "좋아요, 입구에서 봐요");
    await member.getByRole("log").getByText("좋아요, 입구에서 봐요").waitFor();

    await go(member, "내 주변");
    await title(member, "내 주변").waitFor();
    await go(leader, "내 파티");
    await follow(leader, item.name);
    await leader.getByRole("button", { name: "파티 취소", exact: true }).click();
    await leader.getByLabel("이유").fill("마트가 쉬는 날이에요");
    await button(leader, "파티 취소하기").click();
    await member.getByRole("status").getByText(/취소.*마트가 쉬는 날이에요/).waitFor();
    await go(member, /알림.*안 읽음/);
    await member.getByRole("main").getByText("마트가 쉬는 날이에요").waitFor();
  },
);

/** Signs up, and makes where the phone is the neighbourhood. */
async function settleIn(page: Page, nickname: string): Promise<void> {
  await page.getByLabel("이메일").fill(`${v7()}@example.com`);
  await page.getByLabel("비밀번호").fill(`pw ${v7()}`);
  await page.getByLabel("닉네임").fill(nickname);
  for (const consent of [/^이용약관/, /^개인정보/, /^위치 정보/]) {
    await page.getByRole("checkbox", { name: consent }).check();
  }
  await button(page, "가입하기").click();
  await button(page, "지금 있는 곳으로").click();
  await button(page, "이 동네로 정하기").click();
  await title(page, "내 주변").waitFor();
}

/** Through the three steps and the preview, with what they propose. */
async function openByTaps(page: Page, item: string, market: string): Promise<void> {
  await page.getByRole("searchbox", { name: "품목" }).fill(item);
  await button(page, new RegExp(item)).click();
  await page.getByLabel("전체 양").fill("10");
  await page.getByLabel("전체 가격").fill("24000");
  await button(page, "다음").click();
  await page.getByRole("searchbox", { name: "마트" }).fill(market);
  await button(page, new RegExp(market)).click();
  await button(page, "다음").click();
  await page.getByRole("group", { name: "내 수량" }).waitFor();
  await button(page, "다음").click();
  await button(page, "파티 열기").click();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "메시지" }).fill(text);
  await button(page, "보내기").click();
  await page.getByRole("log").getByText(text).waitFor();
}
