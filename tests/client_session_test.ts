/** Signing in and out in a real browser. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { v7 } from "uuid";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";
import { type Person, signUp } from "./harness.ts";
import { holdRows } from "./held_rows.ts";
import { testPeople } from "./set_up.ts";

const world = testClient();
const [neighbour] = testPeople(world.service, 1);
const signedOut = (page: Page) => page.getByText("로그인하면 볼 수 있어요").waitFor();

clientTest("whoever signs in goes on to where they were about to go, and stays signed in", async () => {
  await using phone = await openPhone(world);
  const { page } = phone;
  await phone.open("/signin?next=/me");
  await assertAccessible(page);
  await page.getByLabel("이메일").fill(neighbour.email);
  await page.getByLabel("비밀번호").fill("a wrong one");
  await page.getByRole("button", { name: "로그인" }).click();
  await page.getByText("이메일 또는 비밀번호가 맞지 않습니다").waitFor();
  await page.getByLabel("비밀번호").fill(neighbour.password);
  await page.getByRole("button", { name: "로그인" }).click();
  await page.waitForURL((url) => url.pathname === "/me");
  await page.reload();
  await page.getByText("최근 90일 0번").first().waitFor();
  const cookies = await page.context().cookies();
  assert.deepEqual(cookies.map(({ name, httpOnly }) => [name, httpOnly]), [["moajang_refresh", true]]);
});

clientTest("whoever is signed in already is led on, and never to another site", async () => {
  await using phone = await openPhone(world, { person: neighbour });
  for (const [next, onward] of [["/chats", "/chats"], ["//elsewhere.example", "/"], ["/\\elsewhere.example", "/"]]) {
    await phone.open(`/signin?next=${next}`);
    assert.equal(await phone.page.getByRole("link", { name: "계속하기" }).getAttribute("href"), onward);
  }
  await phone.page.getByRole("button", { name: "다른 계정으로" }).click();
  await phone.page.getByLabel("이메일").waitFor();
});

clientTest("two tabs that reload at once both stay signed in, though a refresh token works once", async () => {
  await using phone = await openPhone(world, { person: await signUp(world.service) });
  const context = phone.page.context(), tabs = [phone.page, await context.newPage()];
  for (const tab of tabs) await tab.goto("/me");
  const areBothHere = Promise.withResolvers<void>();
  await context.route("**/api/auth/refresh", async (route) => {
    await areBothHere.promise;
    await route.continue();
  });
  await Promise.all(tabs.map(async (tab) => {
    await tab.reload();
    await tab.getByText("불러오는 중").first().waitFor();
  }));
  areBothHere.resolve();
  for (const tab of tabs) await tab.getByText("최근 90일 0번").first().waitFor();
});

clientTest("whoever reloads while the session is being renewed stays signed in", async () => {
  const person = await signUp(world.service);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/me");
  await page.getByText("최근 90일 0번").first().waitFor();
  {
    await using _held = await holdRenewals(person);
    const asked = page.waitForRequest("**/api/auth/refresh");
    await page.evaluate(() => location.reload());
    await asked;
    await page.reload();
    await page.getByText("불러오는 중").first().waitFor();
  }
  await page.getByText("최근 90일 0번").first().waitFor();
});

/** Keeps the person's sessions from being renewed until it is disposed. */
function holdRenewals({ id }: Person): Promise<AsyncDisposable> {
  return holdRows(world.service.sql, (tx) =>
    tx`
    select 1
    from refresh_tokens t
    join sessions s on s.id = t.session_id
    where s.user_id = ${id}
    for update of t`);
}

clientTest("a change of the password signs all other phones out, and signing out everywhere this one too", async () => {
  const person = await signUp(world.service), changed = { ...person, password: `pw ${v7()}` };
  await using phone = await openPhone(world, { person });
  await using second = await openPhone(world, { person });
  const { page } = phone, button = (name: string) => page.getByRole("button", { name, exact: true });
  await second.open("/me/data");
  await phone.open("/me");
  await button("비밀번호 바꾸기").click();
  await assertAccessible(page);
  await page.getByLabel("지금 비밀번호").fill("not mine");
  await page.getByLabel("새 비밀번호").fill(changed.password);
  await button("바꾸기").click();
  await page.getByText("비밀번호가 맞지 않아요").waitFor();
  await page.getByLabel("지금 비밀번호").fill(person.password);
  await button("바꾸기").click();
  await signedOut(second.page);

  await using third = await openPhone(world, { person: changed });
  await third.open("/me/data");
  await button("모든 기기에서 로그아웃").click();
  await page.waitForURL("/signin");
  await signedOut(third.page);
  await third.open("/me");
  await signedOut(third.page);
});
