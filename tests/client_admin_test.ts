/** The admin's screen in a real browser. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";
import { poll, signUp, signUpAll } from "./harness.ts";
import { testPeople } from "./set_up.ts";
import { asAdmin, penalise } from "./trust_world.ts";

const world = testClient(), { service } = world;
const [admin] = testPeople(service, 1);
Deno.test.beforeAll(async () => void await asAdmin(service, admin));

clientTest("an admin decides an appeal with a note; one that was decided meanwhile is read anew", async () => {
  const [leader, first, second] = await signUpAll(service, 3), appeals: string[] = [];
  for (const person of [first, second]) {
    const penaltyId = await penalise(service, leader, person);
    const body = { text: `제시간에 갔어요 ${person.nickname}` };
    appeals.push(
      (await service.call("POST", `/api/penalties/${penaltyId}/appeal`, { token: person.token, body })).body.id,
    );
  }
  await using phone = await openPhone(world, { person: admin });
  const { page } = phone, section = page.getByRole("region", { name: "이의 신청" });
  await phone.open("/admin");
  const caseOf = ({ nickname }: { nickname: string }) => section.getByRole("listitem").filter({ hasText: nickname });
  await caseOf(first).waitFor();
  await assertAccessible(page);
  await caseOf(first).getByLabel("남길 말 (선택)").fill("사진으로 확인했어요");
  await caseOf(first).getByRole("button", { name: "받아들이기" }).click();
  await caseOf(first).waitFor({ state: "detached" });
  const { body } = await service.call("GET", "/api/me/penalties", { token: first.token });
  assert.deepEqual([body.items[0].appeal.granted, body.items[0].appeal.note], [true, "사진으로 확인했어요"]);

  const path = `/api/admin/appeals/${appeals[1]}`;
  await service.call("PATCH", path, { token: admin.token, body: { granted: true } });
  await caseOf(second).getByRole("button", { name: "기각하기" }).click();
  await page.getByText("이의를 제기할 수 없는 페널티입니다").waitFor();
  await caseOf(second).waitFor({ state: "detached" });
  await section.getByRole("button", { name: "결정됨" }).click();
  await caseOf(second).getByText("받아들임").waitFor();
});

clientTest("an admin puts a dead letter back on its queue, and throws another away after being asked", async () => {
  const { queue } = service.deps, ids = [v7(), v7()];
  await queue.publish("11140", { id: ids[0]!, type: "party.created", body: "{" });
  await queue.publish("11140", { id: ids[1]!, type: "join.accepted", body: "{" });
  const dead = async () => (await service.call("GET", "/api/admin/dead-letters", { token: admin.token })).body.items;
  await poll(async () => (await dead()).length === 2);
  await using phone = await openPhone(world, { person: admin });
  const { page } = phone, section = page.getByRole("region", { name: "보내지 못한 알림 메시지" });
  await phone.open("/admin");
  await section.getByRole("listitem").filter({ hasText: "참여 수락" }).getByRole("button", { name: "버리기" }).click();
  await assertAccessible(page);
  await page.getByRole("dialog").getByRole("button", { name: "버리기" }).click();
  await section.getByRole("listitem").filter({ hasText: "참여 수락" }).waitFor({ state: "detached" });
  await section.getByRole("button", { name: "다시 보내기" }).click();
  await page.getByText("메시지 1개를 다시 보냈어요").waitFor();
  await poll(async () => (await dead())[0]?.eventId === ids[0]);
});

clientTest("an admin sees how the last day's ingest went, and the rows that a run rejected", async () => {
  const id = v7(), at = service.clock.now();
  await service.sql`
    insert into ingest_runs (id, source, epoch, state, reason, started_at, finished_at, fetched, inserted, rejected, pages)
    values (${id}, 'stores', 900, 'held', 'far fewer rows than before', ${at}, ${at}, 48210, 47898, 312, 49)`;
  await service.sql`
    insert into ingest_rejects (run_id, key, reason, raw)
    values (${id}, 'k1', 'no name', ${service.sql.json({ MIDNAME: "" })})`;
  await using phone = await openPhone(world, { person: admin });
  const { page } = phone;
  await phone.open("/admin");
  await page.getByRole("region", { name: "지난 하루" }).getByText("48,210행, 제외 312").waitFor();
  const run = page.getByRole("region", { name: "수집 기록" }).getByRole("listitem").filter({ hasText: "48,210행" });
  await run.getByText("보류").waitFor();
  await run.getByText("far fewer rows than before").waitFor();
  await run.getByRole("button", { name: "제외한 행 312개 보기" }).click();
  await page.getByRole("dialog").getByText("no name").waitFor();
  await assertAccessible(page);
});

clientTest("whoever is no admin is told so, and sees nothing", async () => {
  await using phone = await openPhone(world, { person: await signUp(service) });
  await phone.open("/admin");
  await phone.page.getByText("권한이 없습니다").waitFor();
  assert.equal(await phone.page.getByRole("region").count(), 0);
});
