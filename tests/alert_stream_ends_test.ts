import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import fc from "fast-check";
import { openMemoryRelay } from "../adapters/relay_memory.ts";
import { STREAMS_MAX } from "../services/alert_feeds.ts";
import { openAlertStreams } from "../services/alert_streams.ts";
import type { Relay } from "../services/ports.ts";
import { BUFFERED_BYTES_MAX } from "../services/event_stream.ts";
import { addParty, addPeople, fillInbox, leaderWithAlerts, type Neighbour } from "./alert_world.ts";
import { tell } from "./alert_world.ts";
import { openEvents } from "./event_stream.ts";
import { assertProblem, poll, signUp, startAnotherNode, startTestService } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";
import { testService } from "./set_up.ts";

const service = testService();

const streamUrl = (query = "", node = service) => `${node.url}/api/alerts/stream${query}`;
/** No comments, no looking again: only what a wake-up brings. */
const WITHOUT_REPAIR = { tickMs: 3600_000 };
const oneTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

Deno.test("A quiet stream gets a comment line within 15 s", async () => {
  const { leader: { token } } = await leaderWithAlerts(service, 0);
  await using stream = await openEvents(streamUrl(), { token });
  await poll(() => stream.comments.length > 0, { timeoutMs: 15_000, everyMs: 100 });
});

Deno.test("A person has at most five streams at a node: the next is refused with Retry-After until one is closed", async () => {
  const [{ token }] = await addPeople(service, 1) as [Neighbour];
  await using stack = new AsyncDisposableStack();
  const open = await Promise.all(oneTo(STREAMS_MAX).map(() => openEvents(streamUrl(), { token })));
  open.forEach((stream) => stack.use(stream));
  assert.deepEqual(open.map(({ response }) => response.status), [200, 200, 200, 200, 200]);
  const refused = await service.call("GET", "/api/alerts/stream", { token });
  assertProblem(refused, 429, "rate-limited");
  assert.ok(Number(refused.headers.get("retry-after")) >= 1);
  open[0]!.hangUp();
  const next = await poll(async () => {
    const stream = stack.use(await openEvents(streamUrl(), { token }));
    return stream.response.ok && stream;
  });
  assert.equal((await next.take("ready", 1)).length, 1);
});

Deno.test("Sign-out everywhere ends the person's streams on every node within 2 s, and nobody else's", async () => {
  await using other = await startAnotherNode(service);
  const person = await signUp(service);
  const { leader: stayer } = await leaderWithAlerts(service, 0);
  await using here = await openEvents(streamUrl(), { token: person.token });
  await using there = await openEvents(streamUrl("", other), { token: person.token });
  await using stays = await openEvents(streamUrl("", other), { token: stayer.token });
  for (const stream of [here, there, stays]) await stream.take("ready", 1);
  const started = performance.now();
  const out = await service.call("POST", "/api/auth/signout", { token: person.token, body: { everywhere: true } });
  assert.equal(out.status, 204);
  await Promise.all([here.over, there.over]);
  assert.ok(performance.now() - started < 2_000, `took ${performance.now() - started} ms`);
  assert.equal(await Promise.race([stays.over.then(() => "over"), Promise.resolve("open")]), "open");
});

Deno.test("With a relay that tells nothing, alerts are in the stream within 2 s all the same", async () => {
  await using deaf = openMemoryRelay({ log: quietLog });
  await using streams = openAlertStreams({ ...service.deps, relay: deaf });
  const { leader, alert, whenTold } = await leaderWithAlerts(service, 0);
  const frames = (await openBody(streams, leader)).getReader();
  assert.match((await frames.read()).value!, /event: ready/);
  await alert();
  await whenTold();
  const started = performance.now();
  assert.match((await frames.read()).value!, /^id: 1\nevent: alert\n/);
  assert.ok(performance.now() - started < 2_000, `took ${performance.now() - started} ms`);
  await frames.cancel();
});

