/** Browsers that subscribe to pushes: whose they are, how long, and which endpoints are taken at all. */
import assert from "node:assert/strict";
import { openWebPush } from "../adapters/push_webpush.ts";
import { newVapidPair } from "../adapters/vapid.ts";
import { addPeople, leaderWithAlerts, type Neighbour } from "./alert_world.ts";
import {
  assertProblem,
  createDatabase,
  movableClock,
  poll,
  signUp,
  startTestService,
  type TestService,
} from "./harness.ts";
import { clockAt, openPushService, type PushService, subscribe, waitingFor } from "./push_world.ts";

let service: TestService;
let pushes: PushService;
Deno.test.beforeAll(async () => {
  pushes = openPushService();
  service = await startTestService({ environment: { PUSH_LOCAL_HOSTS: pushes.host }, clock: clockAt(12) });
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await pushes[Symbol.asyncDispose]();
});

const busy = () => new Response(null, { status: 429, headers: { "retry-after": "1" } });
const browsersOf = async ({ id }: { id: string }) => {
  const rows = await service.sql<{ endpoint: string }[]>`
    select endpoint
    from push_subscriptions
    where user_id = ${id}
    order by renewed_at`;
  return rows.map(({ endpoint }) => endpoint);
};
const post = (person: { token: string }, body: unknown, headers = {}) =>
  service.call("POST", "/api/push-subscriptions", { token: person.token, body, headers });

/** Someone whose alerts wait, as the browser's push service is busy. */
async function leaderWithWaiting(count: number) {
  const { leader, alert, whenTold } = await leaderWithAlerts(service, 0);
  const browser = await pushes.addBrowser();
  browser.answer = busy;
  await subscribe(service, leader, browser);
  await alert(count);
  await whenTold();
  await poll(() => browser.received.length > 0);
  assert.equal(await waitingFor(service, [leader]), count);
  return { leader, browser, alert, whenTold };
}

Deno.test("A browser that subscribes again keeps what waits for it and gets it with its new keys", async () => {
  const { leader, browser } = await leaderWithWaiting(2);
  const again = await post(leader, browser.json);
  assert.equal(again.status, 200);
  assert.equal((await post(leader, browser.json)).body.id, again.body.id);
  browser.answer = () => new Response(null, { status: 201 });
  await poll(async () => await waitingFor(service, [leader]) === 0);
  assert.equal(browser.received.at(-1)!.payload.seq, 2);
});

Deno.test("A browser in which somebody else has signed in is theirs alone: what waited for the former person never goes there", async () => {
  const { leader, browser } = await leaderWithWaiting(3);
  const next = await leaderWithAlerts(service, 0);
  await subscribe(service, next.leader, browser);
  const before = browser.received.length;
  browser.answer = () => new Response(null, { status: 201 });
  await next.alert(2);
  await poll(() => browser.received.length >= before + 2);
  const { items } = (await service.call("GET", "/api/alerts", { token: next.leader.token })).body;
  const ids = browser.received.slice(before).map(({ payload }) => payload.id);
  assert.deepEqual(ids, items.map(({ id }: { id: string }) => id).toReversed());
  assert.deepEqual([await browsersOf(leader), await waitingFor(service, [leader])], [[], 0]);
});

Deno.test("Of fifty people who subscribe one browser at once, one has it", async () => {
  const people = await addPeople(service, 50), browser = await pushes.addBrowser();
  const answers = await Promise.all(people.map((person) => post(person, browser.json)));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
  const owners = (await Promise.all(people.map(browsersOf))).flat();
  assert.deepEqual(owners, [browser.endpoint]);
});

Deno.test("A person has ten browsers, also when they subscribe many at once; the one not heard of for longest goes", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const browsers = await Promise.all(Array.from({ length: 25 }, () => pushes.addBrowser()));
  for (const browser of browsers.slice(0, 10)) await subscribe(service, person, browser);
  // The first is heard of again, so the second is the oldest.
  assert.equal((await post(person, browsers[0]!.json)).status, 200);
  await subscribe(service, person, browsers[10]!);
  const kept = [...browsers.slice(2, 10), browsers[0], browsers[10]].map((browser) => browser!.endpoint);
  assert.deepEqual(await browsersOf(person), kept);
  await Promise.all(browsers.slice(11).map((browser) => subscribe(service, person, browser)));
  assert.equal((await browsersOf(person)).length, 10);
});

