/** Pushes: each alert to each browser of its person, in order, whatever its push service does. */
import assert from "node:assert/strict";
import { PUSH_BYTES_MAX } from "../services/ports.ts";
import { toPushMessage } from "../services/push_terms.ts";
import { addPeople, allTold, leaderWithAlerts, type Neighbour, partyWithFans, tell } from "./alert_world.ts";
import { poll, startTestService, type TestService } from "./harness.ts";
import {
  type Browser,
  clockAt,
  openPushService,
  type PushService,
  readVapid,
  subscribe,
  subscribeAll,
  waitingFor,
} from "./push_world.ts";

let service: TestService;
let pushes: PushService, slowPushes: PushService;
Deno.test.beforeAll(async () => {
  pushes = openPushService();
  slowPushes = openPushService();
  const environment = { PUSH_LOCAL_HOSTS: `${pushes.host},${slowPushes.host}` };
  service = await startTestService({ environment, clock: clockAt(12) });
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await Promise.all([pushes, slowPushes].map((each) => each[Symbol.asyncDispose]()));
});

const status = (status: number, headers: Record<string, string> = {}) => new Response(null, { status, headers });
const seqs = (browser: Browser) => browser.received.map(({ payload }) => payload.seq);
const untilReceived = (browser: Browser, count: number, timeoutMs = 10_000) =>
  poll(() => browser.received.length >= count, { timeoutMs });
const untilNoneWaits = (person: { id: string }) => poll(async () => await waitingFor(service, [person]) === 0);

/** Someone with a browser, who gets one more alert each time. */
async function leaderWithBrowser() {
  const { leader, alert, whenTold } = await leaderWithAlerts(service, 0);
  const browser = await pushes.addBrowser();
  await subscribe(service, leader, browser);
  return { leader, browser, alert, whenTold };
}

Deno.test("An alert reaches each browser of its person once, encrypted for it alone and signed by the service", async () => {
  const { leader, browser, alert } = await leaderWithBrowser();
  const second = await pushes.addBrowser();
  await subscribe(service, leader, second);
  await alert();
  await Promise.all([untilReceived(browser, 1), untilReceived(second, 1)]);
  await untilNoneWaits(leader);
  const { items: [{ partyId: _, createdAt: __, readAt: ___, ...told }] } =
    (await service.call("GET", "/api/alerts", { token: leader.token })).body;
  const key = (await service.call("GET", "/api/push-key")).body.publicKey;
  for (const { received } of [browser, second]) {
    assert.equal(received.length, 1);
    const [{ payload, headers }] = received as [Browser["received"][0]];
    assert.deepEqual(payload, told);
    const vapid = await readVapid(headers);
    assert.deepEqual([vapid.key, vapid.aud, vapid.sub], [key, `http://${pushes.host}`, "mailto:push@moajang.example"]);
    const leftS = vapid.exp - service.clock.now().getTime() / 1_000;
    assert.ok(leftS > 3600 && leftS < 24 * 3600, `${leftS} s`);
    assert.equal(headers.get("content-encoding"), "aes128gcm");
    assert.deepEqual([headers.get("urgency"), headers.get("topic")], ["normal", null]);
    // The party begins in 24 hours; after that the alert is worth nothing.
    assert.ok(Number(headers.get("ttl")) > 23 * 3600 && Number(headers.get("ttl")) <= 24 * 3600);
  }
});

Deno.test("How a party stands replaces what stood before, for one browser and party, and does not say which party", async () => {
  const { leader, fans, party, created } = await partyWithFans(service, 2);
  const browsers = await Promise.all(fans.map(() => pushes.addBrowser()));
  await subscribeAll(service, fans, browsers);
  await tell(service, created);
  await allTold(service, party);
  await tell(service, { type: "party.cancelled", partyId: party.id, actorId: leader.id, reason: "비" });
  for (const browser of browsers) await untilReceived(browser, 2);
  const topics = browsers.map(({ received }) => received.map(({ headers }) => headers.get("topic")!));
  for (const [first, second] of topics) {
    assert.equal(first, second);
    assert.match(first!, /^[\w-]{32}$/);
  }
  assert.notEqual(topics[0]![0], topics[1]![0]);
  assert.deepEqual(browsers[0]!.received.map(({ headers }) => headers.get("urgency")), ["normal", "high"]);
});

Deno.test("Alerts that come while a push is on its way follow it in their order, one at a time", async () => {
  const { browser, alert, whenTold } = await leaderWithBrowser();
  const held = Promise.withResolvers<Response>();
  browser.answer = () => browser.received.length === 1 ? held.promise : status(201);
  await alert();
  await untilReceived(browser, 1);
  await alert(6);
  await whenTold();
  assert.deepEqual(seqs(browser), [1]);
  held.resolve(status(201));
  await untilReceived(browser, 7);
  assert.deepEqual(seqs(browser), [1, 2, 3, 4, 5, 6, 7]);
});