Deno.test("Whatever the relay loses, repeats and puts out of order, the streams of a person give 1..n once and in order", async () => {
  const fates = fc.array(fc.constantFrom("pass", "lose", "repeat", "delay"), { minLength: 5, maxLength: 30 });
  const check = fc.asyncProperty(fates, async (fates) => {
    const rough = roughRelay(service.deps.relay, fates);
    await using streams = openAlertStreams({ ...service.deps, relay: rough.relay }, { tickMs: 50 });
    const { leader, alert, whenTold } = await leaderWithAlerts(service, 3);
    const readers = await Promise.all([0, 2, 3].map(async (after) => {
      return { after, reader: (await openBody(streams, leader, after)).getReader() };
    }));
    for (let i = 0; i < fates.length; i++) await alert();
    await whenTold();
    await rough.settled();
    // Behind it nothing is left that could be given twice.
    await alert();
    for (const { after, reader } of readers) {
      await readAlerts(reader, 3 + fates.length + 1 - after, after);
      await reader.cancel();
    }
  });
  await fc.assert(check, { numRuns: 10 });
});

/** A relay that does with each message that it hears what is next in the list. */
function roughRelay(relay: Relay, fates: string[]): { relay: Relay; settled(): Promise<unknown> } {
  let heard = 0;
  const late: Promise<void>[] = [];
  const fateOf = (message: string, listener: (message: string) => void) => {
    const fate = fates[heard++ % fates.length];
    if (fate === "delay") late.push(new Promise((resolve) => setTimeout(() => resolve(listener(message)), 80)));
    else if (fate !== "lose") listener(message);
    if (fate === "repeat") listener(message);
  };
  return {
    relay: {
      ...relay,
      subscribe: (channel, listener) => relay.subscribe(channel, (message) => fateOf(message, listener)),
    },
    settled: () => Promise.all(late),
  };
}

Deno.test("Replay and live need no repair: without it they come by the relay's word alone", async () => {
  await using streams = openAlertStreams(service.deps, WITHOUT_REPAIR);
  const { leader, alert } = await leaderWithAlerts(service, 120);
  const reader = (await openBody(streams, leader, 0)).getReader();
  assert.equal((await readAlerts(reader, 120)).length, 120);
  await alert();
  assert.match((await reader.read()).value!, /^id: 121\n/);
  await reader.cancel();
});

Deno.test("A reader that stops holds a bounded buffer, harms nobody, and gets the rest when it reads again", async () => {
  await using streams = openAlertStreams(service.deps, WITHOUT_REPAIR);
  const { leader, party } = await leaderWithAlerts(service, 0);
  await fillInbox(service, leader, party, { count: 3_000 });
  const stalled = (await openBody(streams, leader, 0)).getReader();
  const reading = (await openBody(streams, leader, 0)).getReader();
  assert.equal((await readAlerts(reading, 3_000)).length, 3_000);
  // What the stalled one has not been given yet is gone now: it can only get what was kept for it.
  await service.sql`update alerts set deleted_at = now() where user_id = ${leader.id} and seq < 3000`;
  let keptBytes = 0, last = 0;
  while (last < 3_000) {
    const { value } = await stalled.read();
    keptBytes += value!.length;
    for (const [, id] of value!.matchAll(/id: (\d+)\nevent: alert/g)) last = Number(id);
  }
  assert.ok(keptBytes > BUFFERED_BYTES_MAX / 2, `only ${keptBytes}`);
  assert.ok(keptBytes < 2 * BUFFERED_BYTES_MAX, `kept ${keptBytes} bytes`);
});

Deno.test("Readers that take nothing for 60 ticks are given up: their places are free, and what was sent is still there", async () => {
  await using streams = openAlertStreams(service.deps, { tickMs: 10 });
  const { leader, party } = await leaderWithAlerts(service, 0);
  await fillInbox(service, leader, party, { count: 1_000 });
  const silent = await Promise.all(oneTo(STREAMS_MAX).map(() => openBody(streams, leader, 0)));
  await assert.rejects(openBody(streams, leader), { code: "rate-limited" });
  for (let n = 0; n < STREAMS_MAX; n++) await poll(() => openBody(streams, leader).catch(() => null));
  // The same for streams with nothing to tell but that they are alive.
  for (let n = 0; n < STREAMS_MAX; n++) await poll(() => openBody(streams, leader).catch(() => null));
  const kept = await readAlerts(silent[0]!.getReader(), 1_000);
  assert.ok(kept.length > 0 && kept.length < 1_000, `kept ${kept.length}`);
});

