/** Signing up and in over HTTP, passwords, and guesses at them. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { argon2Passwords } from "../adapters/passwords_argon2.ts";
import { isCommonPassword } from "../services/common_passwords.ts";
import { LATIN_WORDS } from "../services/common_words.ts";
import { assertProblem, signUp, startTestService } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const HOME = { roadAddress: "서울특별시 중구 세종대로 110", lat: 37.5663, lng: 126.9779 };

function newcomer(overrides: Record<string, unknown> = {}) {
  return {
    email: `${v7()}@example.com`,
    password: `pw ${v7()}`,
    nickname: `이웃${v7().slice(-10)}`,
    consents: { terms: true, privacy: true, location: true },
    ...overrides,
  };
}

function postSignUp(overrides: Record<string, unknown> = {}) {
  return service.call("POST", "/api/auth/signup", { body: newcomer(overrides) });
}

function postSignIn({ email, password }: { email: string; password: string }) {
  return service.call("POST", "/api/auth/signin", { body: { email, password } });
}

Deno.test("POST /api/auth/signup answers a session of the new person, with role user and the home's region", async () => {
  const body = newcomer({ email: `  ${v7()}@EXAMPLE.com `, nickname: "  별빛 " + v7().slice(-10), home: HOME });
  const answer = await service.call("POST", "/api/auth/signup", { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  const { accessToken, expiresInS, refreshToken, user, ...rest } = answer.body;
  assert.deepEqual(rest, {});
  assert.ok(expiresInS > 0 && expiresInS <= 900 && refreshToken.length >= 43);
  const { id, createdAt, ...said } = user;
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(said, {
    email: (body.email as string).trim().toLowerCase(),
    nickname: (body.nickname as string).trim(),
    role: "user",
    home: { ...HOME, regionCode: "11140" },
    locale: "ko",
    consents: { location: true },
  });
  assert.deepEqual((await service.call("GET", "/api/me", { token: accessToken })).body, user);
});

Deno.test("POST /api/auth/signup refuses each wrong field by its name and keeps nothing of it", async () => {
  const cases: [string, Record<string, unknown>][] = [
    ["/role", { role: "admin" }],
    ["/isAdmin", { isAdmin: true }],
    ["/email", { email: "not an e-mail" }],
    ["/email", { email: `a\u0000${v7()}@example.com` }],
    ["/password", { password: "short 7" }],
    ["/password", { password: "x1 ".repeat(43) }],
    ["/password", { password: "Password1!" }],
    ["/password", { password: 12345678901 }],
    ["/nickname", { nickname: "한" }],
    ["/nickname", { nickname: "두\n줄" }],
    ["/nickname", { nickname: "가".repeat(21) }],
    ["/consents/terms", { consents: { terms: false, privacy: true, location: true } }],
    ["/consents/privacy", { consents: { terms: true, location: true } }],
    ["/consents/marketing", { consents: { terms: true, privacy: true, location: true, marketing: true } }],
    ["/consents/location", { home: HOME, consents: { terms: true, privacy: true, location: false } }],
    ["/home/lat", { home: { ...HOME, lat: 12 } }],
    ["/home/regionCode", { home: { ...HOME, regionCode: "11140" } }],
    ["/refreshTransport", { refreshTransport: "header" }],
  ];
  for (const [pointer, wrong] of cases) {
    const body = newcomer(wrong);
    assertProblem(await service.call("POST", "/api/auth/signup", { body }), 422, "invalid-input", pointer);
    const rows = await service.sql`select 1 from users where nickname = ${String(body.nickname)}`;
    assert.equal(rows.length, 0, pointer);
  }
});

Deno.test("A common password is refused however it is dressed up, and an uncommon one is not", () => {
  const owner = { email: "minsu.kim@example.com", nickname: "봄날의곰" };
  const refused = [
    ..."password Passw0rd P@ssword! password1234 qwertyuiop QWERTY123 1q2w3e4r 1q2w3e4r! 1qaz2wsx zaq1xsw2 asdf1234"
      .split(" "),
    ..."12345678 87654321 11111111 12121212 123123123 20262026 19900101 147258369 a1b2c3d4 abcd1234 iloveyou iloveyou2"
      .split(" "),
    ..."dragon99 sunshine2024 !monkey123! letmein! football hellokitty aaaabbbb abababab !@#$%^&* qqwweerrtt".split(
      " ",
    ),
    ..."비밀번호비밀번호 사랑해사랑해 비밀번호1234 qlalfqjsgh tkfkdgo1234 ㅂㅈㄷㄱㅅㅛㅕㅑ ㅁㄴㅇㄹㅁㄴㅇㄹ ㅁㄴㅇㄹ호ㅓㅏㅣ 가나다라마바사아"
      .split(" "),
    ..."minsu.kim minsu.kim1 minsu.kim@example.com Minsu.Kim2026! 봄날의곰봄날의곰 봄날의곰1234".split(" "),
  ];
  for (const password of refused) assert.ok(isCommonPassword(password, owner), password);
  const listed = LATIN_WORDS.flatMap((word) => [word, `${word}1`, `${word}123`]).filter((each) => each.length >= 8);
  assert.ok(listed.length > 3_000);
  for (const password of listed) assert.ok(isCommonPassword(password, owner), password);
  const fine = [
    "correct horse battery staple",
    "trombone-lettuce",
    "우리집 옥상의 초록 고래",
    "mW3#kq0Zr!",
    "하얀 눈 위에 구두 발자국",
  ];
  for (const password of fine) assert.ok(!isCommonPassword(password, owner), password);
});

Deno.test("POST /api/auth/signup refuses an e-mail or nickname that is taken, whatever its case", async () => {
  const { email, nickname } = await signUp(service, { nickname: `Alice${v7().slice(-10)}` });
  assertProblem(await postSignUp({ email: email.toUpperCase() }), 409, "email-taken");
  assertProblem(await postSignUp({ nickname: nickname.toLowerCase() }), 409, "nickname-taken");
});

Deno.test("POST /api/auth/signup makes one account of fifty that want the same e-mail at once", async () => {
  const email = `${v7()}@example.com`;
  const answers = await Promise.all(Array.from({ length: 50 }, () => postSignUp({ email })));
  assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  for (const answer of answers) if (answer.status !== 201) assertProblem(answer, 409, "email-taken");
  const rows = await service.sql`select 1 from users where email = ${email}`;
  assert.equal(rows.length, 1);
});

Deno.test("POST /api/auth/signin takes the e-mail in any case and the password in any composition of 한글", async () => {
  const body = newcomer({ password: "초록색 고래의 꿈" });
  assert.equal((await service.call("POST", "/api/auth/signup", { body })).status, 201);
  const answer = await postSignIn({
    email: ` ${String(body.email).toUpperCase()} `,
    password: String(body.password).normalize("NFD"),
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.user.nickname, body.nickname);
  assert.equal((await service.call("GET", "/api/me", { token: answer.body.accessToken })).status, 200);
});

Deno.test("POST /api/auth/signin tells nobody whether e-mail or password was wrong, or the account withdrawn", async () => {
  const person = await signUp(service), gone = await signUp(service);
  await service.call("DELETE", "/api/me", { token: gone.token, body: { password: gone.password } });
  const answers = await Promise.all([
    postSignIn({ email: person.email, password: "wrong " + v7() }),
    postSignIn({ email: `${v7()}@example.com`, password: person.password }),
    postSignIn({ email: "not an e-mail", password: person.password }),
    postSignIn({ email: gone.email, password: gone.password }),
  ]);
  for (const answer of answers) assertProblem(answer, 401, "bad-credentials");
  assert.equal(new Set(answers.map(({ body: { requestId: _, ...said } }) => JSON.stringify(said))).size, 1);
});

Deno.test("POST /api/auth/signin refuses what is not e-mail and password", async () => {
  const { email, password } = await signUp(service);
  const cases: [string, Record<string, unknown>][] = [
    ["/email", { password }],
    ["/email", { email: "a\u0000b@example.com", password }],
    ["/password", { email }],
    ["/password", { email, password: "x".repeat(1025) }],
    ["/role", { email, password, role: "admin" }],
  ];
  for (const [pointer, body] of cases) {
    assertProblem(await service.call("POST", "/api/auth/signin", { body }), 422, "invalid-input", pointer);
  }
});

Deno.test("Guesses at one account are bounded over all addresses, and those of one address over all accounts", async () => {
  await using strict = await startTestService({
    environment: { RATE_LIMIT_FACTOR: "1", TRUSTED_PROXIES: "127.0.0.1" },
  });
  const guess = (email: string, password: string, address: string) =>
    strict.call("POST", "/api/auth/signin", { body: { email, password }, headers: { "x-forwarded-for": address } });
  const [victim, other] = [await signUp(strict), await signUp(strict)];
  const fromMany = await Promise.all(
    Array.from({ length: 30 }, (_, i) => guess(victim.email, "wrong password", `203.0.113.${i + 1}`)),
  );
  for (const answer of fromMany) assertProblem(answer, 401, "bad-credentials");
  const next = await guess(victim.email, victim.password, "203.0.113.99");
  assertProblem(next, 429, "rate-limited");
  assert.ok(Number(next.headers.get("retry-after")) >= 1);
  assert.equal((await guess(other.email, other.password, "203.0.113.99")).status, 200);

  const fromOne = await Promise.all(
    Array.from({ length: 21 }, () => guess(`${v7()}@example.com`, "wrong password", "198.51.100.7")),
  );
  assert.equal(fromOne.filter(({ status }) => status === 401).length, 20);
  assertProblem(fromOne.find(({ status }) => status !== 401)!, 429, "rate-limited");

  // Who holds an access token guesses no more freely: the count is the account's own.
  const body = { currentPassword: victim.password, newPassword: `pw ${v7()}` };
  assertProblem(await strict.call("PUT", "/api/me/password", { token: victim.token, body }), 429, "rate-limited");
  const ending = { token: victim.token, body: { password: victim.password } };
  assertProblem(await strict.call("DELETE", "/api/me", ending), 429, "rate-limited");
});

Deno.test("Nobody's password costs the work of checking one, and too long a queue is refused", async () => {
  const passwords = argon2Passwords({ atOnce: 2, waitingMax: 5 });
  const hash = await passwords.hash("초록 고래");
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const checks = [passwords.verify(hash, "초록 고래"), passwords.verify(hash, "고래"), passwords.verify(null, "고래")];
  assert.deepEqual(await Promise.all(checks), [true, false, false]);
  const burst = await Promise.allSettled(Array.from({ length: 20 }, () => passwords.verify(null, "고래")));
  const refused = burst.filter((each) => each.status === "rejected");
  assert.equal(refused.length, 13);
  assert.ok(refused.every(({ reason }) => reason.code === "unavailable"));
  assert.equal(await passwords.verify(hash, "초록 고래"), true);
});