for (const gone of [404, 410]) {
  Deno.test(`A browser whose push service answers ${gone} is forgotten with what waits for it, the others go on`, async () => {
    const { leader, browser, alert } = await leaderWithBrowser();
    const other = await pushes.addBrowser();
    await subscribe(service, leader, other);
    browser.answer = () => status(gone);
    await alert(3);
    await untilReceived(other, 3);
    await untilNoneWaits(leader);
    assert.deepEqual([seqs(browser), seqs(other)], [[1], [1, 2, 3]]);
    const left = await service.sql`select endpoint from push_subscriptions where user_id = ${leader.id}`;
    assert.deepEqual([...left], [{ endpoint: other.endpoint }]);
  });
}

Deno.test("A push service that is busy is not asked again before the time it tells", async () => {
  const { browser, alert } = await leaderWithBrowser();
  browser.answer = () => browser.received.length === 1 ? status(429, { "retry-after": "3" }) : status(201);
  await alert(2);
  await untilReceived(browser, 3);
  assert.deepEqual(seqs(browser), [1, 1, 2]);
  const [first, second] = browser.received;
  assert.ok(second!.at - first!.at >= 2_950, `${second!.at - first!.at} ms`);
});

Deno.test("A push service that fails is asked again after pauses that grow, and what is behind waits its turn", async () => {
  const { browser, alert } = await leaderWithBrowser();
  browser.answer = () => browser.received.length < 4 ? status(503) : status(201);
  await alert(2);
  await untilReceived(browser, 5, 20_000);
  assert.deepEqual(seqs(browser), [1, 1, 1, 1, 2]);
  const times = browser.received.map(({ at }) => at);
  const pauses = [1, 2, 3].map((n) => times[n]! - times[n - 1]!);
  assert.ok([950, 1_950, 3_950].every((least, i) => pauses[i]! >= least), `${pauses} ms`);
});

for (const refusal of [400, 413, 307]) {
  Deno.test(`A push that is answered ${refusal} is given up, and the next one sent`, async () => {
    const { leader, browser, alert } = await leaderWithBrowser();
    const elsewhere = await pushes.addBrowser();
    browser.answer = () =>
      browser.received.length === 1 ? status(refusal, { location: elsewhere.endpoint }) : status(201);
    await alert(2);
    await untilReceived(browser, 2);
    await untilNoneWaits(leader);
    assert.deepEqual([seqs(browser), seqs(elsewhere)], [[1, 2], []]);
  });
}

Deno.test("A push service that never answers holds up nobody else's", async () => {
  const { fans, party, created } = await partyWithFans(service, 300);
  const hanging = await Promise.all(fans.map(() => slowPushes.addBrowser()));
  const released = Promise.withResolvers<Response>();
  for (const browser of hanging) browser.answer = async () => (await released.promise).clone();
  await subscribeAll(service, fans, hanging);
  await tell(service, created);
  await allTold(service, party);
  await poll(() => hanging.some(({ received }) => received.length > 0));
  const { browser, alert } = await leaderWithBrowser();
  const asked = performance.now();
  await alert(3);
  await untilReceived(browser, 3, 5_000);
  assert.ok(performance.now() - asked < 5_000);
  assert.ok(await waitingFor(service, fans) === fans.length);
  released.resolve(status(201));
  await poll(async () => await waitingFor(service, fans) === 0, { timeoutMs: 30_000 });
  // Those that hung for too long came again.
  assert.ok(hanging.every(({ received }) => received.length >= 1));
});

Deno.test("What a person has read or thrown away before it could be pushed is not pushed any more", async () => {
  const { leader, browser, alert, whenTold } = await leaderWithBrowser();
  browser.answer = () => browser.received.length === 1 ? status(503, { "retry-after": "2" }) : status(201);
  await alert(3);
  await whenTold();
  await untilReceived(browser, 1);
  const { items } = (await service.call("GET", "/api/alerts", { token: leader.token })).body;
  const bySeq = (seq: number) => `/api/alerts/${items.find((each: { seq: number }) => each.seq === seq).id}`;
  assert.equal((await service.call("PATCH", bySeq(1), { token: leader.token, body: { read: true } })).status, 200);
  assert.equal((await service.call("DELETE", bySeq(2), { token: leader.token })).status, 204);
  await untilNoneWaits(leader);
  assert.deepEqual(seqs(browser), [1, 3]);
});

Deno.test("A payload of any length fits, its letters whole", async () => {
  const [leader, fan] = await addPeople(service, 2) as [Neighbour, Neighbour];
  const { party } = await partyWithFans(service, 0);
  const browser = await pushes.addBrowser();
  await subscribe(service, fan, browser);
  await service.sql`insert into favorite_markets values (${party.marketId}, ${fan.id}, now())`;
  const reason = "🧅\u0001\u0002\u0003".repeat(2_000);
  await tell(service, { type: "party.cancelled", partyId: party.id, actorId: leader.id, reason });
  await untilReceived(browser, 1);
  const { payload } = browser.received[0]!;
  assert.ok(payload.body.length > 100 && payload.body.endsWith("…") && payload.body.isWellFormed());

  const { items: [alert] } = (await service.call("GET", "/api/alerts", { token: fan.token })).body;
  const now = service.clock.now(), longest = { ...alert, title: reason, body: reason, seq: 2 ** 31 - 1 };
  const message = await toPushMessage(longest, { subscriptionId: fan.id, expiresAt: now, now });
  assert.ok(new TextEncoder().encode(message.payload).length <= PUSH_BYTES_MAX);
});
