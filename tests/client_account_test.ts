/** Accounts in a real browser: signing up, the neighbourhood, the profile, one's own data, and leaving. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { v7 } from "uuid";
import type { Me } from "../contract/identity.ts";
import { assertAccessible, clientTest, openPhone, tabTo, testClient } from "./client_world.ts";
import { addMarket, CITY_HALL, type Person, poll, signUp } from "./harness.ts";
import { testPeople } from "./set_up.ts";
import { age, penalise } from "./trust_world.ts";

const world = testClient(), { service } = world;
const [leader] = testPeople(service, 1);

const meOf = async ({ token }: Pick<Person, "token">): Promise<Me> =>
  (await service.call("GET", "/api/me", { token })).body;
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });

const TOKYO = { latitude: 35.6812, longitude: 139.7671 };

/** Fills the form of sign-up, all but the consents. */
async function fillSignUp(page: Page, { email = `${v7()}@example.com`, nickname = "" } = {}): Promise<void> {
  await page.getByLabel("이메일").fill(email);
  await page.getByLabel("비밀번호").fill(`pw ${v7()}`);
  await page.getByLabel("닉네임").fill(nickname || `이웃${v7().slice(-10)}`);
}

/** What the service knows of somebody by their nickname. */
async function rowOf(nickname: string) {
  const [row] = await service.sql`
    select home_address as home, terms_at is not null as terms, location_at is not null as location
    from users
    where nickname = ${nickname}`;
  return { ...row };
}

clientTest("with the keyboard alone one signs up, finds a neighbourhood by its road, and comes home", async () => {
  await addMarket(service);
  await using phone = await openPhone(world);
  const { page } = phone, nickname = `이웃${v7().slice(-10)}`;
  await phone.open("/signup");
  await assertAccessible(page);
  for (const [label, text] of [["이메일", `${v7()}@example.com`], ["비밀번호", `pw ${v7()}`], ["닉네임", nickname]]) {
    await tabTo(page, page.getByLabel(label!));
    await page.keyboard.insertText(text!);
  }
  for (const consent of [/^이용약관/, /^개인정보/, /^위치 정보/]) {
    await tabTo(page, page.getByRole("checkbox", { name: consent }));
    await page.keyboard.press("Space");
  }
  await page.keyboard.press("Enter");
  await page.waitForURL("/neighbourhood");
  await tabTo(page, page.getByLabel("도로명 주소"));
  await page.keyboard.insertText("세종대로 110");
  await page.keyboard.press("Enter");
  await tabTo(page, button(page, "서울특별시 중구 세종대로 110"));
  await assertAccessible(page);
  await page.keyboard.press("Enter");
  await heading(page, "서울특별시 중구 세종대로 110").and(page.locator(":focus")).waitFor();
  await assertAccessible(page);
  await tabTo(page, button(page, "이 동네로 정하기"));
  await page.keyboard.press("Enter");
  await page.waitForURL("/");
  assert.deepEqual(await rowOf(nickname), { home: "서울특별시 중구 세종대로 110", terms: true, location: true });
});

clientTest("who does not let their location be used signs up all the same, and skips the neighbourhood", async () => {
  await using phone = await openPhone(world);
  const { page } = phone, nickname = `이웃${v7().slice(-10)}`;
  await phone.open("/signup?next=/search");
  await fillSignUp(page, { nickname });
  await page.getByRole("checkbox", { name: /^이용약관/ }).check();
  await page.getByRole("checkbox", { name: /^개인정보/ }).check();
  await button(page, "가입하기").click();
  await page.getByText("위치 정보 이용에 동의가 필요해요").waitFor();
  await assertAccessible(page);
  assert.equal(await button(page, "지금 있는 곳으로").count(), 0);
  await page.getByRole("link", { name: "나중에 할게요" }).click();
  await page.waitForURL("/search");
  assert.deepEqual(await rowOf(nickname), { home: null, terms: true, location: false });
});