Deno.test("A sign-out ends the pushes to the browser of that session, with what waits, and leaves those of others", async () => {
  const { leader, browser } = await leaderWithWaiting(2);
  const [other] = await addPeople(service, 1) as [Neighbour];
  // Another session of the same person.
  await service.sql`update sessions set user_id = ${leader.id} where id = ${other.sessionId}`;
  const claims = { userId: leader.id, sessionId: other.sessionId, role: "user" as const };
  const { accessToken } = await service.deps.tokens.issue(claims);
  const second = await pushes.addBrowser();
  await subscribe(service, { token: accessToken }, second);
  assert.equal((await service.call("POST", "/api/auth/signout", { token: leader.token })).status, 204);
  assert.deepEqual([await browsersOf(leader), await waitingFor(service, [leader])], [[second.endpoint], 0]);
  assertProblem(await post(leader, browser.json), 401, "unauthenticated");
});

Deno.test("A withdrawal, and a sign-out everywhere, end all of a person's pushes", async () => {
  for (const end of ["DELETE /api/me", "POST /api/auth/signout"]) {
    const person = await signUp(service);
    const { body: second } = await service.call("POST", "/api/auth/signin", { body: person });
    assert.equal(second.code, "invalid-input");
    const again = await service.call("POST", "/api/auth/signin", {
      body: { email: person.email, password: person.password },
    });
    for (const token of [person.token, again.body.accessToken]) {
      await subscribe(service, { token }, await pushes.addBrowser());
    }
    const [method, path] = end.split(" ") as [string, string];
    const body = method === "DELETE" ? { password: person.password } : { everywhere: true };
    assert.equal((await service.call(method, path, { token: person.token, body })).status, 204);
    assert.deepEqual(await browsersOf(person), []);
  }
});

Deno.test("A browser is ended by its own person alone, as often as they like", async () => {
  const [owner, other] = await addPeople(service, 2) as [Neighbour, Neighbour];
  const browser = await pushes.addBrowser();
  await subscribe(service, owner, browser);
  const end = ({ token }: Neighbour) =>
    service.call("DELETE", "/api/push-subscriptions", { token, body: { endpoint: browser.endpoint } });
  assert.equal((await end(other)).status, 204);
  assert.deepEqual(await browsersOf(owner), [browser.endpoint]);
  for (const _ of [1, 2]) assert.equal((await end(owner)).status, 204);
  assert.deepEqual(await browsersOf(owner), []);
  assertProblem(
    await service.call("DELETE", "/api/push-subscriptions", { token: owner.token }),
    422,
    "invalid-input",
    "/endpoint",
  );
});

Deno.test("A subscription whose time is over gets nothing more", async () => {
  const { leader, alert, whenTold } = await leaderWithAlerts(service, 0);
  const [over, going] = [await pushes.addBrowser(), await pushes.addBrowser()];
  over.json.expirationTime = service.clock.now().getTime() - 1_000;
  going.json.expirationTime = service.clock.now().getTime() + 3600_000;
  for (const browser of [over, going]) await subscribe(service, leader, browser);
  await alert();
  await whenTold();
  await poll(() => going.received.length === 1);
  assert.equal(over.received.length, 0);
});

Deno.test("An Idempotency-Key makes a repeat of one's subscription answer the first answer", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const browser = await pushes.addBrowser();
  const answers = await Promise.all([1, 2].map(() => post(person, browser.json, { "idempotency-key": "once" })));
  assert.ok(answers.some(({ status }) => status === 201));
  const repeat = await post(person, browser.json, { "idempotency-key": "once" });
  assert.equal(repeat.status, 201);
});

const HOSTS_REFUSED = [
  "http://updates.push.services.mozilla.com",
  "https://localhost",
  "https://localhost.",
  "https://127.0.0.1",
  "https://127.1",
  "https://0x7f000001",
  "https://0.0.0.0",
  "https://10.0.0.7",
  "https://172.16.0.1",
  "https://192.168.1.1",
  "https://100.64.0.1",
  "https://169.254.169.254",
  "https://224.0.0.1",
  "https://[::1]",
  "https://[::]",
  "https://[fe80::1]",
  "https://[fd00::1]",
  "https://[::ffff:127.0.0.1]",
  "https://[64:ff9b::7f00:1]",
  "https://[2002:7f00:1::]",
  "https://8.8.8.8:22",
  "https://user:secret@8.8.8.8",
  "http://8.8.8.8",
];

