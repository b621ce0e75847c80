/** One's own account over HTTP: what one may change, the password, withdrawal, and what others see of a person. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { addItem, assertProblem, joinAccepted, openParty, type Person, signUp } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

const HOME = { roadAddress: "서울특별시 중구 세종대로 110", lat: 37.5663, lng: 126.9779 };

function postSignUp({ email, nickname }: { email: string; nickname: string }) {
  const body = { email, nickname, password: `pw ${v7()}`, consents: { terms: true, privacy: true, location: false } };
  return service.call("POST", "/api/auth/signup", { body });
}

function postSignIn({ email, password }: { email: string; password: string }) {
  return service.call("POST", "/api/auth/signin", { body: { email, password } });
}

Deno.test("PATCH /api/me changes nickname, language and home, each by itself, and forgets the home when told to", async () => {
  const { token, email } = await signUp(service, { home: null });
  const change = async (body: unknown) => {
    const answer = await service.call("PATCH", "/api/me", { token, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  };
  const nickname = `새이름${v7().slice(-10)}`;
  assert.equal((await change({ nickname })).nickname, nickname);
  assert.equal((await change({ locale: "en" })).locale, "en");
  const regionCode = "11140";
  assert.deepEqual((await change({ home: HOME, consents: { location: true } })).home, { ...HOME, regionCode });
  assert.equal((await change({ home: null })).home, null);
  assert.deepEqual((await change({ home: HOME })).home, { ...HOME, regionCode });
  const { id: _id, createdAt: _at, ...me } = await change({});
  assert.deepEqual(me, {
    email,
    nickname,
    role: "user",
    locale: "en",
    home: { ...HOME, regionCode },
    consents: { location: true },
  });
  assert.equal((await change({ consents: { location: false } })).home, null);
  const [row] = await service
    .sql`select home_address, home_lat, home_point, location_at from users where email = ${email}`;
  assert.deepEqual({ ...row }, { home_address: null, home_lat: null, home_point: null, location_at: null });
});

Deno.test("PATCH /api/me refuses a home without consent, a taken nickname and anything that is not the person's to change", async () => {
  const other = await signUp(service), { token } = await signUp(service, { home: null });
  const before = (await service.call("GET", "/api/me", { token })).body;
  const cases: [string, Record<string, unknown>][] = [
    ["/consents/location", { home: HOME }],
    ["/consents/location", { home: HOME, consents: { location: false } }],
    ["/home/lng", { home: { ...HOME, lng: 0 }, consents: { location: true } }],
    ["/role", { role: "admin" }],
    ["/email", { email: `${v7()}@example.com` }],
    ["/penaltyCount", { penaltyCount: 0 }],
    ["/nickname", { nickname: "" }],
    ["/locale", { locale: "fr" }],
  ];
  for (const [pointer, wrong] of cases) {
    const body = { ...(pointer !== "/nickname" && { nickname: `또${v7().slice(-10)}` }), ...wrong };
    assertProblem(await service.call("PATCH", "/api/me", { token, body }), 422, "invalid-input", pointer);
  }
  const taken = { nickname: other.nickname.toUpperCase(), locale: "en" };
  assertProblem(await service.call("PATCH", "/api/me", { token, body: taken }), 409, "nickname-taken");
  assert.deepEqual((await service.call("GET", "/api/me", { token })).body, before);
});

Deno.test("PUT /api/me/password wants the present password, takes no common one, and ends the other sessions", async () => {
  const person = await signUp(service);
  const elsewhere = (await postSignIn(person)).body;
  const put = (currentPassword: string, newPassword: string) =>
    service.call("PUT", "/api/me/password", { token: person.token, body: { currentPassword, newPassword } });
  assertProblem(await put("wrong password", `pw ${v7()}`), 401, "bad-credentials");
  assertProblem(await put(person.password, "qwerty123"), 422, "invalid-input", "/newPassword");
  assertProblem(await put(person.password, person.nickname + "12"), 422, "invalid-input", "/newPassword");
  assertProblem(await put(person.password, "short 7"), 422, "invalid-input", "/newPassword");
  assert.equal((await service.call("GET", "/api/me", { token: elsewhere.accessToken })).status, 200);

  const newPassword = `pw ${v7()}`;
  assert.equal((await put(person.password, newPassword)).status, 204);
  assert.equal((await service.call("GET", "/api/me", { token: person.token })).status, 200);
  assertProblem(await service.call("GET", "/api/me", { token: elsewhere.accessToken }), 401, "unauthenticated");
  const { refreshToken } = elsewhere;
  const refreshed = await service.call("POST", "/api/auth/refresh", { body: { refreshToken } });
  assertProblem(refreshed, 401, "unauthenticated");
  assertProblem(await postSignIn(person), 401, "bad-credentials");
  assert.equal((await postSignIn({ email: person.email, password: newPassword })).status, 200);
});

Deno.test("A sign-in with the old password that a password change overtakes leaves no session behind", async () => {
  const person = await signUp(service), newPassword = `pw ${v7()}`;
  const change = { token: person.token, body: { currentPassword: person.password, newPassword } };
  const [changed, ...signIns] = await Promise.all([
    service.call("PUT", "/api/me/password", change),
    ...Array.from({ length: 12 }, () => postSignIn(person)),
  ]);
  assert.equal(changed.status, 204);
  for (const { status, body } of signIns) {
    if (status === 200) assert.equal((await service.call("GET", "/api/me", { token: body.accessToken })).status, 401);
    else assert.equal(body.code, "bad-credentials");
  }
});

Deno.test("DELETE /api/me wants the password and erases all that tells who the person was", async () => {
  const [leader, member] = [await signUp(service), await signUp(service)];
  const [led, joined] = [await openParty(service, member), await openParty(service, leader)];
  await joinAccepted(service, joined, leader, member);
  const message = { clientMsgId: "1", text: "내일 봬요" };
  const said = await service.call("POST", `/api/parties/${joined.id}/chat/entries`, {
    token: member.token,
    body: message,
  });
  assert.equal(said.status, 201, JSON.stringify(said.body));
  const item = await addItem(service);
  assert.equal((await service.call("PUT", `/api/favorites/items/${item.id}`, { token: member.token })).status, 204);
  await service.sql`
    insert into alerts (user_id, seq, id, event_id, type, payload, created_at)
    values (${member.id}, 1000, ${v7()}, ${v7()}, 'join.accepted', '{}', now())`;
  await service.sql`
    insert into idempotency_keys (user_id, key, request_hash, status, response, created_at)
    values (${member.id}, 'k', '', 201, ${service.sql.json({ nickname: member.nickname })}, now())`;

  const withdraw = (password: string) => service.call("DELETE", "/api/me", { token: member.token, body: { password } });
  assertProblem(await withdraw("wrong password"), 401, "bad-credentials");
  assertProblem(
    await service.call("DELETE", "/api/me", { token: member.token, body: {} }),
    422,
    "invalid-input",
    "/password",
  );
  assert.equal((await service.call("GET", "/api/me", { token: member.token })).status, 200);
  assert.equal((await withdraw(member.password)).status, 204);

  assertProblem(await service.call("GET", "/api/me", { token: member.token }), 401, "unauthenticated");
  const { refreshToken } = member;
  assertProblem(await service.call("POST", "/api/auth/refresh", { body: { refreshToken } }), 401, "unauthenticated");
  await assertErased(member);
  const seen = { token: leader.token };
  const profile = (await service.call("GET", `/api/users/${member.id}`, seen)).body;
  assert.equal(profile.nickname, "탈퇴한 사용자");
  assert.equal((await service.call("GET", `/api/parties/${led.id}`, seen)).body.status, "cancelled");
  assert.equal((await service.call("GET", `/api/parties/${joined.id}`, seen)).body.memberCount, 1);
  const { items } = (await service.call("GET", `/api/parties/${joined.id}/chat/entries`, seen)).body;
  const kept = items.find((entry: { id: string }) => entry.id === said.body.id);
  assert.deepEqual([kept.text, kept.sender], ["내일 봬요", { id: member.id, nickname: "탈퇴한 사용자" }]);

  const again = await postSignUp({ email: member.email, nickname: member.nickname });
  assert.equal(again.status, 201, JSON.stringify(again.body));
  assert.notEqual(again.body.user.id, member.id);
});

/** Not in any table, whoever's row it is, and no rows of their own where those are about them alone. */
async function assertErased({ id, email, nickname }: Person): Promise<void> {
  const tables = await service.sql<{ name: string }[]>`
    select table_name as name
    from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`;
  for (const { name } of tables) {
    const named = await service.sql`
      select 1
      from ${service.sql(name)} t
      where strpos(t::text, ${email}) > 0 or strpos(t::text, ${nickname}) > 0`;
    assert.equal(named.length, 0, name);
  }
  for (const name of ["favorite_items", "favorite_markets", "alerts", "idempotency_keys"]) {
    const theirs = await service.sql`select 1 from ${service.sql(name)} where user_id = ${id}`;
    assert.equal(theirs.length, 0, name);
  }
  const [row] = await service.sql`
    select num_nonnulls(email, password_hash, nickname, home_address, home_lat, home_lng, home_region_code, location_at) as kept,
      withdrawn_at as at
    from users
    where id = ${id}`;
  assert.ok(row!.at && row!.kept === 0);
}