clientTest("a refused sign-up says so at the field, which has the focus, and keeps what was typed", async () => {
  await using phone = await openPhone(world);
  const { page } = phone, free = `이웃${v7().slice(-10)}`;
  const focused = (label: string) => page.getByLabel(label).and(page.locator(':focus[aria-invalid="true"]'));
  await phone.open("/signup");
  await fillSignUp(page, { nickname: leader.nickname });
  await button(page, "가입하기").click();
  assert.equal(new URL(page.url()).pathname, "/signup", "the terms are not agreed to");
  await page.getByRole("checkbox", { name: /^이용약관/ }).check();
  await page.getByRole("checkbox", { name: /^개인정보/ }).check();
  await button(page, "가입하기").click();
  await focused("닉네임").waitFor();
  await page.getByText("이미 쓰는 사람이 있어요").waitFor();
  await assertAccessible(page);
  await page.getByLabel("닉네임").fill(free);
  await page.getByLabel("이메일").fill(leader.email);
  await button(page, "가입하기").click();
  await focused("이메일").waitFor();
  await page.getByText("다른 이메일을 쓰거나 로그인해 주세요").waitFor();
  await page.getByLabel("이메일").fill(`${v7()}@example.com`);
  await page.getByLabel("비밀번호").fill("password1");
  await button(page, "가입하기").click();
  await focused("비밀번호").waitFor();
  await page.getByText("너무 흔하거나").waitFor();
  await page.getByLabel("비밀번호").fill(`pw ${v7()}`);
  await button(page, "가입하기").click();
  await page.waitForURL("/neighbourhood");
  assert.equal((await rowOf(free)).terms, true);
});

clientTest("with consent the phone says where it is, and the home is there, by its region's name", async () => {
  const person = await signUp(service, { home: null }), elsewhere = await signUp(service);
  await using phone = await openPhone(world, { person, position: CITY_HALL });
  const { page } = phone;
  await phone.open("/neighbourhood");
  await button(page, "동의하고 동네 정하기").click();
  await page.context().setGeolocation(TOKYO);
  await button(page, "지금 있는 곳으로").click();
  await heading(page, "지금 있는 곳").waitFor();
  await button(page, "이 동네로 정하기").click();
  await page.getByText("한국 안의 위치를 골라 주세요").waitFor();
  await page.context().setGeolocation({ latitude: CITY_HALL.lat, longitude: CITY_HALL.lng });
  await button(page, "지금 있는 곳으로").click();
  await page.getByText("한국 안의 위치를 골라 주세요").waitFor({ state: "detached" });
  await button(page, "이 동네로 정하기").click();
  await page.waitForURL("/");
  const { home } = await meOf(person);
  assert.deepEqual(home, { roadAddress: "서울특별시 중구", ...CITY_HALL, regionCode: "11140" });
  await using locked = await openPhone(world, { person: elsewhere });
  await locked.open("/neighbourhood");
  await button(locked.page, "지금 있는 곳으로").click();
  await locked.page.getByText("위치를 볼 수 없어요").waitFor();
  await button(locked.page, "저장된 동네 지우기").click();
  await locked.page.getByText("동네를 지웠어요").waitFor();
  assert.equal((await meOf(elsewhere)).home, null);
});

clientTest("a penalty can be appealed against once, in its time, and does not count meanwhile", async () => {
  const person = await signUp(service);
  const [fresh, old, raced] = [
    await penalise(service, leader, person),
    await penalise(service, leader, person),
    await penalise(service, leader, person),
  ];
  await age(service, old, 15);
  await age(service, raced, 1);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/me");
  const cards = page.getByRole("article");
  await page.getByText("최근 90일 3번").waitFor();
  assert.equal(await cards.filter({ hasText: "까지 반영" }).count(), 3);
  assert.equal(await button(page, "이의 제기").count(), 2);
  await page.getByText("이의를 낼 수 있는 기간이 지났어요").waitFor();
  await assertAccessible(page);

  const card = cards.filter({ has: button(page, "이의 제기") }).last();
  await card.getByRole("button", { name: "이의 제기" }).click();
  await page.getByLabel("무슨 일이 있었나요?").fill("버스가 멈췄어요");
  await assertAccessible(page);
  await button(page, "이의 내기").click();
  await cards.filter({ hasText: "심사 중" }).getByText("버스가 멈췄어요").waitFor();
  await page.getByText("최근 90일 2번").waitFor();

  await button(page, "이의 제기").click();
  const path = (id: string) => `/api/penalties/${id}/appeal`;
  for (const id of [fresh, raced]) {
    await service.call("POST", path(id), {
      token: person.token,
      body: { text: "먼저" },
    });
  }
  await page.getByLabel("무슨 일이 있었나요?").fill("나중");
  await button(page, "이의 내기").click();
  await page.getByText("이의를 제기할 수 없는 페널티입니다").waitFor();
  await page.keyboard.press("Escape");
  await cards.filter({ hasText: "먼저" }).waitFor();
  assert.equal(await button(page, "이의 제기").count(), 0);
});

