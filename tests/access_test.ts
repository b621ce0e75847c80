/**
 * Who may do what: every route of `/openapi.json` against everyone who might call it. A route without a row here fails, and
 * so does any answer that the row does not expect.
 */
import assert from "node:assert/strict";
import { newVapidPair } from "../adapters/vapid.ts";
import { openParty, type Person, poll, signUp, startTestService, type TestService } from "./harness.ts";

const ROLES = ["leader", "member", "applicant", "waiting", "former", "stranger", "admin", "anonymous"] as const;
type Role = (typeof ROLES)[number];
type Expected = Record<Role, number>;

let service: TestService;
let people: Record<Exclude<Role, "anonymous">, Person>;
Deno.test.beforeAll(async () => {
  // A push service that nobody can reach.
  service = await startTestService({ environment: { PUSH_LOCAL_HOSTS: "push.invalid" } });
  const [leader, member, applicant, waiting, former, stranger, admin] = await Promise.all(
    Array.from({ length: 7 }, () => signUp(service)),
  ) as [Person, Person, Person, Person, Person, Person, Person];
  await service.sql`update users set role = 'admin' where id = ${admin.id}`;
  const again = await service.call("POST", "/api/auth/signin", {
    body: { email: admin.email, password: admin.password },
  });
  people = { leader, member, applicant, waiting, former, stranger, admin: { ...admin, token: again.body.accessToken } };
});
Deno.test.afterAll(async () => await service[Symbol.asyncDispose]());

const everyone = (status: number): Expected => Object.fromEntries(ROLES.map((role) => [role, status])) as Expected;
const signedIn = (status: number): Expected => ({ ...everyone(status), anonymous: 401 });
const leaderOnly = (status: number): Expected => ({ ...signedIn(403), leader: status });
const adminOnly = (status: number): Expected => ({ ...signedIn(403), admin: status });
const insiders = (status: number): Expected => ({ ...leaderOnly(status), member: status });

interface Row {
  expected: Expected;
  /** How far the party has come: `open` when not said. */
  state?: "open" | "started" | "done";
  /** What to send, and what stands in the path besides `{id}`, the party, and `{userId}`, the applicant. */
  body?: (own: Person) => unknown | Promise<unknown>;
  path?: (party: { id: string }) => Record<string, string> | Promise<Record<string, string>>;
  query?: string;
  /** The call ends the caller's account or session: made by someone of their own. */
  isLast?: boolean;
}

const future = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
const memberId = () => ({ userId: people.member.id });
const alertOfLeader = async (party: { id: string }) =>
  await poll(async () => {
    const { body } = await service.call("GET", "/api/alerts?limit=100", { token: people.leader.token });
    const alert = body.items.find((each: { partyId: string }) => each.partyId === party.id);
    return alert && { id: alert.id as string };
  });

