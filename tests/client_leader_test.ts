/** What a leader and those in the party do before, on and after the day, each on a phone of their own. */
import assert from "node:assert/strict";
import { assertAccessible, clientTest, openPhone, type Phone, tabTo, testClient } from "./client_world.ts";
import { joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { partyWith } from "./trust_world.ts";

const world = testClient();
const { service } = world;

const open = (person: Person) => openPhone(world, { person });
const people = <Count extends number>(count: Count) => signUpAll(service, count);
const ask = (person: Person, method: string, path: string, body?: unknown) =>
  service.call(method, path, { token: person.token, ...(body !== undefined && { body }) });

/** Asks to join, and waits for the leader. */
async function apply(party: { id: string }, person: Person): Promise<void> {
  assert.equal((await ask(person, "POST", `/api/parties/${party.id}/join`, {})).status, 201);
}

/** The code on the leader's phone, as it is read out. */
async function codeOn({ page }: Phone): Promise<string> {
  const spoken = page.getByRole("region", { name: "도착 확인 코드" }).getByText(/^\d( \d){5}$/);
  return (await spoken.innerText()).replaceAll(" ", "");
}

clientTest("the leader accepts one and rejects another, who are shown it; a full party confirms itself", async () => {
  const [leader, a, b] = await people(3);
  const party = await openParty(service, leader, { capacity: 2 });
  for (const each of [a, b]) await apply(party, each);
  await using phone = await open(leader);
  await using phoneOfA = await open(a);
  await using phoneOfB = await open(b);
  await phoneOfB.open("/parties");
  await phoneOfB.page.getByRole("main").getByText("신청 중", { exact: true }).waitFor();
  const { page } = phone;
  await phone.open(`/parties/${party.id}/members`);
  await page.getByText("참여 1/2명 · 신청 2명 · 대기 0명").waitFor();
  await assertAccessible(page);
  await page.getByRole("button", { name: `${b.nickname} 님 거절` }).click();
  await page.getByText("참여 1/2명 · 신청 1명 · 대기 0명").waitFor();
  await page.getByRole("button", { name: `${a.nickname} 님 수락` }).click();
  await page.getByText("자리가 다 차서 파티가 확정됐어요").waitFor();
  await page.getByText("모집이 끝나 참여자를 바꿀 수 없어요.").waitFor();
  assert.equal(await page.getByRole("button", { name: "내보내기" }).count(), 0);

  await phoneOfA.open("/parties?tab=coming");
  await phoneOfA.page.getByRole("link", { name: party.title }).waitFor();
  await phoneOfB.page.reload();
  await phoneOfB.page.getByText("모집 중인 파티가 없어요").waitFor();
});

clientTest("a removal is asked for once more, and a decision that comes too late refreshes what is shown", async () => {
  const [leader, a, b] = await people(3);
  const party = await openParty(service, leader, { capacity: 4 });
  await joinAccepted(service, party, leader, a);
  await apply(party, b);
  await using phone = await open(leader);
  const { page } = phone;
  await phone.open(`/parties/${party.id}/members`);
  await page.getByRole("button", { name: `${b.nickname} 님 수락` }).waitFor();
  assert.equal((await ask(b, "DELETE", `/api/parties/${party.id}/members/me`)).status, 204);
  await page.getByRole("button", { name: `${b.nickname} 님 수락` }).click();
  await page.getByText("파티의 현재 상태에서는 할 수 없습니다").waitFor();
  await page.getByText("답을 기다리는 신청이 없어요").waitFor();

  const remove = page.getByRole("button", { name: `${a.nickname} · 내보내기` }), sheet = page.getByRole("dialog");
  await remove.click();
  await sheet.getByRole("button", { name: "그만두기" }).click();
  await sheet.waitFor({ state: "detached" });
  assert.equal((await ask(a, "GET", `/api/parties/${party.id}`)).body.myRole, "member");
  await remove.click();
  await sheet.getByRole("button", { name: "내보내기" }).click();
  await page.getByText("참여 1/4명 · 신청 0명 · 대기 0명").waitFor();
  assert.equal((await ask(a, "GET", `/api/parties/${party.id}`)).body.myRole, "none");
});

clientTest("the code that the leader's phone shows is typed on a member's, and both show who has come", async () => {
  const [leader, a, b] = await people(3);
  const party = await partyWith(service, leader, [a, b], { status: "confirmed", begun: true });
  await using phone = await open(leader);
  await using phoneOfA = await open(a);
  const path = `/parties/${party.id}/day`, member = phoneOfA.page;
  await phone.page.clock.install();
  await phone.open(path);
  await phoneOfA.open(path);
  await phone.page.getByText("2명 중 0명").waitFor();
  await assertAccessible(phone.page);
  await assertAccessible(member);
  const before = await codeOn(phone);
  await member.getByLabel("파티장의 코드 6자리").fill(`${(Number(before) + 1) % 1_000_000}`.padStart(6, "0"));
  await member.getByRole("button", { name: "도착했어요" }).click();
  await member.getByText("코드가 맞지 않아요").waitFor();

  service.clock.advance(30_000);
  await phone.page.clock.runFor(30_000);
  await phone.page.getByText(before.split("").join(" ")).waitFor({ state: "detached" });
  const code = await codeOn(phone);
  await member.getByLabel("파티장의 코드 6자리").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await member.getByRole("button", { name: "도착했어요" }).click();
  await member.getByText("도착을 확인했어요").waitFor();
  await member.getByText("2명 중 1명").waitFor();
  await phone.page.clock.runFor(5_000);
  await phone.page.getByText("2명 중 1명").waitFor();

  await phone.page.getByRole("group", { name: `${a.nickname} 님 출석` }).getByRole("button", { name: "안 왔어요" })
    .click();
  await phone.page.getByText("이미 도착을 확인한 참여자입니다").waitFor();
});

clientTest("after so many wrong codes a member is told when to go on", async () => {
  const [leader, a] = await people(2);
  const party = await partyWith(service, leader, [a], { status: "confirmed", begun: true });
  for (let i = 0; i < 5; i++) await ask(a, "POST", `/api/parties/${party.id}/check-in`, { code: "000000" });
  await using phone = await open(a);
  await phone.open(`/parties/${party.id}/day`);
  await phone.page.getByLabel("파티장의 코드 6자리").fill("000000");
  await phone.page.getByLabel("파티장의 코드 6자리").press("Enter");
  await phone.page.getByText("여러 번 틀렸어요. 5분 뒤에 다시 입력해 주세요").waitFor();
});

clientTest("the leader ends the party and penalises who did not come, which their profile counts", async () => {
  const [leader, came, absent] = await people(3);
  const party = await partyWith(service, leader, [came, absent], { status: "confirmed", begun: true });
  await using phone = await open(leader);
  const { page } = phone;
  await phone.open(`/parties/${party.id}/day`);
  await page.getByRole("group", { name: `${came.nickname} 님 출석` }).getByRole("button", {
    name: "왔어요",
    exact: true,
  })
    .click();
  await page.getByText("2명 중 1명").waitFor();
  await page.getByRole("button", { name: "파티 끝내기" }).click();
  await page.getByText("1명은 왔는지 아직 몰라요.").waitFor();
  await page.getByRole("button", { name: "끝내기", exact: true }).click();
  await page.getByText("파티가 끝났어요.").waitFor();
  assert.equal(await page.getByLabel(came.nickname, { exact: true }).count(), 0);
  await page.getByLabel(absent.nickname, { exact: true }).check();
  await page.getByLabel("사유 (선택)").fill("연락 없이 오지 않음");
  await assertAccessible(page);
  await page.getByRole("button", { name: "1명에게 페널티 주기" }).click();
  await page.getByText("페널티 받음").waitFor();
  const { body } = await ask(leader, "GET", `/api/users/${absent.id}`);
  assert.deepEqual([body.penaltyCount, body.attendance], [1, { attended: 0, total: 1 }]);
  await using phoneOfAbsent = await open(absent);
  await phoneOfAbsent.open(`/parties/${party.id}/day`);
  await phoneOfAbsent.page.getByRole("link", { name: "페널티 보기·이의 제기" }).waitFor();
});

clientTest("a settlement announced by keyboard alone adds up, and shows the leader who has paid", async () => {
  const [leader, a, b] = await people(3);
  const party = await partyWith(service, leader, [a, b], { status: "done" });
  await using phone = await open(leader);
  await using phoneOfA = await open(a);
  const { page } = phone, member = phoneOfA.page, { keyboard } = page;
  await phoneOfA.open(`/parties/${party.id}/settlement`);
  await member.getByText("아직 정산 전이에요").waitFor();
  await phone.open(`/parties/${party.id}/settlement`);
  await assertAccessible(page);
  const fillNext = async (label: RegExp | string, text: string) => {
    await tabTo(page, page.getByLabel(label));
    await keyboard.press("ControlOrMeta+a");
    await keyboard.type(text);
  };
  await fillNext("영수증 총액 (원)", "20000");
  await fillNext("똑같이 나눌 비용 (원)", "1000");
  for (const [i, each] of [leader, a, b].entries()) {
    await fillNext(
      `${each.nickname} (g)`,
      `${[3_000, 2_000, 2_000][i]}`,
    );
  }
  await fillNext("받을 계좌 (선택)", "모아은행 123-456 김모아");
  await keyboard.press("Enter");
  await page.getByText("2명이 아직 보내지 않았어요").waitFor();
  const lines = await page.getByRole("main").getByRole("listitem").filter({ hasText: " kg" }).all();
  const amounts = await Promise.all(lines.map(async (line) => /([\d,]+)원/.exec(await line.innerText())![1]!));
  assert.equal(amounts.map((each) => Number(each.replaceAll(",", ""))).reduce((sum, each) => sum + each, 0), 20_000);

  const own = member.getByRole("region", { name: "내 금액" });
  await own.getByText(/^5,76[12]원$/).waitFor();
  await phoneOfA.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await member.getByRole("button", { name: "복사" }).click();
  await member.getByText("계좌를 복사했어요").waitFor();
  assert.equal(await member.evaluate<string>("navigator.clipboard.readText()"), "모아은행 123-456 김모아");
  await own.getByRole("button", { name: "보냈어요" }).click();
  await own.getByText("보낸 금액").waitFor();
  await assertAccessible(member);
  await page.reload();
  await page.getByRole("listitem").filter({ hasText: a.nickname }).getByText("본인 표시").waitFor();
  await page.getByText("1명이 아직 보내지 않았어요").waitFor();
  await page.getByRole("button", { name: `${b.nickname} · 받았어요` }).click();
  await page.getByText("정산이 끝났어요").waitFor();
});

clientTest("what the leader has entered of a settlement outlives a lost connection", async () => {
  const [leader, a] = await people(2);
  const party = await partyWith(service, leader, [a], { status: "done" });
  await using phone = await open(leader);
  const { page } = phone, total = page.getByLabel("영수증 총액 (원)");
  await page.clock.install();
  await phone.open(`/parties/${party.id}/settlement`);
  await total.fill("12000");
  await page.context().setOffline(true);
  await page.clock.runFor(10_000);
  await page.getByRole("alert").getByText("인터넷에 연결되어 있지 않아요").waitFor();
  await page.context().setOffline(false);
  await page.getByRole("alert").waitFor({ state: "detached" });
  assert.equal(await total.inputValue(), "12000");
  await page.getByRole("button", { name: "정산 올리기" }).click();
  await page.getByText("1명이 아직 보내지 않았어요").waitFor();
});

clientTest("a correction keeps what was entered, and stays on record for all to see", async () => {
  const [leader, a] = await people(2);
  const party = await partyWith(service, leader, [a], { status: "done" });
  const shares = [leader, a].map(({ id }) => ({ userId: id, quantity: 1_000 }));
  await ask(leader, "PUT", `/api/parties/${party.id}/settlement`, { totalKrw: 8_000, shares, account: "모아은행 1" });
  await ask(a, "PUT", `/api/parties/${party.id}/settlement/lines/${a.id}`, { paid: true });
  await using phone = await open(leader);
  await using phoneOfA = await open(a);
  const { page } = phone;
  await phone.open(`/parties/${party.id}/settlement`);
  await page.getByText("정산이 끝났어요").waitFor();
  await page.getByRole("button", { name: "정산 고치기" }).click();
  await page.getByRole("heading", { name: "정산 고치기" }).waitFor();
  assert.equal(await page.getByLabel("받을 계좌 (선택)").inputValue(), "모아은행 1");
  await page.getByLabel("영수증 총액 (원)").fill("9000");
  await page.getByLabel("똑같이 나눌 비용 (원)").fill("9001");
  await page.getByRole("button", { name: "고치기", exact: true }).click();
  await page.getByText("총액보다 클 수 없어요").waitFor();
  await page.getByLabel("똑같이 나눌 비용 (원)").fill("0");
  await page.getByRole("button", { name: "고치기", exact: true }).click();
  await page.getByRole("heading", { name: "고친 기록" }).waitFor();
  await phoneOfA.open(`/parties/${party.id}/settlement`);
  await phoneOfA.page.getByRole("region", { name: "내 금액" }).getByText("500원", { exact: true }).waitFor();
  await phoneOfA.page.getByText("+500원").first().waitFor();
});

clientTest("people are kept from what is not theirs, and are told why there is nothing yet", async () => {
  const [leader, a, stranger] = await people(3);
  const ahead = await partyWith(service, leader, [a], { status: "confirmed" });
  await using phone = await open(stranger);
  for (const screen of ["members", "day", "settlement"]) {
    await phone.open(`/parties/${ahead.id}/${screen}`);
    await phone.page.getByText("권한이 없습니다").waitFor();
  }
  await phone.open("/parties");
  for (
    const [tab, empty] of [["예정", "예정된"], ["정산", "정산할"], ["지난", "아직 지난"], ["모집 중", "모집 중인"]]
  ) {
    await phone.page.getByRole("link", { name: tab, exact: true }).click();
    await phone.page.getByText(`${empty} 파티가 없어요`).waitFor();
  }

  await using phoneOfA = await open(a);
  await phoneOfA.open(`/parties/${ahead.id}/members`);
  await phoneOfA.page.getByText("신청은 파티장만 관리할 수 있어요").waitFor();
  await phoneOfA.open(`/parties/${ahead.id}/day`);
  await phoneOfA.page.getByText(/\d+월 \d+일\(.\) 오[전후] \d+:\d\d에 시작해요/).waitFor();
  await phoneOfA.open(`/parties/${ahead.id}/settlement`);
  await phoneOfA.page.getByText("파티가 끝나면 정산해요").waitFor();

  await using passerBy = await openPhone(world);
  await passerBy.open(`/parties/${ahead.id}/day`);
  await passerBy.page.getByText("로그인하면 볼 수 있어요").waitFor();
});

clientTest("my parties stand where there is something to do with them, until all have paid", async () => {
  const [leader, a] = await people(2);
  const { id: settling } = await partyWith(service, leader, [a], { status: "done" });
  const { id: cancelled } = await partyWith(service, leader, [a], { status: "cancelled" });
  const order = { totalKrw: 8_000, shares: [leader, a].map(({ id }) => ({ userId: id, quantity: 1 })) };
  await ask(leader, "PUT", `/api/parties/${settling}/settlement`, order);
  await using phone = await open(a);
  const { page } = phone;
  await phone.open("/parties?tab=past");
  const cards = page.getByRole("listitem");
  await cards.nth(1).waitFor();
  await assertAccessible(page);
  const links = await cards.getByRole("link").evaluateAll((all) => all.map((each) => each.getAttribute("href")));
  assert.deepEqual(links.filter((href) => /^\/parties\/[^/]+$/.test(href!)), [
    `/parties/${cancelled}`,
    `/parties/${settling}`,
  ]);
  await page.getByRole("link", { name: "정산", exact: true }).click();
  await page.getByRole("link", { name: "4,000원 보내기" }).click();
  await page.getByRole("button", { name: "보냈어요" }).click();
  await page.getByText("정산이 끝났어요").waitFor();
  await page.goBack();
  await page.getByText("정산할 파티가 없어요").waitFor();
});
