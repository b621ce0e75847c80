/**
 * What the tests share: the real service on port 0 with a database of its own, people and rows made for one test, and ways
 * to ask and to wait. Without DATABASE_URL, REDIS_URL and AMQP_URL everything is embedded; with them, real.
 */
import assert from "node:assert/strict";
import postgres from "postgres";
import { v7 } from "uuid";
import { readConfig } from "../adapters/config.ts";
import { openEmbeddedPostgres } from "../adapters/postgres_embedded.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import { newVapidPair } from "../adapters/vapid.ts";
import type { Party } from "../contract/parties.ts";
import { type Service, startJobs, startService } from "../main.ts";
import type { Clock, Deps, Relay, Sql } from "../services/ports.ts";
import { itemRow } from "../services/item_rows.ts";
import { searchTextOf } from "../services/search_text.ts";
import { clearNamespace } from "./broker.ts";
import { quietLog } from "./quiet_log.ts";

export { poll } from "./poll.ts";

/** Real time, moved on by what the test says. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** An answer, its body read. */
export interface Answer {
  status: number;
  // deno-lint-ignore no-explicit-any -- a test reads whatever shape it expects, and fails when it is not there
  body: any;
  headers: Headers;
}

/** A running service with what a test needs to talk to it. */
export interface TestService extends AsyncDisposable {
  url: string;
  wsUrl: string;
  database: TestDatabase;
  namespace: string;
  deps: Deps;
  sql: Sql;
  clock: TestClock;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
}