Deno.test("Nobody is in a party after withdrawing, even when they join and open parties at the same moment", async () => {
  const leader = await signUp(service);
  const parties = await Promise.all(Array.from({ length: 6 }, () => openParty(service, leader, { autoAccept: true })));
  for (let round = 0; round < 3; round++) {
    const person = await signUp(service);
    const storm = await Promise.all([
      ...parties.slice(0, 3).map(({ id }) =>
        service.call("POST", `/api/parties/${id}/join`, { token: person.token, body: {} })
      ),
      service.call("DELETE", "/api/me", { token: person.token, body: { password: person.password } }),
      openParty(service, person).then(({ id }) => ({ status: 201, body: { id } }), () => null),
      ...parties.slice(3).map(({ id }) =>
        service.call("POST", `/api/parties/${id}/join`, { token: person.token, body: {} })
      ),
    ]);
    assert.ok(
      storm.every((answer) => answer === null || [201, 204, 401].includes(answer.status)),
      JSON.stringify(storm),
    );
    const still = await service.sql`
      select 1
      from party_members m join parties p on p.id = m.party_id
      where m.user_id = ${person.id} and m.status in ('pending', 'accepted') and p.status in ('open', 'confirmed')`;
    assert.equal(still.length, 0);
  }
});

Deno.test("GET /api/users/{id} shows nickname, attendance of done parties and penalties, and nothing else", async () => {
  const [leader, member] = [await signUp(service), await signUp(service)];
  for (
    const [status, attended] of [["done", true], ["done", true], ["done", false], ["done", null], ["confirmed", true]]
  ) {
    const party = await openParty(service, leader);
    await joinAccepted(service, party, leader, member);
    await service.sql`update parties set status = ${status as string} where id = ${party.id}`;
    await service.sql`
      update party_members
      set attended = ${attended as boolean | null}
      where party_id = ${party.id} and user_id = ${member.id}`;
  }
  const answer = await service.call("GET", `/api/users/${member.id}`, { token: leader.token });
  assert.equal(answer.status, 200);
  const { joinedAt, ...said } = answer.body;
  assert.match(joinedAt, /Z$/);
  assert.deepEqual(said, {
    id: member.id,
    nickname: member.nickname,
    penaltyCount: 0,
    attendance: { attended: 2, total: 3 },
    lateCancellations: 0,
    settledOnTime: { onTime: 0, total: 0 },
  });
});