const ROWS: Record<string, Row> = {
  "GET /healthz": { expected: everyone(200) },
  "GET /readyz": { expected: everyone(200) },
  "GET /metrics": { expected: everyone(200) },
  "GET /asyncapi.json": { expected: everyone(200) },
  "GET /ws": { expected: everyone(426) },

  "POST /api/auth/signup": { expected: everyone(422), body: () => ({ email: "x" }) },
  "POST /api/auth/signin": { expected: everyone(401), body: () => ({ email: "nobody@example.com", password: "-" }) },
  "POST /api/auth/refresh": { expected: everyone(401), body: () => ({ refreshToken: "unknown" }) },
  "POST /api/auth/signout": { expected: signedIn(204), isLast: true },
  "POST /api/auth/tickets": { expected: signedIn(201) },
  "GET /api/me": { expected: signedIn(200) },
  "PATCH /api/me": { expected: signedIn(200), body: () => ({ locale: "ko" }) },
  "GET /api/me/export": { expected: signedIn(200) },
  "PUT /api/me/password": {
    expected: signedIn(204),
    isLast: true,
    body: (own) => ({ currentPassword: own.password, newPassword: `${own.password} again` }),
  },
  "DELETE /api/me": { expected: signedIn(204), isLast: true, body: (own) => ({ password: own.password }) },
  "GET /api/me/parties": { expected: signedIn(200) },
  "GET /api/me/alert-preferences": { expected: signedIn(200) },
  "PUT /api/me/alert-preferences": { expected: signedIn(200), body: () => ({}) },
  "GET /api/users/{id}": { expected: signedIn(200), path: () => ({ id: people.member.id }) },

  "GET /api/items": { expected: everyone(200) },
  "GET /api/items/{id}": { expected: everyone(200), path: async (party) => ({ id: (await read(party)).item.id }) },
  "GET /api/markets": { expected: everyone(200) },
  "GET /api/markets/{id}": { expected: everyone(200), path: async (party) => ({ id: (await read(party)).market.id }) },
  "GET /api/addresses": { expected: signedIn(200), query: "q=서울 중구" },
  "GET /api/regions": { expected: everyone(200) },
  "GET /api/favorites": { expected: signedIn(200) },
  ...favoriteRows("items", "item"),
  ...favoriteRows("markets", "market"),

  "POST /api/parties": {
    expected: signedIn(201),
    body: async () => {
      const { item, market } = await read(await openParty(service, people.leader));
      const amount = { quantity: 10, unit: "ea", capacity: 2 };
      return { itemId: item.id, marketId: market.id, ...amount, startsAt: future(1), endsAt: future(2) };
    },
  },
  "GET /api/parties": { expected: { ...everyone(200), anonymous: 422 } },
  "GET /api/parties/{id}": { expected: everyone(200) },
  "PATCH /api/parties/{id}": { expected: leaderOnly(200), body: () => ({ note: "바뀐 말" }) },
  "POST /api/parties/{id}/confirm": { expected: leaderOnly(200) },
  "POST /api/parties/{id}/complete": { expected: leaderOnly(200), state: "started" },
  "POST /api/parties/{id}/cancel": { expected: leaderOnly(200) },
  "POST /api/parties/{id}/join": {
    expected: { ...signedIn(201), leader: 409, member: 409, applicant: 409, waiting: 409 },
  },
  "POST /api/parties/{id}/offer": {
    expected: { ...signedIn(404), leader: 409, member: 409, applicant: 409, former: 409, waiting: 409 },
    body: () => ({ accept: true }),
  },
  "GET /api/parties/{id}/members": { expected: insiders(200) },
  "PATCH /api/parties/{id}/members/{userId}": { expected: leaderOnly(200), body: () => ({ status: "accepted" }) },
  "DELETE /api/parties/{id}/members/me": {
    expected: { ...signedIn(404), leader: 409, member: 204, applicant: 204, waiting: 204 },
  },
  "PUT /api/parties/{id}/members/{userId}/attendance": {
    expected: leaderOnly(200),
    state: "started",
    path: memberId,
    body: () => ({ attended: true }),
  },
  "GET /api/parties/{id}/calendar.ics": { expected: signedIn(200) },
  "GET /api/me/calendar.ics": { expected: signedIn(200) },
  "GET /api/parties/{id}/check-in": { expected: leaderOnly(200), state: "started" },
  "POST /api/parties/{id}/check-in": {
    expected: { ...signedIn(404), leader: 403, member: 422 },
    state: "started",
    body: () => ({ code: "000000" }),
  },
  "POST /api/parties/{id}/penalties": {
    expected: leaderOnly(201),
    state: "done",
    body: () => ({ userIds: [people.member.id] }),
  },
  "GET /api/parties/{id}/settlement": { expected: insiders(404) },
  "PUT /api/parties/{id}/settlement": {
    expected: leaderOnly(200),
    state: "done",
    body: () => ({ totalKrw: 30_000 }),
  },
  "PUT /api/parties/{id}/settlement/lines/{userId}": {
    expected: { ...signedIn(403), leader: 404, member: 404 },
    state: "done",
    path: memberId,
    body: () => ({ paid: true }),
  },
  "POST /api/parties/{id}/leader-report": {
    expected: { ...signedIn(404), leader: 403, member: 201 },
    state: "started",
  },
  "GET /api/me/penalties": { expected: signedIn(200) },
  "POST /api/penalties/{id}/appeal": { expected: signedIn(404), body: () => ({ text: "갔습니다" }) },
  "GET /api/admin/appeals": { expected: adminOnly(200) },
  "PATCH /api/admin/appeals/{id}": { expected: adminOnly(404), body: () => ({ granted: true }) },
  "POST /api/parties/{id}/chat": { expected: leaderOnly(200) },
  "GET /api/parties/{id}/chat/entries": { expected: insiders(200) },
  "POST /api/parties/{id}/chat/entries": {
    expected: insiders(201),
    body: () => ({ clientMsgId: crypto.randomUUID(), text: "몇 시에 만날까요?" }),
  },
  "PATCH /api/parties/{id}/chat/entries/{seq}": {
    expected: { ...signedIn(403), member: 200 },
    path: textOfMember,
    body: () => ({ text: "두 시에 만날까요?" }),
  },
  "DELETE /api/parties/{id}/chat/entries/{seq}": { expected: insiders(204), path: textOfMember },
  "GET /api/parties/{id}/chat/read": { expected: insiders(200) },
  "PUT /api/parties/{id}/chat/read": { expected: insiders(200), body: () => ({ seq: 1 }) },
  "GET /api/chats": { expected: signedIn(200) },

  "GET /api/push-key": { expected: everyone(200) },
  "POST /api/push-subscriptions": { expected: signedIn(201), body: newBrowser },
  "DELETE /api/push-subscriptions": {
    expected: signedIn(204),
    body: () => ({ endpoint: "https://push.invalid/none" }),
  },

  "GET /api/admin/ingest-runs": { expected: adminOnly(200) },
  "GET /api/admin/ingest-runs/{id}/rejects": { expected: adminOnly(200), path: anyRun },
  "GET /api/admin/dead-letters": { expected: adminOnly(200) },
  "POST /api/admin/dead-letters/replay": { expected: adminOnly(200), body: () => ({ eventIds: ["none"] }) },
  "DELETE /api/admin/dead-letters/{eventId}": { expected: adminOnly(404), path: () => ({ eventId: "none" }) },

  "GET /api/alerts": { expected: signedIn(200) },
  "GET /api/alerts/stream": { expected: signedIn(200) },
  "POST /api/alerts/read-all": { expected: signedIn(204) },
  "PATCH /api/alerts/{id}": {
    expected: { ...signedIn(404), leader: 200 },
    path: alertOfLeader,
    body: () => ({ read: true }),
  },
  "DELETE /api/alerts/{id}": { expected: { ...signedIn(404), leader: 204 }, path: alertOfLeader },
};

