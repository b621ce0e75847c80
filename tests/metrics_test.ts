/** GET /metrics: what those who run the service see of it. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { leaderWithAlerts } from "./alert_world.ts";
import { connectChat } from "./chat_client.ts";
import { openRoomOf, sendText } from "./chat_world.ts";
import { openEvents } from "./event_stream.ts";
import { openParty } from "./harness.ts";
import { poll } from "./poll.ts";
import { clockAt, openPushService, subscribe } from "./push_world.ts";
import { sendRaw } from "./raw_http.ts";
import { testPeople, testService } from "./set_up.ts";

const pushes = openPushService();
Deno.test.afterAll(async () => await pushes[Symbol.asyncDispose]());
const service = testService({ environment: { PUSH_LOCAL_HOSTS: pushes.host }, clock: clockAt(12) });
const [person] = testPeople(service, 1);

/** The figures by their names with labels. */
async function read(): Promise<Map<string, number>> {
  // Well before the database would end a statement that waits.
  const response = await fetch(`${service.url}/metrics`, { signal: AbortSignal.timeout(15_000) });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, name, value] = /^([a-z_0-9]+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? assert.fail(`not a figure: ${line}`);
    return [name!, Number(value)];
  }));
}

const answered = (method: string, route: string, status: number) =>
  `http_request_duration_seconds_count{method="${method}",route="${route}",status="${status}"}`;

Deno.test("requests are counted by method, route and status, however many paths and methods callers make up", async () => {
  const before = (await read()).get(answered("GET", "/api/items", 200)) ?? 0;
  for (let n = 0; n < 3; n++) await service.call("GET", "/api/items");
  const unknown = v7();
  await service.call("GET", `/api/parties/${unknown}`, { token: person.token });
  await service.call("GET", `/${unknown}`);
  await sendRaw(service.url, `MADE-UP /${unknown} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const figures = await read();
  assert.equal(figures.get(answered("GET", "/api/items", 200)), before + 3);
  assert.equal(figures.get(answered("GET", "/api/parties/:id", 404)), 1);
  assert.equal(figures.get(answered("GET", "none", 404)), 1);
  assert.equal(figures.get(answered("other", "none", 404)), 1);
  assert.ok(![...figures.keys()].some((name) => name.includes(unknown) || name.includes("MADE-UP")));
});

Deno.test("sockets and streams that are open are counted, and no longer when they are gone", async () => {
  const open = async () => {
    const figures = await read();
    return [figures.get("moajang_sockets_open"), figures.get("moajang_streams_open")];
  };
  const has = (...counts: number[]) => poll(async () => (await open()).join() === counts.join());
  await has(0, 0);
  {
    await using _client = await connectChat(service, person);
    await using _first = await openEvents(`${service.url}/api/alerts/stream`, person);
    await using _second = await openEvents(`${service.url}/api/alerts/stream`, person);
    await has(1, 2);
  }
  await has(0, 0);
});

Deno.test("texts, alerts and pushes are counted once they are done, each once", async () => {
  const figure = async (name: string) => (await read()).get(name) ?? 0;
  const { partyId } = await openRoomOf(service, person, 1), again = v7();
  const texts = await figure("moajang_texts_total");
  for (const clientMsgId of [v7(), again, again]) await sendText(service, person, partyId, "하나", clientMsgId);
  assert.equal(await figure("moajang_texts_total"), texts + 2);

  const { leader, alert, whenTold } = await leaderWithAlerts(service, 0);
  const browser = await pushes.addBrowser();
  await subscribe(service, leader, browser);
  const alerts = await figure("moajang_alerts_total");
  await alert(2);
  await whenTold();
  await poll(async () => await figure(`moajang_pushes_total{outcome="sent"}`) === 2);
  assert.equal(await figure("moajang_alerts_total"), alerts + 2);
  browser.answer = () => new Response(null, { status: 410 });
  await alert();
  await poll(async () => await figure(`moajang_pushes_total{outcome="gone"}`) === 1);
});

Deno.test("what waits is counted and its age told; a figure that cannot be read is left out, and the others are there", async () => {
  const { sql, clock } = service;
  const party = await openParty(service, person);
  await poll(async () => (await read()).get("moajang_events_waiting") === 0);
  assert.equal((await read()).get("moajang_event_oldest_seconds"), 0);
  await sql`
    insert into events (party_id, id, type, region_code, payload, created_at, publish_after)
    select ${party.id}, gen_random_uuid(), 'party.created', '11140', '{}', ${clock.now()}::timestamptz - interval '90 s' * n,
      ${clock.now()}::timestamptz + interval '1 hour'
    from generate_series(1, 3) as n`;
  const figures = await read();
  assert.equal(figures.get("moajang_events_waiting"), 3);
  const oldest = figures.get("moajang_event_oldest_seconds")!;
  assert.ok(oldest >= 270 && oldest < 360, `${oldest}`);
  assert.equal(figures.get("moajang_pushes_waiting"), 0);
  assert.ok(figures.get("process_resident_memory_bytes")! > 0);

  await sql`alter table pushes rename to pushes_away`;
  const without = await read();
  assert.ok(!without.has("moajang_pushes_waiting"));
  assert.equal(without.get("moajang_events_waiting"), 3);
  await sql`alter table pushes_away rename to pushes`;
  assert.equal((await read()).get("moajang_pushes_waiting"), 0);
  await sql.begin(async (tx) => {
    await tx`lock table pushes in access exclusive mode`;
    const meanwhile = await read();
    assert.ok(!meanwhile.has("moajang_pushes_waiting"), "nobody waits for it");
    assert.equal(meanwhile.get("moajang_events_waiting"), 3);
  });
});
