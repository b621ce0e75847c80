/**
 * The chat on several phones at once: writing, reading, looking back, and the list of chats.
 *
 * What fails it, each taken out once: the anchor of the view, the look at `isComposing`.
 */
import assert from "node:assert/strict";
import { editText, markRead, openRoom, range, roomWith, sendText } from "./chat_world.ts";
import { box, chatOf, say, seqOf, shows } from "./client_chat_world.ts";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";
import { joinAccepted, openParty, type Person, poll } from "./harness.ts";
import { testPeople } from "./set_up.ts";

const world = testClient();
const [leader, member, third] = testPeople(world.service, 3);

clientTest("two phones talk live: each text once, and who is there, who types, and who has not read", async () => {
  const partyId = await openRoom(world.service, leader, [member]);
  await using hers = await chatOf(world, leader, partyId);
  await using his = await chatOf(world, member, partyId);
  await hers.getByText("2명 · 접속 중 2명").waitFor();
  await box(his).pressSequentially("정문");
  await hers.getByText(`${member.nickname} 님이 쓰는 중…`).waitFor();
  await say(his, "정문에서 만나요");
  await say(hers, "네, 곧 가요\n<img src=x onerror=alert(1)>");
  for (const page of [hers, his]) await shows(page, ["정문에서 만나요", "네, 곧 가요\n<img src=x onerror=alert(1)>"]);
  await hers.getByText(`${member.nickname} 님이 쓰는 중…`).waitFor({ state: "hidden" });
  await hers.getByRole("log").getByText("안 읽음").waitFor({ state: "hidden" });
  await his.goto("/");
  await hers.getByText("2명 · 접속 중 1명").waitFor();
  await say(hers, "어디예요?");
  await hers.getByText("안 읽음 1").waitFor();
  await assertAccessible(hers);
});

clientTest(
  "with the keyboard alone one writes, edits and deletes, and both phones show it; a Korean Enter sends nothing",
  async () => {
    const partyId = await openRoom(world.service, leader, [member]);
    await using hers = await chatOf(world, leader, partyId);
    await using his = await chatOf(world, member, partyId);
    const keys = his.keyboard;
    await box(his).focus();
    await keys.type("첫 줄");
    await keys.press("Shift+Enter");
    await keys.type("둘째 줄");
    await box(his).dispatchEvent("keydown", { key: "Enter", isComposing: true });
    assert.equal(await box(his).inputValue(), "첫 줄\n둘째 줄");
    await keys.press("Enter");
    await shows(hers, ["첫 줄\n둘째 줄"]);
    await his.getByRole("button", { name: "메시지 메뉴: 첫 줄" }).focus();
    await keys.press("Enter");
    await assertAccessible(his);
    await his.getByRole("button", { name: "고치기", exact: true }).focus();
    await keys.press("Enter");
    await poll(async () => await box(his).inputValue() === "첫 줄\n둘째 줄");
    await keys.press("ControlOrMeta+A");
    await keys.type("한 줄");
    await keys.press("Enter");
    for (const page of [hers, his]) {
      await shows(page, ["한 줄"]);
      await page.getByText("수정됨").waitFor();
    }
    await his.getByRole("button", { name: "메시지 메뉴: 한 줄" }).focus();
    await keys.press("Enter");
    await his.getByRole("button", { name: "지우기" }).focus();
    await keys.press("Enter");
    await his.getByRole("button", { name: "모두에게서 지우기" }).focus();
    await keys.press("Enter");
    for (const page of [hers, his]) await shows(page, ["지운 메시지예요"]);
    await box(his).fill("가".repeat(2_001));
    await his.getByText("2001/2000자").waitFor();
    assert.ok(await his.getByRole("button", { name: "보내기" }).isDisabled());
  },
);

clientTest(
  "one begins where one had stopped, and a long log scrolls back without a gap, a repeat or a jump",
  async () => {
    const partyId = await roomWith(world.service, leader, member, 150);
    await editText(world.service, leader, partyId, 2, "고친 첫 말");
    await markRead(world.service, member, partyId, 130);
    await using his = await chatOf(world, member, partyId);
    const log = his.getByRole("log");
    await his.getByText("여기까지 읽었어요").waitFor();
    await poll(() => his.getByText("여기까지 읽었어요").isVisible());
    await his.getByRole("button", { name: /새 메시지|맨 아래로/ }).click();
    await his.getByRole("button", { name: /새 메시지|맨 아래로/ }).waitFor({ state: "hidden" });
    while (await seqOf(log.locator("[data-seq]").first()) > 1) {
      const first = await seqOf(log.locator("[data-seq]").first()), line = log.locator(`[data-seq="${first}"]`);
      await log.evaluate((element) => element.scrollTop = 0);
      const before = (await line.boundingBox())!.y;
      await poll(async () => await seqOf(log.locator("[data-seq]").first()) < first);
      const shiftPx = Math.abs((await line.boundingBox())!.y - before);
      assert.ok(shiftPx < 60, `the view jumped by ${shiftPx} px`);
    }
    const seqs = await log.locator("[data-seq]").evaluateAll((lines) => lines.map((line) => Number(line.dataset.seq)));
    assert.deepEqual(seqs, range(1, 150));
    assert.equal(await log.locator('[data-seq="2"] .chat-bubble').textContent(), "고친 첫 말");
    await poll(async () => (await unreadOf(member, partyId)) === 0);
  },
);

clientTest("the list shows what is unread as it comes; the leader opens a chat, and a stranger sees none", async () => {
  const quiet = await openParty(world.service, leader, { title: "조용한 파티" });
  const partyId = await openRoom(world.service, leader, [member], { title: "떠들썩한 파티" });
  await using list = await openPhone(world, { person: leader });
  await list.open("/chats");
  const card = list.page.getByRole("link", { name: "떠들썩한 파티" });
  await card.waitFor();
  await sendText(world.service, member, partyId, "안녕하세요");
  await card.getByText("1개 안 읽음").waitFor();
  await card.getByText("안녕하세요").waitFor();
  await assertAccessible(list.page);
  await card.click();
  await shows(list.page, ["안녕하세요"]);
  await list.page.getByRole("link", { name: "뒤로" }).click();
  await card.waitFor();
  await card.getByText("안 읽음").waitFor({ state: "hidden" });
  await list.open(`/parties/${quiet.id}/chat`);
  await list.page.getByRole("button", { name: "채팅 열기" }).click();
  await box(list.page).waitFor();
  await using stranger = await openPhone(world, { person: third });
  await stranger.open(`/parties/${quiet.id}/chat`);
  await stranger.page.getByText("참여자만 볼 수 있는 대화예요").waitFor();
  await joinAccepted(world.service, quiet, leader, third);
  await stranger.page.reload();
  await box(stranger.page).waitFor();
  await using nobody = await openPhone(world);
  await nobody.open(`/parties/${quiet.id}/chat`);
  await nobody.page.getByRole("link", { name: "로그인" }).first().waitFor();
});

async function unreadOf({ token }: Person, partyId: string): Promise<number> {
  const { body } = await world.service.call("GET", "/api/chats", { token });
  return body.find((chat: { partyId: string }) => chat.partyId === partyId).unread;
}
