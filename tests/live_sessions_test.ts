/** What hangs on sessions: streams that end with them on every node, and tickets that open streams. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { watchSessions } from "../services/live_sessions.ts";
import { openFaultProxy } from "./fault_proxy.ts";
import {
  type Answer,
  assertProblem,
  openParty,
  type Person,
  poll,
  signUp,
  startTestService,
  type TestService,
} from "./harness.ts";
import { quietLog } from "./quiet_log.ts";
import { testNodes } from "./set_up.ts";

/** Two nodes of one system. Embedded, each has a relay of its own, so that nothing but the poll crosses between them. */
const [service, neighbour] = testNodes();

async function signInAgain({ email, password }: Person, at = service): Promise<Answer["body"]> {
  const answer = await at.call("POST", "/api/auth/signin", { body: { email, password } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

/** Opens a stream and reads until it ends; one that does not within 10 s fails. */
async function openStream(at: TestService, query: string, headers: Record<string, string>) {
  const response = await fetch(`${at.url}/api/alerts/stream${query}`, { headers, signal: AbortSignal.timeout(10_000) });
  assert.equal(response.status, 200, response.status === 200 ? "" : await response.text());
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value!, /event: ready/);
  const ended = (async () => {
    while (!(await reader.read()).done);
    return performance.now();
  })();
  return { ended, [Symbol.asyncDispose]: () => reader.cancel().catch(() => {}) };
}

Deno.test("What ends sessions ends their streams on every node within 2 s, even when only the database tells", async () => {
  const endings: Record<string, (person: Person) => Promise<unknown>> = {
    "sign-out everywhere": ({ token }) =>
      service.call("POST", "/api/auth/signout", { token, body: { everywhere: true } }),
    "password change": (person) => changePasswordElsewhere(person),
    withdrawal: ({ token, password }) => service.call("DELETE", "/api/me", { token, body: { password } }),
    // Nobody publishes anything here: the poll alone must notice.
    "a lost hint": ({ id }) => service.sql`update sessions set ended_at = now() where user_id = ${id}`,
  };
  for (const [name, end] of Object.entries(endings)) {
    const person = await signUp(service), bystander = await signUp(service);
    const authorization = `Bearer ${person.token}`;
    await using here = await openStream(service, "", { authorization });
    const { ticket } = (await service.call("POST", "/api/auth/tickets", { token: person.token })).body;
    // A ticket is for the node that knows it: embedded, each node has a cache of its own.
    await using there = await openStream(neighbour, "", { authorization });
    await using byTicket = await openStream(service, `?ticket=${ticket}`, {});
    await using untouched = await openStream(service, "", { authorization: `Bearer ${bystander.token}` });
    const at = performance.now();
    await end(person);
    for (const { ended } of [here, there, byTicket]) assert.ok(await ended - at < 2_000 + 500, name);
    assert.equal(await Promise.race([untouched.ended, Promise.resolve("still open")]), "still open");
  }
});

async function changePasswordElsewhere(person: Person): Promise<void> {
  const { accessToken: token } = await signInAgain(person);
  const body = { currentPassword: person.password, newPassword: `pw ${v7()}` };
  assert.equal((await service.call("PUT", "/api/me/password", { token, body })).status, 204);
}

Deno.test("A watched session calls its end once, a forgotten one never, and an end that throws harms nobody", async () => {
  await using watch = await watchSessions({ ...neighbour.deps, log: quietLog });
  const [ending, staying] = [await signUp(service), await signUp(service)];
  const ids = await service.sql<{ userId: string; id: string }[]>`
    select user_id as "userId", id
    from sessions
    where user_id in (${ending.id}, ${staying.id})`;
  const [theirs, others] = [
    ids.find((each) => each.userId === ending.id)!,
    ids.find((each) => each.userId === staying.id)!,
  ];
  const calls: string[] = [];
  const forgotten = watch.add(theirs, () => calls.push("forgotten"));
  watch.add(theirs, () => {
    calls.push("throws");
    throw new Error("an end that throws");
  });
  watch.add(theirs, () => calls.push("ended"));
  watch.add(others, () => calls.push("other"));
  forgotten[Symbol.dispose]();
  await service.call("POST", "/api/auth/signout", { token: ending.token, body: { everywhere: true } });
  // The hint, twice over, on the channel of the other node too: it must not end anything a second time.
  await Promise.all([
    neighbour.deps.relay.publish("sessions", ending.id),
    neighbour.deps.relay.publish("sessions", staying.id),
  ]);
  await poll(() => calls.length >= 2);
  // A session that was over before it was watched: its end shows that another whole round has been made since.
  watch.add(theirs, () => calls.push("over before"));
  await poll(() => calls.length >= 3);
  assert.deepEqual(calls, ["throws", "ended", "over before"]);
});

Deno.test("A watched session is ended when it expires, and when its end was committed late or by a clock that is slow", async () => {
  await using later = await startTestService();
  await using watch = await watchSessions(later.deps);
  const people = [await signUp(later), await signUp(later), await signUp(later)];
  const [first, slow, expiring] = people.map(({ id }) => id) as [string, string, string];
  const ended: string[] = [];
  for (const userId of [first, slow, expiring]) {
    const [{ id }] = await later.sql<[{ id: string }]>`select id from sessions where user_id = ${userId}`;
    watch.add({ id, userId }, () => ended.push(userId));
  }
  await later.sql`update sessions set ended_at = now() where user_id = ${first}`;
  await poll(() => ended.length === 1);
  await later.sql`update sessions set ended_at = now() - interval '40 s' where user_id = ${slow}`;
  await poll(() => ended.length === 2);
  later.clock.advance(90 * 86_400_000);
  await poll(() => ended.length === 3);
  assert.deepEqual(ended, [first, slow, expiring]);
});

Deno.test("A ticket opens one stream, within 30 s, as long as its session lives", async () => {
  const person = await signUp(service);
  const newTicket = async (): Promise<string> => {
    const answer = await service.call("POST", "/api/auth/tickets", { token: person.token });
    assert.equal(answer.status, 201);
    assert.equal(answer.body.expiresInS, 30);
    assert.match(answer.body.ticket, /^[\w-]{43}$/);
    return answer.body.ticket;
  };
  const ticket = await newTicket();
  const answers = await Promise.all(Array.from({ length: 10 }, async () => {
    const response = await fetch(`${service.url}/api/alerts/stream?ticket=${ticket}`);
    await response.body?.cancel();
    return response.status;
  }));
  assert.deepEqual(answers.sort(), [200, ...Array(9).fill(401)]);
  assertProblem(await service.call("GET", "/api/alerts/stream?ticket=nonsense"), 401, "unauthenticated");
  assertProblem(await service.call("GET", "/api/alerts/stream"), 401, "unauthenticated");
  assertProblem(await service.call("GET", `/api/me?ticket=${await newTicket()}`), 401, "unauthenticated");

  const orphan = await newTicket();
  await service.call("POST", "/api/auth/signout", { token: person.token });
  assertProblem(await service.call("GET", `/api/alerts/stream?ticket=${orphan}`), 401, "unauthenticated");
});

Deno.test("A ticket that is older than 30 s is not good", async () => {
  await using later = await startTestService();
  const { token } = await signUp(later);
  const { ticket } = (await later.call("POST", "/api/auth/tickets", { token })).body;
  later.clock.advance(30_000);
  assertProblem(await later.call("GET", `/api/alerts/stream?ticket=${ticket}`), 401, "unauthenticated");
});

Deno.test({
  name: "With Redis down people sign in, go on and sign out, profiles are right, and tickets are 503",
  ignore: !Deno.env.get("REDIS_URL"),
  async fn() {
    await using proxy = await openFaultProxy(Deno.env.get("REDIS_URL")!);
    await using node = await startTestService({ environment: { REDIS_URL: proxy.url } });
    const person = await signUp(node), { id } = await openParty(node, person);
    await node
      .sql`insert into penalties (party_id, user_id, id, created_at) values (${id}, ${person.id}, ${v7()}, now())`;
    await node.sql`update users set penalty_version = 1 where id = ${person.id}`;
    proxy.set("away");
    const answer = await node.call("POST", "/api/auth/tickets", { token: person.token });
    assertProblem(answer, 503, "unavailable");
    assert.ok(answer.headers.get("retry-after"));
    const session = await signInAgain(person, node);
    const { refreshToken } = session;
    const next = await node.call("POST", "/api/auth/refresh", { body: { refreshToken } });
    assert.equal(next.status, 200);
    assert.equal((await node.call("GET", `/api/users/${person.id}`, { token: person.token })).body.penaltyCount, 1);
    await using stream = await openStream(node, "", { authorization: `Bearer ${person.token}` });
    const at = performance.now();
    const options = { token: next.body.accessToken, body: { everywhere: true } };
    assert.equal((await node.call("POST", "/api/auth/signout", options)).status, 204);
    assert.equal((await node.call("GET", "/api/me", { token: person.token })).status, 401);
    assert.ok(await stream.ended - at < 2_500);
    proxy.set("pass");
    const { accessToken: token } = await signInAgain(person, node);
    await poll(async () => (await node.call("POST", "/api/auth/tickets", { token })).status === 201);
  },
});
