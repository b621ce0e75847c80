/**
 * The chat when something breaks: nothing lost and nothing shown twice, whatever happens to the connection.
 *
 * What fails it, each taken out once: `after` in a subscription, the outbox' storage, that a message is dropped when the log
 * shows it, the look for holes, requests where there is no socket.
 */
import assert from "node:assert/strict";
import { openRoom, readLog } from "./chat_world.ts";
import { box, chatOf, say, shows, watchRepeats } from "./client_chat_world.ts";
import { assertAccessible, clientTest, testClient } from "./client_world.ts";
import { poll } from "./harness.ts";
import { testPeople } from "./set_up.ts";

const world = testClient();
const [leader, member, third] = testPeople(world.service, 3);

clientTest(
  "after a time offline both phones show once, and in one order, what was written here and there",
  async () => {
    const partyId = await openRoom(world.service, leader, [member]);
    await using hers = await chatOf(world, leader, partyId);
    await using his = await chatOf(world, member, partyId);
    const repeats = await watchRepeats(his);
    await his.context().setOffline(true);
    for (const text of ["하나", "둘", "셋"]) await say(his, text);
    await his.getByText("보내지 못한 메시지 3개").waitFor();
    for (const text of ["넷", "다섯"]) await say(hers, text);
    await shows(hers, ["넷", "다섯"]);
    await shows(his, ["하나", "둘", "셋"]);
    await assertAccessible(his);
    await his.context().setOffline(false);
    for (const page of [hers, his]) await shows(page, ["넷", "다섯", "하나", "둘", "셋"]);
    assert.deepEqual(await repeats(), []);
    await his.getByText("보내지 못한").waitFor({ state: "hidden" });
    await his.context().setOffline(true);
    await say(hers, "여섯");
    await shows(hers, ["넷", "다섯", "하나", "둘", "셋", "여섯"]);
    await his.context().setOffline(false);
    await shows(his, ["넷", "다섯", "하나", "둘", "셋", "여섯"]);
  },
);

clientTest(
  "a message whose answer was lost, and one that a reload found unsent, are there once; a hole is read up",
  async () => {
    const partyId = await openRoom(world.service, leader, [member]);
    const [first, second, last] = ["답을 못 들은 말", "그다음 말", "끝"] as const;
    let isCut = true;
    // She is never told of the second, and he, at first, not that his first is written.
    await using hers = await chatOf(world, leader, partyId, (socket) => {
      socket.connectToServer().onMessage((frame) => {
        if (JSON.parse(String(frame)).text !== second) socket.send(frame);
      });
    });
    await using his = await chatOf(world, member, partyId, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((frame) => {
        const { type, text } = JSON.parse(String(frame));
        if (!isCut || (type !== "ack" && text !== first)) return socket.send(frame);
        server.close();
        socket.close({ code: 1012 });
      });
    });
    await his.route(
      "**/chat/entries",
      (route) => route.request().method() === "POST" ? route.abort() : route.continue(),
    );
    await say(his, first);
    await say(his, second);
    await shows(hers, [first]);
    await his.reload();
    await shows(his, [first, second]);
    await shows(hers, [first]);
    isCut = false;
    await poll(async () => (await readLog(world.service, leader, partyId)).length === 3, { timeoutMs: 30_000 });
    await say(his, last);
    for (const page of [hers, his]) await shows(page, [first, second, last]);
    const log = await readLog(world.service, leader, partyId);
    assert.deepEqual(log.map(({ text }) => text), ["", first, second, last]);
    await poll(async () => await his.evaluate("Object.keys(localStorage).every((key) => !key.startsWith('unsent'))"));
  },
);

clientTest("where no socket can be had, messages go and come by requests", async () => {
  const partyId = await openRoom(world.service, leader, [member]);
  await using hers = await chatOf(world, leader, partyId);
  await using his = await chatOf(
    world,
    member,
    partyId,
    (socket) => socket.close({ code: 1011 }),
    "다시 연결하고 있어요",
  );
  await say(his, "들리나요?");
  await hers.getByText("들리나요?").waitFor();
  await say(hers, "들려요");
  for (const page of [hers, his]) await shows(page, ["들리나요?", "들려요"]);
  await hers.getByRole("log").getByText("안 읽음").waitFor({ state: "hidden" });
});

clientTest("who is removed sees that it is over, and why what they had written did not get there", async () => {
  const partyId = await openRoom(world.service, leader, [member, third]);
  await using his = await chatOf(world, member, partyId);
  await using theirs = await chatOf(world, third, partyId);
  await theirs.context().setOffline(true);
  await say(theirs, "저 조금 늦어요");
  await theirs.getByText("보내지 못한 메시지 1개").waitFor();
  for (const { id } of [member, third]) {
    const path = `/api/parties/${partyId}/members/${id}`;
    await world.service.call("PATCH", path, { token: leader.token, body: { status: "removed" } });
  }
  await his.getByText("파티장이 회원님을 파티에서 내보냈어요").waitFor();
  assert.equal(await box(his).count(), 0);
  await theirs.context().setOffline(false);
  await theirs.getByText("이제 이 대화의 참여자가 아니에요").waitFor();
  await theirs.getByRole("alert").getByText("권한이 없습니다").waitFor();
  await assertAccessible(theirs);
  await theirs.getByRole("button", { name: "버리기" }).click();
  await shows(theirs, []);
});

clientTest("when the token of the connection has run out, another takes its place and the chat goes on", async () => {
  const partyId = await openRoom(world.service, leader, [member]);
  await using hers = await chatOf(world, leader, partyId);
  await using his = await chatOf(world, member, partyId);
  world.service.clock.advance(20 * 60_000);
  for (const page of [hers, his]) {
    await page.context().setOffline(true);
    await say(page, "기다렸어요");
    await page.context().setOffline(false);
  }
  for (const page of [hers, his]) await shows(page, ["기다렸어요", "기다렸어요"]);
  await hers.getByText("2명 · 접속 중 2명").waitFor();
});
