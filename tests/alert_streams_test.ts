import assert from "node:assert/strict";
import fc from "fast-check";
import { leaderWithAlerts } from "./alert_world.ts";
import { openEvents, type SentEvent } from "./event_stream.ts";
import { assertProblem, startAnotherNode } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const streamUrl = (query = "", node = service) => `${node.url}/api/alerts/stream${query}`;
const seqs = (events: SentEvent[]) => events.map(({ data }) => data.seq);
const oneTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

Deno.test("A stream begins with ready and the state of the inbox, then sends each alert as the inbox shows it", async () => {
  const { leader: { token }, alert } = await leaderWithAlerts(service, 3);
  await using stream = await openEvents(streamUrl(), { token });
  const { status, headers } = stream.response;
  assert.deepEqual([status, headers.get("content-type")], [200, "text/event-stream"]);
  assert.deepEqual([headers.get("cache-control"), headers.get("x-accel-buffering")], ["no-store, no-transform", "no"]);
  assert.deepEqual((await stream.take("ready", 1))[0]!.data, { lastSeq: 3, unreadCount: 3 });
  assert.equal(stream.retryMs, 2_000);
  await alert();
  const [sent] = await stream.take("alert", 1);
  assert.deepEqual(stream.log.map(({ event }) => event), ["ready", "alert"]);
  const [listed] = (await service.call("GET", "/api/alerts?limit=1", { token })).body.items;
  assert.deepEqual([sent!.id, sent!.data], ["4", listed]);
});

Deno.test("A stream resumed by Last-Event-ID or ?lastEventId= replays everything after it in order, and the header is the newer", async () => {
  const { leader: { token }, alert, whenTold } = await leaderWithAlerts(service, 120);
  for (
    const [query, lastEventId, from] of [["", 0, 1], ["?lastEventId=7", "", 8], ["?lastEventId=7", 119, 120]] as const
  ) {
    await using stream = await openEvents(streamUrl(query), { token, lastEventId });
    assert.deepEqual(seqs(await stream.take("alert", 121 - from)), oneTo(120, from));
    assert.deepEqual(stream.log[0]!.data, { lastSeq: 120, unreadCount: 120 });
  }
  await using ahead = await openEvents(streamUrl("?lastEventId=5000"), { token });
  await ahead.take("ready", 1);
  await alert();
  await whenTold();
  assert.deepEqual(seqs(await ahead.take("alert", 1)), [121]);
});

Deno.test("Over any number of cuts at any point, with writers at work, the streams of a person give 1..n once and in order", async () => {
  const cuts = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 6 });
  const check = fc.asyncProperty(cuts, fc.integer({ min: 10, max: 40 }), async (cutAfter, total) => {
    const { leader: { token }, alert } = await leaderWithAlerts(service, 0);
    await using first = await openEvents(streamUrl(), { token });
    const [ready] = await first.take("ready", 1);
    first.hangUp();
    const writing = alert(total);
    const received: number[] = [];
    let last = ready!.id!;
    const readOn = async (enough: number) => {
      await using stream = await openEvents(streamUrl(), { token, lastEventId: last });
      const left = total - received.length;
      await stream.take("alert", Math.min(enough, left));
      stream.hangUp();
      await stream.over;
      const alerts = stream.log.filter(({ event }) => event === "alert");
      received.push(...seqs(alerts));
      last = alerts.at(-1)?.id ?? last;
    };
    for (const enough of cutAfter) await readOn(enough);
    await readOn(total);
    await writing;
    assert.deepEqual(received, oneTo(total));
  });
  await fc.assert(check, { numRuns: 15 });
});

Deno.test("What is written between the answer to GET /api/alerts and the stream's opening is not missed", async () => {
  const { leader: { token }, alert, whenTold } = await leaderWithAlerts(service, 2);
  const page = await service.call("GET", "/api/alerts", { token });
  await alert(3);
  await whenTold();
  await using stream = await openEvents(streamUrl(`?lastEventId=${page.body.lastSeq}`), { token });
  assert.deepEqual(seqs(await stream.take("alert", 3)), [3, 4, 5]);
});

Deno.test("A deleted alert is not replayed, and those after it are", async () => {
  const { leader: { token } } = await leaderWithAlerts(service, 3);
  const { body } = await service.call("GET", "/api/alerts", { token });
  assert.equal((await service.call("DELETE", `/api/alerts/${body.items[1].id}`, { token })).status, 204);
  await using stream = await openEvents(streamUrl(), { token, lastEventId: 0 });
  assert.deepEqual(seqs(await stream.take("alert", 2)), [1, 3]);
});

Deno.test("A stream carries nobody else's alerts", async () => {
  const mine = await leaderWithAlerts(service, 1), theirs = await leaderWithAlerts(service, 1);
  await using stream = await openEvents(streamUrl(), { token: mine.leader.token, lastEventId: 0 });
  await theirs.alert(3);
  await theirs.whenTold();
  await mine.alert();
  const sent = await stream.take("alert", 2);
  assert.deepEqual(sent.map(({ data }) => data.partyId), [mine.party.id, mine.party.id]);
  assert.equal(stream.log.length, 3);
});

Deno.test("A ticket opens one stream, once; a bad place to go on from is refused with its name", async () => {
  const { leader: { token } } = await leaderWithAlerts(service, 1);
  const { body: { ticket } } = await service.call("POST", "/api/auth/tickets", { token });
  await using stream = await openEvents(streamUrl(`?ticket=${ticket}&lastEventId=0`));
  assert.deepEqual(seqs(await stream.take("alert", 1)), [1]);
  const path = "/api/alerts/stream";
  assertProblem(await service.call("GET", `${path}?ticket=${ticket}`), 401, "unauthenticated");
  for (const bad of ["x", "-1", "1.5", "99999999999"]) {
    const pointer = "/query/lastEventId";
    assertProblem(await service.call("GET", `${path}?lastEventId=${bad}`, { token }), 422, "invalid-input", pointer);
    const headers = { "last-event-id": bad };
    const inHeader = await service.call("GET", path, { token, headers });
    assertProblem(inHeader, 422, "invalid-input", "/header/last-event-id");
  }
});

Deno.test("An alert that is written through one node reaches the person's streams on another", async () => {
  await using other = await startAnotherNode(service);
  const { leader: { token }, alert } = await leaderWithAlerts(service, 0);
  await using here = await openEvents(streamUrl(), { token });
  await using there = await openEvents(streamUrl("", other), { token });
  await Promise.all([here.take("ready", 1), there.take("ready", 1)]);
  await alert(5);
  for (const stream of [here, there]) assert.deepEqual(seqs(await stream.take("alert", 5)), oneTo(5));
});