async function newBrowser(): Promise<unknown> {
  const { publicKey } = await newVapidPair();
  const endpoint = `https://push.invalid/${crypto.randomUUID()}`;
  return { endpoint, expirationTime: null, keys: { p256dh: publicKey, auth: "A".repeat(22) } };
}

async function textOfMember(party: { id: string }): Promise<{ id: string; seq: string }> {
  const answer = await service.call("POST", `/api/parties/${party.id}/chat/entries`, {
    token: people.member.token,
    body: { clientMsgId: crypto.randomUUID(), text: "몇 시에 만날까요?" },
  });
  return { id: party.id, seq: String(answer.body.seq) };
}

async function anyRun(): Promise<{ id: string }> {
  const [run] = await service.sql<{ id: string }[]>`
    insert into ingest_runs (id, source, epoch, state, started_at)
    values (gen_random_uuid(), 'markets', 1, 'running', now())
    on conflict (source, epoch) do update set state = 'running'
    returning id`;
  return run!;
}

function favoriteRows(kind: "items" | "markets", field: "item" | "market"): Record<string, Row> {
  const row: Row = {
    expected: signedIn(204),
    path: async (party) => ({ id: (await read(party))[field].id }),
  };
  return { [`PUT /api/favorites/${kind}/{id}`]: row, [`DELETE /api/favorites/${kind}/{id}`]: row };
}

Deno.test("every route of /openapi.json has its row of who may call it, and no row is of a route that is gone", async () => {
  const { body } = await service.call("GET", "/openapi.json");
  const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`)
  );
  assert.deepEqual(Object.keys(ROWS).toSorted(), routes.toSorted());
});

for (const [route, row] of Object.entries(ROWS)) {
  Deno.test(`${route} answers everybody as they may expect, and nobody else`, async () => {
    const got: Record<string, number> = {};
    for (const role of ROLES) got[role] = await callAs(role, route, row);
    assert.deepEqual(got, row.expected);
  });
}

/** Makes the call in a party of its own, and gives the status. */
async function callAs(role: Role, route: string, row: Row): Promise<number> {
  const [method, template] = route.split(" ") as [string, string];
  const party = template.includes("{") ? await makeParty(row.state ?? "open") : { id: "" };
  const caller = role === "anonymous" ? null : row.isLast ? await signUp(service) : people[role];
  const values: Record<string, string> = { id: party.id, userId: people.applicant.id, ...await row.path?.(party) };
  const path = template.replace(/\{(\w+)\}/g, (_, name) => values[name]!);
  const body = await row.body?.(caller ?? people.stranger);
  const response = await fetch(`${service.url}${path}?${row.query ?? ""}`, {
    method,
    headers: {
      ...(caller && { authorization: `Bearer ${caller.token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  await response.body?.cancel();
  return response.status;
}

/** A party with one of each: its leader, a member, an applicant, someone who has left, and someone who waits for more. */
async function makeParty(state: NonNullable<Row["state"]>): Promise<{ id: string }> {
  const { leader, member, applicant, waiting, former } = people;
  const party = await openParty(service, leader, { capacity: 6 });
  const path = `/api/parties/${party.id}`;
  const done = async (method: string, rest: string, { token }: Person, body?: unknown) => {
    const answer = await service.call(method, path + rest, { token, body });
    assert.ok(answer.status < 300, `${rest} ${JSON.stringify(answer.body)}`);
  };
  for (const person of [member, applicant, former]) await done("POST", "/join", person, {});
  for (const person of [member, former]) {
    await done("PATCH", `/members/${person.id}`, leader, { status: "accepted" });
  }
  await done("DELETE", "/members/me", former);
  await done("POST", "/join", waiting, { quantity: 8_000, waitlist: true });
  if (state === "open") return party;
  await done("POST", "/confirm", leader);
  await service.sql`update parties set starts_at = now(), join_until = now() where id = ${party.id}`;
  if (state === "done") await done("POST", "/complete", leader);
  return party;
}

async function read(party: { id: string }): Promise<{ item: { id: string }; market: { id: string } }> {
  return (await service.call("GET", `/api/parties/${party.id}`)).body;
}
