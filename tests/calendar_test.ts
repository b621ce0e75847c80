/** Parties for calendars: what a program that reads RFC 5545 gets. */
import assert from "node:assert/strict";
import { assertProblem, joinAccepted, openParty, type Person, signUpAll } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

/** The calendar's text, and its lines with the folds taken out. */
async function get(path: string, { token }: Person): Promise<{ text: string; lines: string[] }> {
  const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  assert.deepEqual(
    [response.status, response.headers.get("content-type")],
    [200, "text/calendar; charset=utf-8"],
    text,
  );
  assert.match(response.headers.get("content-disposition")!, /\.ics"$/);
  return { text, lines: text.replaceAll("\r\n ", "").split("\r\n") };
}

const valuesOf = (lines: string[], name: string) =>
  lines.filter((line) => line.startsWith(name)).map((line) => line.slice(line.indexOf(":") + 1));
const utc = (instant: string) => instant.replaceAll(/[-:]|\.\d+/g, "");

Deno.test("GET …/calendar.ics gives the party with its times in UTC, its place, and a number that grows with changes", async () => {
  const [leader] = await signUpAll(service, 1);
  const title = "양파 10kg; 나눠요, 넷이서 아주 길고 길어서 한 줄에 다 들어가지 않는 제목입니다";
  const party = await openParty(service, leader, { title, note: "입구에서\n만나요" });
  const path = `/api/parties/${party.id}/calendar.ics`;
  const { text, lines } = await get(path, leader);
  assert.ok(text.split("\r\n").every((line) => new TextEncoder().encode(line).length <= 75), "a line over 75 octets");
  const escaped = title.replaceAll(/[;,]/g, "\\$&");
  assert.deepEqual(
    ["UID", "SUMMARY", "DESCRIPTION", "DTSTART", "DTEND", "STATUS", "SEQUENCE"].map((name) => valuesOf(lines, name)),
    [[`${party.id}@moajang`], [escaped], ["입구에서\\n만나요"], [utc(party.startsAt)], [utc(party.endsAt)], [
      "TENTATIVE",
    ], [
      `${party.version}`,
    ]],
  );
  assert.ok(valuesOf(lines, "LOCATION")[0]!.includes(party.market.name));
  assert.equal(valuesOf(lines, "GEO")[0], `${party.market.lat};${party.market.lng}`);
  await service.call("POST", `/api/parties/${party.id}/cancel`, { token: leader.token, body: {} });
  const after = (await get(path, leader)).lines;
  assert.deepEqual(valuesOf(after, "STATUS"), ["CANCELLED"]);
  assert.ok(Number(valuesOf(after, "SEQUENCE")[0]) > party.version);
});

Deno.test("GET /api/me/calendar.ics gives the parties that one leads or is in, not those one only asked to join", async () => {
  const [leader, member, applicant] = await signUpAll(service, 3);
  const [first, second] = [await openParty(service, leader), await openParty(service, leader)];
  await joinAccepted(service, first, leader, member);
  await service.call("POST", `/api/parties/${first.id}/join`, { token: applicant.token, body: {} });
  const own = async (person: Person) => valuesOf((await get("/api/me/calendar.ics", person)).lines, "UID").toSorted();
  assert.deepEqual(await own(leader), [first, second].map(({ id }) => `${id}@moajang`).toSorted());
  assert.deepEqual(await own(member), [`${first.id}@moajang`]);
  assert.deepEqual(await own(applicant), []);
});

Deno.test("a party that is none has no calendar", async () => {
  const [person] = await signUpAll(service, 1);
  const path = `/api/parties/${crypto.randomUUID()}/calendar.ics`;
  assertProblem(await service.call("GET", path, { token: person.token }), 404, "not-found");
});