Deno.test("An endpoint is refused unless it is of a public host, by HTTPS at its own port", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const { json } = await pushes.addBrowser();
  for (const host of HOSTS_REFUSED) {
    assertProblem(await post(person, { ...json, endpoint: `${host}/push` }), 422, "invalid-input", "/endpoint");
  }
  for (const endpoint of ["ftp://8.8.8.8/", "push", "", `https://8.8.8.8/${"a".repeat(2048)}`, "https://8.8.8.8/ㄱ"]) {
    assertProblem(await post(person, { ...json, endpoint }), 422, "invalid-input", "/endpoint");
  }
  for (const endpoint of ["https://8.8.8.8/push", "https://[2606:4700::1111]/push"]) {
    assert.equal((await post(person, { ...json, endpoint })).status, 201);
  }
});

Deno.test("Keys that are none are refused by name", async () => {
  const [person] = await addPeople(service, 1) as [Neighbour];
  const { json } = await pushes.addBrowser();
  const keys = (changed: object) => ({ ...json, keys: { ...json.keys, ...changed } });
  const wrong: [unknown, string][] = [
    // As long as a point, but not one of the curve.
    [keys({ p256dh: `B${"A".repeat(86)}` }), "/keys/p256dh"],
    [keys({ p256dh: "short" }), "/keys/p256dh"],
    [keys({ auth: "A".repeat(21) }), "/keys/auth"],
    [keys({ other: "key" }), "/keys/other"],
    [{ ...json, expirationTime: -1 }, "/expirationTime"],
    [{ ...json, role: "admin" }, "/role"],
    [{ endpoint: json.endpoint }, "/keys"],
  ];
  for (const [body, pointer] of wrong) assertProblem(await post(person, body), 422, "invalid-input", pointer);
  const padded = keys({ p256dh: `${json.keys.p256dh}=`, auth: `${json.keys.auth}==` });
  assert.equal((await post(person, padded)).status, 201);
});

Deno.test("Nothing is sent to a host that has become private since it subscribed", async () => {
  using push = await openLonelyPush();
  const { json } = await pushes.addBrowser();
  for (const host of HOSTS_REFUSED) {
    const outcome = await push.send({ ...json, ...json.keys, endpoint: `${host}/push` }, MESSAGE, never);
    assert.equal(outcome.kind, "refused", `${host}: ${JSON.stringify(outcome)}`);
  }
  const outcome = await push.send(
    { ...json, ...json.keys, endpoint: "https://no-such-host.invalid/push" },
    MESSAGE,
    never,
  );
  assert.equal(outcome.kind, "later");
});

Deno.test("A push service that hangs, before its answer or within it, is given its time and no more", async () => {
  const browser = await pushes.addBrowser();
  using push = await openLonelyPush([pushes.host]);
  const send = () => push.send({ ...browser.json, ...browser.json.keys }, MESSAGE, never);
  const hung = Promise.withResolvers<Response>();
  browser.answer = () => hung.promise;
  assert.deepEqual(await send(), { kind: "later", reason: "no answer within 300 ms" });
  // Taken it is, whatever becomes of the body.
  browser.answer = () =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(new Uint8Array(10)) }), { status: 201 });
  assert.deepEqual(await send(), { kind: "sent" });
  let read = 0;
  browser.answer = () => new Response(endless(() => read += 1), { status: 500 });
  assert.deepEqual(await send(), { kind: "later", reason: "HTTP 500" });
  assert.ok(read < 100, `${read} times 64 KiB`);
  hung.resolve(new Response());
});

Deno.test("Without keys there is no push: the routes say so, and alerts go on", async () => {
  await using database = await createDatabase();
  await using silent = await startTestService({
    database,
    environment: { VAPID_PUBLIC_KEY: "", VAPID_PRIVATE_KEY: "", VAPID_SUBJECT: "" },
  });
  assertProblem(await silent.call("GET", "/api/push-key"), 404, "push-off");
  const { leader } = await leaderWithAlerts(silent, 1);
  const { json } = await pushes.addBrowser();
  const answer = await silent.call("POST", "/api/push-subscriptions", { token: leader.token, body: json });
  assertProblem(answer, 404, "push-off");
});

const never = new AbortController().signal;
const MESSAGE = { payload: "{}", ttlS: 60, urgency: "normal" as const };

async function openLonelyPush(localHosts: string[] = []) {
  const keys = { ...await newVapidPair(), subject: "mailto:push@moajang.example" };
  return await openWebPush({ keys, localHosts, clock: movableClock(), timeoutMs: 300 });
}

function endless(onRead: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(body) {
      onRead();
      body.enqueue(new Uint8Array(64 * 1024));
    },
  });
}