clientTest("whoever chooses English reads nothing but English, on all their screens, also later", async () => {
  const person = await signUp(service, { nickname: `Neighbour ${v7().slice(-8)}`, home: null });
  await penalise(service, leader, person);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/me");
  await button(page, "English").click();
  await heading(page, "My penalties").waitFor();
  await poll(async () => (await meOf(person)).locale === "en");
  await assertEnglish(page);
  for (
    const [path, title] of [["/me", "Me"], ["/me/data", "My data"], ["/neighbourhood", "Neighbourhood"]] as const
  ) {
    await phone.open(path);
    await heading(page, title).waitFor();
    await page.getByRole("status", { name: "Loading" }).waitFor({ state: "detached" });
    await assertEnglish(page);
  }
});

async function assertEnglish(page: Page): Promise<void> {
  const text = `${await page.title()} ${await page.locator("body").innerText()}`;
  assert.deepEqual(text.match(/[가-힣].*/g)?.filter((each) => each !== "한국어") ?? [], []);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
}

clientTest("one takes one's data away as a file, the location consent back, and oneself out for good", async () => {
  const person = await signUp(service);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await phone.open("/me/data");
  await assertAccessible(page);
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "내 데이터 내려받기").click()]);
  assert.match(download.suggestedFilename(), /^moajang-\d{4}-\d\d-\d\d\.json$/);
  const data = JSON.parse(await Deno.readTextFile(await download.path()));
  assert.equal(data.account.email, person.email);
  await button(page, "동의 거두고 동네 지우기").click();
  await page.getByText("동의 안 함").waitFor();
  assert.equal((await meOf(person)).home, null);
  await page.reload();
  await page.getByText("동의 안 함").waitFor();

  await button(page, "탈퇴하기").click();
  await page.getByText("되돌릴 수 없어요.", { exact: true }).waitFor();
  await assertAccessible(page);
  await page.getByLabel("비밀번호").fill("not mine");
  await page.getByLabel("되돌릴 수 없다는 것을 알아요").check();
  await button(page, "영구히 탈퇴하기").click();
  await page.getByText("비밀번호가 맞지 않아요").waitFor();
  await page.getByLabel("비밀번호").fill(person.password);
  await button(page, "영구히 탈퇴하기").click();
  await page.waitForURL("/");
  await page.getByRole("link", { name: "로그인", exact: true }).waitFor();
  const { email, password } = person;
  const again = await service.call("POST", "/api/auth/signin", { body: { email, password } });
  assert.equal(again.body.code, "bad-credentials");
});

clientTest("another person's profile says how reliable they are, and what fails can be tried again", async () => {
  const person = await signUp(service), stranger = await signUp(service);
  await penalise(service, leader, stranger);
  await using phone = await openPhone(world, { person });
  const { page } = phone;
  await page.route(`**/api/users/${stranger.id}`, (route) => route.abort(), { times: 1 });
  await phone.open(`/users/${stranger.id}`);
  await button(page, "다시 시도").click();
  await heading(page, stranger.nickname).waitFor();
  await assertAccessible(page);
  const facts = await page.getByRole("definition").allInnerTexts();
  assert.deepEqual(facts.slice(0, 4), ["1번 중 0번", "최근 90일 1번", "최근 90일 0번", "아직 기록이 없어요"]);
  await phone.open(`/users/${v7()}`);
  await page.getByText("찾을 수 없습니다").waitFor();
});