Deno.test("A draining node tells its readers to connect elsewhere and ends, held up by nobody who does not read", async () => {
  const { leader, party } = await leaderWithAlerts(service, 0);
  await fillInbox(service, leader, party, { count: 4_000, title: "쌀".repeat(2_000) });
  const stopping = await startAnotherNode(service);
  // Far more than the network between them holds: the server cannot get rid of it.
  using silent = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(stopping.url).port) });
  const query = "?lastEventId=0", headers = `host: x\r\nauthorization: Bearer ${leader.token}`;
  await silent.write(new TextEncoder().encode(`GET /api/alerts/stream${query} HTTP/1.1\r\n${headers}\r\n\r\n`));
  await silent.read(new Uint8Array(16));
  await using stream = await openEvents(streamUrl("", stopping), { token: leader.token, lastEventId: 0 });
  await stream.take("alert", 4_000);
  const started = performance.now();
  await stopping[Symbol.asyncDispose]();
  assert.ok(performance.now() - started < 10_000, `took ${performance.now() - started} ms`);
  await stream.over;
  const goodbye = stream.log.at(-1)!;
  assert.equal(goodbye.event, "reconnect");
  assert.ok(goodbye.data.afterMs >= 0 && goodbye.data.afterMs < 10_000);
});

Deno.test("A node that has drained opens no stream", async () => {
  await using streams = openAlertStreams(service.deps);
  const { leader } = await leaderWithAlerts(service, 0);
  streams.drain();
  await assert.rejects(openBody(streams, leader), { code: "unavailable" });
});

Deno.test("A stock EventSource goes on without gap or repeat when its access token ends and it connects with a new one", async () => {
  const own = await startTestService();
  await using _own = own;
  const person = await signUp(own), [applicant] = await addPeople(own, 1);
  const party = await addParty(own, person.id);
  const ask = () =>
    tell(own, { type: "join.requested", partyId: party.id, actorId: applicant!.id, userId: applicant!.id });
  let token = person.token, connections = 0;
  const source = new EventSource(streamUrl("", own), {
    fetch: (url, init) => {
      connections += 1;
      return fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
    },
  });
  const received: number[] = [];
  const began = Promise.withResolvers<void>();
  source.addEventListener("ready", () => began.resolve());
  source.addEventListener("alert", ({ data }) => received.push(JSON.parse(data).seq));
  try {
    await began.promise;
    await ask();
    await poll(() => received.length === 1);
    own.clock.advance(16 * 60_000);
    const body = { email: person.email, password: person.password };
    token = (await own.call("POST", "/api/auth/signin", { body })).body.accessToken;
    await poll(() => source.readyState === EventSource.CONNECTING);
    await ask();
    await poll(() => received.length === 2);
    assert.deepEqual([received, connections], [[1, 2], 2]);
  } finally {
    source.close();
  }
});

/** Opens a stream at the service's own door, for what lies before the network. */
async function openBody(streams: ReturnType<typeof openAlertStreams>, who: Neighbour, after?: number) {
  const live = { add: () => ({ [Symbol.dispose]() {} }) };
  const caller = { userId: who.id, sessionId: who.sessionId, expiresAt: new Date(8.64e15) };
  return (await streams.open({ live }, caller, after)).pipeThrough(new TextDecoderStream());
}

async function readAlerts(
  reader: ReadableStreamDefaultReader<string>,
  count: number,
  after = 0,
): Promise<number[]> {
  const received: number[] = [];
  while (received.length < count) {
    const { value, done } = await reader.read();
    if (done) break;
    for (const [, id] of value.matchAll(/id: (\d+)\nevent: alert/g)) {
      received.push(Number(id));
      assert.equal(received.at(-1), after + received.length);
    }
  }
  return received;
}