Deno.test("GET /api/users/{id} answers 404 for nobody and for what is not an id", async () => {
  const { token } = await signUp(service);
  assertProblem(await service.call("GET", `/api/users/${v7()}`, { token }), 404, "not-found");
  assertProblem(await service.call("GET", "/api/users/me", { token }), 404, "not-found");
});

Deno.test("No route for signed-in people answers without a token, or with one that is not ours", async () => {
  const routes: [string, string][] = [
    ["GET", "/api/me"],
    ["PATCH", "/api/me"],
    ["PUT", "/api/me/password"],
    ["DELETE", "/api/me"],
    ["GET", `/api/users/${v7()}`],
    ["POST", "/api/auth/signout"],
    ["POST", "/api/auth/tickets"],
  ];
  for (const [method, path] of routes) {
    for (const token of [undefined, "abc", "eyJhbGciOiJub25lIn0.e30."]) {
      const answer = await service.call(method, path, {
        ...(token && { token }),
        ...(method !== "GET" && { body: {} }),
      });
      assertProblem(answer, 401, "unauthenticated");
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    }
  }
});

Deno.test("No answer holds a password, a hash, a session's id, or another person's e-mail or home", async () => {
  const [person, other] = [await signUp(service), await signUp(service)];
  const party = await openParty(service, other);
  await joinAccepted(service, party, other, person);
  const [{ hash, sessionId }] = await service.sql`
    select u.password_hash as hash, s.id as "sessionId"
    from users u join sessions s on s.user_id = u.id
    where u.id = ${person.id}` as unknown as [{ hash: string; sessionId: string }];
  const paths = [
    "/api/me",
    `/api/users/${other.id}`,
    `/api/users/${person.id}`,
    `/api/parties/${party.id}`,
    `/api/parties/${party.id}/members`,
    "/api/me/parties",
    "/api/alerts",
  ];
  const answers = await Promise.all(paths.map((path) => service.call("GET", path, { token: person.token })));
  answers.push(await postSignIn(person), await postSignIn({ ...person, password: "wrong password" }));
  answers.push(
    await postSignUp({ ...person, email: other.email }),
    await postSignUp({ ...other, email: `${v7()}@example.com` }),
  );
  for (const { body } of answers) {
    const text = JSON.stringify(body);
    for (
      const secret of [hash, sessionId, person.password, other.email, other.password, other.refreshToken, other.token]
    ) {
      assert.ok(!text.includes(secret), text);
    }
    assert.doesNotMatch(text, /argon2|password_?hash/i);
  }
  assert.doesNotMatch(JSON.stringify(answers.slice(1, 7).map(({ body }) => body)), /@example\.com|"home"/);
});
