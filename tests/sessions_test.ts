/** Sessions: how they go on, how their tokens travel, and how they end. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { type Answer, assertProblem, type Person, signUp, startTestService } from "./harness.ts";
import { testNodes } from "./set_up.ts";

/** Two nodes of one system. Embedded, each has a relay of its own, so that nothing but the poll crosses between them. */
const [service, neighbour] = testNodes();

const DAY_MS = 86_400_000;

function refresh(refreshToken: string, at = service): Promise<Answer> {
  return at.call("POST", "/api/auth/refresh", { body: { refreshToken } });
}

async function signInAgain({ email, password }: Person, at = service): Promise<Answer["body"]> {
  const answer = await at.call("POST", "/api/auth/signin", { body: { email, password } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

async function me(token: string, at = service): Promise<number> {
  return (await at.call("GET", "/api/me", { token })).status;
}

Deno.test("POST /api/auth/refresh goes on with the session: new tokens for the old one, the same person", async () => {
  const person = await signUp(service);
  let refreshToken = person.refreshToken;
  for (let i = 0; i < 3; i++) {
    const answer = await refresh(refreshToken, i % 2 ? neighbour : service);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(answer.body.user.id, person.id);
    assert.notEqual(answer.body.refreshToken, refreshToken);
    assert.equal(await me(answer.body.accessToken), 200);
    refreshToken = answer.body.refreshToken;
  }
  assert.equal(await me(person.token), 200);
});

Deno.test("POST /api/auth/refresh ends the whole session when a token comes back, and no other session", async () => {
  const person = await signUp(service), elsewhere = await signInAgain(person);
  const second = (await refresh(person.refreshToken)).body;
  assertProblem(await refresh(person.refreshToken), 401, "refresh-reused");
  assert.equal(await me(person.token), 401);
  assert.equal(await me(second.accessToken), 401);
  assertProblem(await refresh(second.refreshToken), 401, "unauthenticated");
  assertProblem(await refresh(person.refreshToken), 401, "refresh-reused");
  assert.equal(await me(elsewhere.accessToken), 200);
  assert.equal((await refresh(elsewhere.refreshToken)).status, 200);
});

Deno.test("Of twenty who use one refresh token at once on two nodes exactly one gets a session, and it is ended", async () => {
  const person = await signUp(service);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => refresh(person.refreshToken, i % 2 ? neighbour : service)),
  );
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  for (const answer of answers) if (answer !== won[0]) assertProblem(answer, 401, "refresh-reused");
  assert.equal(await me(won[0]!.body.accessToken), 401);
  assertProblem(await refresh(won[0]!.body.refreshToken), 401, "unauthenticated");
});

Deno.test("POST /api/auth/refresh refuses what is not a refresh token", async () => {
  const { token } = await signUp(service);
  for (const wrong of [token.slice(0, 200), "x", v7(), "a\u0000b"]) {
    assertProblem(await refresh(wrong), 401, "unauthenticated");
  }
  assertProblem(await service.call("POST", "/api/auth/refresh", { body: {} }), 401, "unauthenticated");
  const cases: [string, unknown][] = [
    ["/refreshToken", { refreshToken: "" }],
    ["/refreshToken", { refreshToken: 5 }],
    ["/userId", { userId: v7() }],
  ];
  for (const [pointer, body] of cases) {
    assertProblem(await service.call("POST", "/api/auth/refresh", { body }), 422, "invalid-input", pointer);
  }
});

Deno.test("An access token lives 15 minutes, a refresh token 30 days, a session 90 days however often it is refreshed", async () => {
  await using later = await startTestService();
  const person = await signUp(later), idle = await signInAgain(person, later);
  later.clock.advance(14 * 60_000);
  assert.equal(await me(person.token, later), 200);
  later.clock.advance(2 * 60_000);
  assert.equal(await me(person.token, later), 401);
  // A client that still sends the expired one gets its new one all the same.
  const options = { token: person.token, body: { refreshToken: person.refreshToken } };
  let session = (await later.call("POST", "/api/auth/refresh", options)).body;
  assert.equal(await me(session.accessToken, later), 200);
  for (let day = 29; day < 87; day += 29) {
    later.clock.advance(29 * DAY_MS);
    session = (await refresh(session.refreshToken, later)).body;
  }
  assertProblem(await refresh(idle.refreshToken, later), 401, "unauthenticated");
  later.clock.advance(29 * DAY_MS);
  session = (await refresh(session.refreshToken, later)).body;
  assert.equal(await me(session.accessToken, later), 200);
  later.clock.advance(4 * DAY_MS);
  assertProblem(await refresh(session.refreshToken, later), 401, "unauthenticated");

  // The next sign-in clears away what is over.
  await signInAgain(person, later);
  const [left] = await later.sql`
    select (select count(*)::int from sessions) as sessions, (select count(*)::int from refresh_tokens) as tokens`;
  assert.deepEqual({ ...left }, { sessions: 1, tokens: 1 });
});

Deno.test("Neither refresh tokens nor tickets are stored as they are", async () => {
  const person = await signUp(service);
  const [row] = await service.sql`
    select count(*)::int as hits
    from refresh_tokens t
    where t::text like ${`%${person.refreshToken}%`} or t::text like ${`%${
    new TextEncoder().encode(person.refreshToken).toHex()
  }%`}`;
  assert.equal(row!.hits, 0);
  const { ticket } = (await service.call("POST", "/api/auth/tickets", { token: person.token })).body;
  assert.equal(await service.deps.cache.get(`ticket:${ticket}`), null);
});

Deno.test("With refreshTransport cookie the refresh token travels in an HttpOnly, SameSite=Strict cookie for /api/auth alone", async () => {
  const email = `${v7()}@example.com`, password = `pw ${v7()}`, nickname = `쿠키${v7().slice(-10)}`;
  const consents = { terms: true, privacy: true, location: false };
  const signedUp = await service.call("POST", "/api/auth/signup", {
    body: { email, password, nickname, consents, refreshTransport: "cookie" },
  });
  assert.equal(signedUp.status, 201);
  const signedIn = await service.call("POST", "/api/auth/signin", {
    body: { email, password, refreshTransport: "cookie" },
  });
  const refreshed = await service.call("POST", "/api/auth/refresh", { headers: { cookie: cookieOf(signedIn) } });
  for (const answer of [signedUp, signedIn, refreshed]) {
    assert.equal(answer.body.refreshToken, undefined);
    const attributes = answer.headers.get("set-cookie")!.split("; ").slice(1).sort();
    assert.deepEqual(attributes, ["HttpOnly", "Max-Age=2592000", "Path=/api/auth", "SameSite=Strict", "Secure"]);
    assert.equal(await me(answer.body.accessToken), 200);
  }
  assert.notEqual(cookieOf(refreshed), cookieOf(signedIn));
  const replayed = await service.call("POST", "/api/auth/refresh", { headers: { cookie: cookieOf(signedIn) } });
  assertProblem(replayed, 401, "refresh-reused");

  const out = await service.call("POST", "/api/auth/signout", { token: signedUp.body.accessToken });
  assert.equal(out.status, 204);
  assert.match(out.headers.get("set-cookie")!, /^moajang_refresh=; Max-Age=0; Path=\/api\/auth/);
});

Deno.test("A body transport sets no cookie, and over plain HTTP on purpose the cookie goes without Secure", async () => {
  const person = await signUp(service);
  const { headers } = await service.call("POST", "/api/auth/signin", {
    body: { email: person.email, password: person.password },
  });
  assert.equal(headers.get("set-cookie"), null);
  const { database, namespace } = service;
  await using plain = await startTestService({
    database,
    namespace,
    environment: { PUBLIC_ORIGIN: "http://localhost:8000" },
  });
  const body = { email: person.email, password: person.password, refreshTransport: "cookie" };
  assert.doesNotMatch((await plain.call("POST", "/api/auth/signin", { body })).headers.get("set-cookie")!, /Secure/);
});

Deno.test("A page of a foreign origin cannot refresh with the cookie; those of our own and the allowed ones can", async () => {
  const { database, namespace } = service;
  await using open = await startTestService({
    database,
    namespace,
    environment: { ALLOWED_ORIGINS: "https://app.example.com" },
  });
  const { email, password } = await signUp(service);
  const body = { email, password, refreshTransport: "cookie" };
  let cookie = cookieOf(await open.call("POST", "/api/auth/signin", { body }));
  for (const origin of ["https://evil.example", "null", "https://app.example.com.evil.example", `http://127.0.0.1:1`]) {
    const answer = await open.call("POST", "/api/auth/refresh", { headers: { cookie, origin } });
    assertProblem(answer, 403, "origin-not-allowed");
  }
  for (const origin of [open.url, "https://app.example.com"]) {
    const answer = await open.call("POST", "/api/auth/refresh", { headers: { cookie, origin } });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    cookie = cookieOf(answer);
  }
});

function cookieOf({ headers }: Answer): string {
  return headers.get("set-cookie")!.split(";")[0]!;
}

Deno.test("POST /api/auth/signout ends this session; with everywhere all of them, on every node", async () => {
  const person = await signUp(service), other = await signUp(service);
  const [first, second] = [await signInAgain(person), await signInAgain(person)];
  const signOut = (token: string, body?: unknown) => service.call("POST", "/api/auth/signout", { token, body });
  assertProblem(await signOut(first.accessToken, { everywhere: "yes" }), 422, "invalid-input", "/everywhere");
  assertProblem(await signOut(first.accessToken, { userId: other.id }), 422, "invalid-input", "/userId");
  assert.equal((await signOut(first.accessToken)).status, 204);
  assert.equal(await me(first.accessToken, neighbour), 401);
  assertProblem(await refresh(first.refreshToken, neighbour), 401, "unauthenticated");
  assertProblem(await signOut(first.accessToken), 401, "unauthenticated");
  assert.equal(await me(person.token, neighbour), 200);
  assert.equal((await signOut(second.accessToken, { everywhere: true })).status, 204);
  assert.equal(await me(person.token, neighbour), 401);
  assertProblem(await refresh(person.refreshToken, neighbour), 401, "unauthenticated");
  assert.equal(await me(other.token, neighbour), 200);
});