/** What a request carries besides its path. A string body goes as it is. */
export interface CallOptions {
  token?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** A database of a test file's own, dropped at the end. */
export interface TestDatabase extends AsyncDisposable {
  /** A URL, or the socket of the embedded server. */
  environment: Record<string, string>;
}

/** What a node is given beyond the tests' own settings, or in their place. */
export interface NodeOptions {
  environment?: Record<string, string>;
  clock?: TestClock;
  relay?: Relay;
}

/** Starts the service, on a database and under names of its own unless told otherwise. */
export async function startTestService(
  options: NodeOptions & { database?: TestDatabase; namespace?: string } = {},
): Promise<TestService> {
  await using stack = new AsyncDisposableStack();
  const database = options.database ?? stack.use(await createDatabase());
  const namespace = options.namespace ?? `test-${v7().slice(-12)}`;
  const clock = options.clock ?? movableClock();
  const config = readConfig({ ...environmentOf({ database, namespace }), ...options.environment });
  if (config.AMQP_URL && !options.namespace) stack.defer(() => clearQueues(config.AMQP_URL!, namespace, database));
  const service: Service = stack.use(await startService(config, { clock, log: quietLog, relay: options.relay }));
  // With RabbitMQ a worker does this, which belongs to the system under test.
  if (config.AMQP_URL && !options.namespace) await startJobs(config, service.deps, stack);
  const url = `http://127.0.0.1:${service.port}`;
  const stopping = stack.move();
  return {
    url,
    wsUrl: `ws://127.0.0.1:${service.port}/ws`,
    database,
    namespace,
    deps: service.deps,
    sql: service.deps.sql,
    clock,
    call: (method, path, options) => call(url + path, method, options),
    [Symbol.asyncDispose]: () => stopping.disposeAsync(),
  };
}

/** Another node of the same system. */
export async function startAnotherNode(
  { database, namespace }: TestService,
  options: NodeOptions = {},
): Promise<TestService> {
  return await startTestService({ database, namespace, ...options });
}

/** What a system of a test's own is told: its database and names, and the real Redis and RabbitMQ where there are. */
export function environmentOf(
  { database, namespace }: { database: TestDatabase; namespace: string },
): Record<string, string> {
  return {
    PORT: "0",
    HOST: "127.0.0.1",
    NAMESPACE: namespace,
    JWT_SECRET: "the tests' own secret, 32 bytes and more",
    RATE_LIMIT_FACTOR: "10000",
    REDIS_URL: Deno.env.get("REDIS_URL") ?? "",
    AMQP_URL: Deno.env.get("AMQP_URL") ?? "",
    VAPID_PUBLIC_KEY: VAPID.publicKey,
    VAPID_PRIVATE_KEY: VAPID.privateKey,
    VAPID_SUBJECT: "mailto:push@moajang.example",
    ...database.environment,
  };
}

/** The tests' own keys for Web Push. */
const VAPID = await newVapidPair();

/** Takes a namespace's queues away, those of the regions that its database knows. */
export async function clearQueues(url: string, namespace: string, database: TestDatabase): Promise<void> {
  const { sql, ...pool } = await openSql({ target: database.environment.DATABASE_URL!, max: 1, log: quietLog });
  const rows = await sql<{ code: string }[]>`select region_code as code from region_queues`;
  await pool[Symbol.asyncDispose]();
  await clearNamespace(url, namespace, rows.map((row) => row.code));
}

/** Asks a URL, and reads the answer whole. */
export async function call(url: string, method: string, { token, body, headers }: CallOptions = {}): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

/** Real time plus what {@link TestClock.advance} added. */
export function movableClock(): TestClock {
  let addedMs = 0;
  return { now: () => new Date(Date.now() + addedMs), advance: (ms) => void (addedMs += ms) };
}

/** Creates a database on the server of DATABASE_URL, or on an embedded one that the test files of a run share. */
export async function createDatabase(): Promise<TestDatabase> {
  await using stack = new AsyncDisposableStack();
  const name = `moajang_${v7().replaceAll("-", "")}`;
  const given = Deno.env.get("DATABASE_URL");
  const connection = given
    ? undefined
    : stack.use(await openEmbeddedPostgres({ dataDir: EMBEDDED_DIR, log: quietLog })).connection;
  const admin = given
    ? postgres(given, { max: 1, onnotice: () => {} })
    : postgres({ ...connection, max: 1, onnotice: () => {} });
  stack.defer(() => admin.end());
  await admin.unsafe(`create database ${name}`);
  stack.defer(async () => void await admin.unsafe(`drop database if exists ${name} with (force)`));
  const kept = stack.move();
  return {
    environment: { DATABASE_URL: urlOf(given, connection, name) },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const EMBEDDED_DIR = new URL("../.data/test", import.meta.url).pathname;

function urlOf(given: string | undefined, socket: { host: string; user: string } | undefined, name: string): string {
  if (!given) return `postgres://${socket!.user}@localhost/${name}?host=${encodeURIComponent(socket!.host)}`;
  const url = new URL(given);
  url.pathname = `/${name}`;
  return url.href;
}

/** A person who has signed up. */
export interface Person {
  id: string;
  token: string;
  refreshToken: string;
  email: string;
  password: string;
  nickname: string;
}

/** Seoul City Hall. */
export const CITY_HALL = { lat: 37.5663, lng: 126.9779 };

/** Signs a new person up over HTTP, at home near City Hall unless told otherwise (`null`: no home). */
export async function signUp(
  service: TestService,
  { nickname = `이웃${v7().slice(-10)}`, home }: { nickname?: string; home?: { lat: number; lng: number } | null } = {},
): Promise<Person> {
  const email = `${v7()}@example.com`, password = `pw ${v7()}`;
  const place = home === null ? undefined : { roadAddress: "서울특별시 중구 세종대로 110", ...(home ?? CITY_HALL) };
  const consents = { terms: true, privacy: true, location: place !== undefined };
  const answer = await service.call("POST", "/api/auth/signup", {
    body: { email, password, nickname, home: place, consents },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  const { accessToken: token, refreshToken, user } = answer.body;
  return { id: user.id, token, refreshToken, email, password, nickname };
}

/** So many of a kind: a tuple when their number is known. */
export type Several<Kind, Count extends number, Made extends Kind[] = []> = number extends Count ? Kind[]
  : Made["length"] extends Count ? Made
  : Several<Kind, Count, [...Made, Kind]>;

/** Signs so many new people up. */
export async function signUpAll<Count extends number>(service: TestService, count: Count) {
  return await Promise.all(Array.from({ length: count }, () => signUp(service))) as unknown as Several<Person, Count>;
}

/** Puts an item into the catalogue. */
export async function addItem(
  { sql }: Pick<TestService, "sql">,
  { category = "과실류", name = `품목 ${v7().slice(-8)}`, variety = "일반", rank = 0 } = {},
): Promise<{ id: string; code: string; category: string; name: string; variety: string }> {
  const item = { id: v7(), code: v7(), category, name, variety };
  const { search_text, initials } = itemRow({ category, name, variety, rank });
  await sql`
    insert into items (id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at)
    values (${item.id}, 'mafra', ${item.code}, ${category}, ${name}, ${variety}, ${search_text}, ${initials}, ${rank},
      ${Buffer.from(item.id)}, now())`;
  return item;
}

/** Puts a market into the catalogue, at City Hall unless told otherwise. */
export async function addMarket(
  { sql }: Pick<TestService, "sql">,
  { lat = CITY_HALL.lat, lng = CITY_HALL.lng, name = `마트 ${v7().slice(-8)}`, kind = "mart" } = {},
): Promise<{ id: string; name: string; lat: number; lng: number }> {
  const id = v7(), roadAddress = "서울특별시 중구 세종대로 110";
  await sql`
    insert into markets (id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text, updated_at)
    values (${id}, 'stores', ${id}, ${name}, ${kind}, ${roadAddress}, ${lat}, ${lng}, '11140',
      ${searchTextOf(name, roadAddress)}, now())`;
  return { id, name, lat, lng };
}

/** Opens a party over HTTP: 10 kg for four, tomorrow, at a market and of an item of its own unless told otherwise. */
export async function openParty(
  service: TestService,
  leader: Person,
  overrides: Record<string, unknown> = {},
): Promise<Party> {
  const startsAt = new Date(service.clock.now().getTime() + 24 * 3600_000);
  const answer = await service.call("POST", "/api/parties", {
    token: leader.token,
    body: {
      ...(overrides.place || overrides.marketId ? {} : { marketId: (await addMarket(service)).id }),
      ...(overrides.itemId ? {} : { itemId: (await addItem(service)).id }),
      quantity: 10_000,
      unit: "g",
      priceKrw: 24_000,
      capacity: 4,
      startsAt: startsAt.toISOString(),
      endsAt: new Date(startsAt.getTime() + 3600_000).toISOString(),
      ...overrides,
    },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

/** Asks to join and, as the leader, accepts. */
export async function joinAccepted(
  service: TestService,
  party: { id: string },
  leader: Person,
  member: Person,
): Promise<void> {
  const joined = await service.call("POST", `/api/parties/${party.id}/join`, { token: member.token, body: {} });
  assert.equal(joined.status, 201, JSON.stringify(joined.body));
  if (joined.body.status === "accepted") return;
  const path = `/api/parties/${party.id}/members/${member.id}`;
  const accepted = await service.call("PATCH", path, { token: leader.token, body: { status: "accepted" } });
  assert.equal(accepted.status, 200, JSON.stringify(accepted.body));
}

/** Asserts a problem answer in full: status, code, shape, and the field it names. */
export function assertProblem(answer: Answer, status: number, code: string, pointer?: string): void {
  assert.equal(`${answer.status} ${answer.body?.code}`, `${status} ${code}`, JSON.stringify(answer.body));
  assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/);
  assert.equal(answer.body.requestId, answer.headers.get("x-request-id"));
  assert.ok(answer.body.title && answer.body.detail && answer.body.status === status);
  if (pointer === undefined) return;
  const pointers = answer.body.errors?.map((error: { pointer: string }) => error.pointer) ?? [];
  assert.ok(pointers.includes(pointer), `${pointer} is not among ${JSON.stringify(answer.body.errors)}`);
}
