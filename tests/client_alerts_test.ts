/** Alerts in a real browser: live, read and deleted, and chosen. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { allTold, tell } from "./alert_world.ts";
import { fanAndLeader } from "./client_fans.ts";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";
import { openFaultProxy } from "./fault_proxy.ts";
import { openParty, type Person, poll, signUp, signUpAll } from "./harness.ts";

const world = testClient(), { service } = world;

/** Gives somebody so many alerts: of one who asks again and again to join their party. */
async function leaderWithAlerts(count: number): Promise<Person> {
  const [leader, applicant] = await signUpAll(service, 2);
  const party = await openParty(service, leader);
  const about = { partyId: party.id, actorId: applicant.id, userId: applicant.id };
  for (let i = 0; i < count; i++) await tell(service, { type: "join.requested", ...about });
  await allTold(service, party);
  return leader;
}

const linesOf = (page: Page) => page.getByRole("main").getByRole("listitem");
const badgeOf = (page: Page, unread: number) =>
  page.getByRole("navigation").getByRole("link", { name: `알림 ${unread} 개 안 읽음` });
const inboxOf = async ({ token }: Person) => (await service.call("GET", "/api/alerts", { token })).body;

clientTest(
  "an alert is in the inbox and counted on the tab without a reload, and elsewhere a toast leads to it",
  async () => {
    const { fan, name, open, cancel } = await fanAndLeader(service);
    await using phone = await openPhone(world, { person: fan });
    const { page } = phone;
    await phone.open("/alerts");
    await page.getByText("아직 알림이 없어요").waitFor();
    await assertAccessible(page);
    const elsewhere = await page.context().newPage();
    await elsewhere.goto("/chats");
    await elsewhere.getByRole("heading", { level: 1 }).waitFor();
    await streaming(2);
    const party = await open();
    await linesOf(page).filter({ hasText: `${name} 파티가 열렸어요` }).waitFor();
    await Promise.all([badgeOf(page, 1).waitFor(), badgeOf(elsewhere, 1).waitFor()]);
    await elsewhere.getByRole("status").getByRole("link", { name: `${name} 파티가 열렸어요` }).click();
    await elsewhere.waitForURL(`**/parties/${party.id}`);
    await poll(async () => (await inboxOf(fan)).unreadCount === 0);
    await cancel(party);
    const cancelled = linesOf(page).filter({ hasText: "파티가 취소됐어요" });
    await cancelled.getByText("안 읽음").waitFor();
    await assertAccessible(page);
    await cancelled.getByRole("link").click();
    await page.waitForURL(`**/parties/${party.id}`);
    await poll(async () => (await inboxOf(fan)).unreadCount === 0);
    await page.getByRole("link", { name: "알림", exact: true }).waitFor();
  },
);

clientTest("after the line was cut each alert is there once, and counted once", async () => {
  const { fan, open, cancel } = await fanAndLeader(service);
  await using line = await openFaultProxy(service.url);
  await using phone = await openPhone({ ...world, service: { ...service, url: line.url } }, { person: fan });
  const { page } = phone;
  await phone.open("/chats");
  await streaming(1);
  const first = await open();
  await badgeOf(page, 1).waitFor();
  line.set("away");
  await streaming(0);
  await cancel(first);
  const second = await open();
  await poll(async () => (await inboxOf(fan)).lastSeq === 3);
  line.set("pass");
  const toastOf = (title: string) => page.getByRole("status").getByRole("link", { name: title });
  await Promise.all([toastOf("파티가 취소됐어요").waitFor(), toastOf("파티가 열렸어요").last().waitFor()]);
  await badgeOf(page, 3).click();
  await linesOf(page).nth(2).waitFor();
  await cancel(second);
  await linesOf(page).nth(3).waitFor();
  await badgeOf(page, 4).waitFor();
  const { items } = await inboxOf(fan), titles = await linesOf(page).getByRole("strong").allInnerTexts();
  assert.deepEqual(titles, items.map(({ title }: { title: string }) => title));
});

clientTest("one alert is deleted, all are read, the older come page by page", async () => {
  const leader = await leaderWithAlerts(23);
  await using phone = await openPhone(world, { person: leader });
  const { page } = phone;
  await phone.open("/alerts");
  await badgeOf(page, 23).waitFor();
  await linesOf(page).nth(19).waitFor();
  assert.equal(await linesOf(page).count(), 20);
  await page.getByRole("button", { name: "더 보기" }).click();
  await linesOf(page).nth(22).waitFor();
  await linesOf(page).first().getByRole("button", { name: /^알림 삭제/ }).click();
  await badgeOf(page, 22).waitFor();
  await linesOf(page).nth(21).waitFor();
  assert.equal(await linesOf(page).count(), 22);
  await page.getByRole("button", { name: "모두 읽음으로" }).click();
  await page.getByText("모두 읽었어요").waitFor();
  assert.equal(await page.getByText("안 읽음", { exact: true }).count(), 0);
  const { items, unreadCount } = await inboxOf(leader);
  assert.deepEqual([unreadCount, items[0].seq], [0, 22]);
});

clientTest("what one wants to be told of, and when not, survives a reload; nobody else gets there", async () => {
  const person = await signUp(service);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/alerts/preferences");
  await page.getByRole("checkbox", { name: "파티 취소 · 푸시" }).uncheck();
  await page.getByLabel("시작", { exact: true }).fill("22:30");
  await page.getByLabel("끝", { exact: true }).fill("22:30");
  await page.getByRole("button", { name: "저장" }).click();
  await page.getByText("이 값을 다시 확인해 주세요").waitFor();
  await assertAccessible(page);
  await page.getByLabel("끝", { exact: true }).fill("07:00");
  await page.getByRole("button", { name: "저장" }).click();
  await page.getByText("알림 설정을 저장했어요").waitFor();
  await page.reload();
  assert.equal(await page.getByLabel("시작", { exact: true }).inputValue(), "22:30");
  assert.equal(await page.getByLabel("시간대").inputValue(), "Asia/Seoul");
  assert.equal(await page.getByRole("checkbox", { name: "파티 취소 · 푸시" }).isChecked(), false);
  assert.equal(await page.getByRole("checkbox", { name: "파티 취소 · 앱에서" }).isChecked(), true);
  await page.getByRole("checkbox", { name: "정한 시간에는 푸시를 미뤄 두기" }).uncheck();
  await page.getByRole("button", { name: "저장" }).click();
  await page.getByText("알림 설정을 저장했어요").waitFor();
  const { body } = await service.call("GET", "/api/me/alert-preferences", { token: person.token });
  assert.deepEqual([body.quietHours, body.types["party.cancelled"]], [null, { stream: true, push: false }]);

  await using stranger = await openPhone(world);
  await stranger.open("/alerts");
  await stranger.page.getByText("로그인하면 볼 수 있어요").waitFor();
});

/** Waits until so many streams are open at the service. */
async function streaming(count: number): Promise<void> {
  await poll(async () => {
    const { body } = await service.call("GET", "/metrics");
    return body.includes(`moajang_streams_open ${count}\n`);
  });
}
