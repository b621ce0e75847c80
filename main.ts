/**
 * Moajang: the only place that wires. Configuration → adapters → application and workers → serve → stop.
 *
 *   main.ts            serves, and runs the outbox; without AMQP_URL the other workers too
 *   main.ts worker     alerts, deadlines and the outbox, for a deployment with RabbitMQ
 *   main.ts migrate    brings the schema up to date and ends
 *   main.ts vapid      prints new keys for Web Push and ends
 *   main.ts dead-letters X  lists, replays or drops the messages that were given up, and ends
 *   main.ts ingest X   fetches items, markets, stores or all into the catalogue, or releases a held run, and ends
 */
import { openMemoryCache } from "./adapters/cache_memory.ts";
import { openRedisCache } from "./adapters/cache_redis.ts";
import { readClientFiles } from "./adapters/client_files.ts";
import { systemClock } from "./adapters/clock_system.ts";
import { type Config, ConfigError, readConfig, signingSecret, vapidKeys } from "./adapters/config.ts";
import { docsAsset } from "./adapters/docs_asset.ts";
import { kakaoGeocoder } from "./adapters/geocoder_kakao.ts";
import { openMemoryLimiter } from "./adapters/limiter_memory.ts";
import { openRedisLimiter } from "./adapters/limiter_redis.ts";
import { openLog } from "./adapters/log_logtape.ts";
import { prometheusMetrics } from "./adapters/metrics_prometheus.ts";
import { migrate } from "./adapters/migrations.ts";
import { argon2Passwords } from "./adapters/passwords_argon2.ts";
import { peerAddress } from "./adapters/peer_address.ts";
import { openEmbeddedPostgres } from "./adapters/postgres_embedded.ts";
import { catalogueSources } from "./adapters/public_data.ts";
import { openWebPush } from "./adapters/push_webpush.ts";
import { openMemoryQueue } from "./adapters/queue_memory.ts";
import { openRabbitQueue } from "./adapters/queue_rabbitmq.ts";
import { openRedis } from "./adapters/redis_connection.ts";
import { openMemoryRelay } from "./adapters/relay_memory.ts";
import { openRedisRelay } from "./adapters/relay_redis.ts";
import { openMemorySeats } from "./adapters/seats_memory.ts";
import { openRedisSeats } from "./adapters/seats_redis.ts";
import { openSql } from "./adapters/sql_postgres.ts";
import { joseTokens } from "./adapters/tokens_jose.ts";
import { newVapidPair } from "./adapters/vapid.ts";
import { within } from "./adapters/within.ts";
import { createApp } from "./routes/app.ts";
import { originMatcher } from "./routes/envelope.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { serviceRoutes } from "./routes/service.ts";
import { watchSocketMemory } from "./routes/socket_memory.ts";
import { openAlertStreams } from "./services/alert_streams.ts";
import { openChatHub } from "./services/chat_hub.ts";
import { tellBacklogs, tellOpen } from "./services/figures.ts";
import { catalogueGeocoder } from "./services/geocoder_catalogue.ts";
import { watchSessions } from "./services/live_sessions.ts";
import type { Clock, Deps, Log, Relay } from "./services/ports.ts";
import { watchReadiness } from "./services/readiness.ts";
import { startAlerts } from "./workers/alerts.ts";
import { startDeadlines } from "./workers/deadlines.ts";
import { deadLettersCommand } from "./workers/dead_letters.ts";
import { ingestCommand } from "./workers/ingest.ts";
import { startOutbox } from "./workers/outbox.ts";
import { startPush } from "./workers/push.ts";
import { startRefresh } from "./workers/refresh.ts";

/** What a test may put in place of the real thing. */
export interface Overrides {
  clock?: Clock;
  log?: Log;
  /** Opened and closed by whoever gives it. */
  relay?: Relay;
}

/** A running service. Disposing it is the orderly stop. */
export interface Service extends AsyncDisposable {
  port: number;
  deps: Deps;
}

/** Opens the database, its schema up to date, onto the stack that will close it. */
async function openDatabase(config: Config, stack: AsyncDisposableStack, overrides: Overrides = {}) {
  const clock = overrides.clock ?? systemClock;
  const log = overrides.log ?? stack.use(await openLog({ level: config.LOG_LEVEL }));
  const target = config.DATABASE_URL ??
    stack.use(await openEmbeddedPostgres({ dataDir: config.DATA_DIR, log })).connection;
  const { sql } = stack.use(await openSql({ target, max: config.DATABASE_POOL, log }));
  await migrate({ sql, log });
  return { sql, clock, log };
}

/** Opens the adapters that the configuration asks for, each twin by its own URL, onto the stack that will close them. */
async function openStores(config: Config, stack: AsyncDisposableStack, overrides: Overrides = {}) {
  const database = await openDatabase(config, stack, overrides);
  const { log } = database;
  return {
    ...database,
    ...await openRedisPorts(config, stack, database, overrides),
    nodeSeats: openMemorySeats({ factor: config.RATE_LIMIT_FACTOR }),
    queue: stack.use(await openQueue(config, log)),
    push: await openPush(config, stack, database),
    metrics: prometheusMetrics(),
  };
}

async function openPush(config: Config, stack: AsyncDisposableStack, { clock }: Pick<Deps, "clock">) {
  const keys = await vapidKeys(config);
  return keys && stack.use(await openWebPush({ keys, localHosts: config.PUSH_LOCAL_HOSTS, clock }));
}

/** Opens everything that the services depend on. */
export async function openDeps(config: Config, stack: AsyncDisposableStack, overrides: Overrides = {}): Promise<Deps> {
  const stores = await openStores(config, stack, overrides);
  const tokens = await joseTokens({ secret: await signingSecret(config), clock: stores.clock });
  return { ...stores, tokens, passwords: argon2Passwords(), geocoder: openGeocoder(config, stores) };
}

function openGeocoder({ KAKAO_API_URL: url, KAKAO_REST_API_KEY: key }: Config, { sql }: Pick<Deps, "sql">) {
  return key ? kakaoGeocoder({ url, key }) : catalogueGeocoder({ sql });
}

async function openRedisPorts(
  config: Config,
  stack: AsyncDisposableStack,
  { clock, log }: Pick<Deps, "clock" | "log">,
  { relay }: Overrides,
) {
  const { REDIS_URL: url, NAMESPACE: namespace, RATE_LIMIT_FACTOR: factor } = config;
  if (!url) {
    return {
      relay: relay ?? stack.use(openMemoryRelay({ log })),
      cache: openMemoryCache({ clock }),
      limiter: openMemoryLimiter({ factor }),
      seats: openMemorySeats({ factor }),
    };
  }
  const redis = stack.use(await openRedis({ url, log }));
  return {
    relay: relay ?? stack.use(await openRedisRelay({ url, namespace, log })),
    cache: openRedisCache({ redis, namespace }),
    limiter: openRedisLimiter({ redis, namespace, factor, log }),
    seats: openRedisSeats({ redis, namespace, factor, log }),
  };
}

function openQueue({ AMQP_URL: url, NAMESPACE: namespace }: Config, log: Log) {
  return url ? openRabbitQueue({ url, namespace, log }) : openMemoryQueue({ log });
}

/** Starts the service: when this resolves it answers. */
export async function startService(config: Config, overrides: Overrides = {}): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const deps = await openDeps(config, stack, overrides);
  stack.use(await startOutbox(deps));
  if (!config.AMQP_URL) await startJobs(config, deps, stack);
  const live = stack.use(await watchSessions(deps));
  const hub = stack.use(await openChatHub(deps));
  const streams = stack.use(openAlertStreams(deps));
  const readiness = watchReadiness(deps);
  tellBacklogs(deps);
  tellOpen(deps.metrics, { hub, streams });
  const app = createApp({
    ...deps,
    live,
    memory: stack.use(watchSocketMemory(deps)),
    hub,
    streams,
    readiness,
    isAllowedOrigin: originMatcher([
      ...config.ALLOWED_ORIGINS,
      ...(config.PUBLIC_ORIGIN ? [config.PUBLIC_ORIGIN] : []),
    ]),
    secureCookies: config.PUBLIC_ORIGIN?.startsWith("https:") ?? config.DATABASE_URL !== undefined,
    asset: docsAsset,
    client: await readClientFiles(),
    tileUrl: config.MAP_TILE_URL,
  });
  const addressOf = peerAddress(config.TRUSTED_PROXIES);
  const server = Deno.serve(
    { port: config.PORT, hostname: config.HOST, onListen: () => {} },
    (request, info) => app.fetch(request, { remoteAddress: addressOf(request, info.remoteAddr) }),
  );
  stack.defer(() => shutDown(server));
  // Streams and sockets keep a server from shutting down: they are told and closed first.
  stack.defer(async () => {
    readiness.drain();
    await Promise.all([hub.drain(), streams.drain()]);
  });
  const { port } = server.addr as Deno.NetAddr;
  deps.log.info("listening", { port });
  const running = stack.move();
  return { port, deps, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What no job needs is left out. */
type JobDeps = Omit<Deps, "tokens" | "passwords" | "geocoder">;

/** Starts what one process of a deployment has to do, or more: alerts, pushes, deadlines, and the catalogue's weekly refresh. */
export async function startJobs(config: Config, deps: JobDeps, stack: AsyncDisposableStack) {
  stack.use(await startAlerts(deps));
  const { push } = deps;
  if (push) stack.use(await startPush({ ...deps, push }));
  stack.use(startDeadlines(deps));
  stack.use(startRefresh(deps, catalogueSources(config)));
}

/** Starts the workers alone, with the probes and the figures on `PORT`. */
async function startWorkers(config: Config): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const deps = await openStores(config, stack);
  stack.use(await startOutbox(deps));
  await startJobs(config, deps, stack);
  const readiness = watchReadiness(deps);
  tellBacklogs(deps);
  const probes = serviceRoutes(readiness).route("/", metricsRoutes(deps.metrics));
  const server = Deno.serve({ port: config.PORT, hostname: config.HOST, onListen: () => {} }, probes.fetch);
  stack.defer(() => shutDown(server));
  stack.defer(() => readiness.drain());
  deps.log.info("workers running", { port: (server.addr as Deno.NetAddr).port });
  return stack.move();
}

/** Lets requests under way end. A peer that takes nothing of its answer would keep the server for ever: it is left behind. */
async function shutDown(server: Deno.HttpServer): Promise<void> {
  await within(SHUTDOWN_MS, "shutting down", server.shutdown()).catch(() => {});
}

/** Brings the schema up to date. */
async function migrateOnly(config: Config): Promise<number> {
  await using stack = new AsyncDisposableStack();
  await openDatabase(config, stack);
  return 0;
}

/** Runs an ingest to its end. Returns the exit code: 0 only when complete. */
async function ingest(config: Config, args: string[], signal: AbortSignal): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const deps = await openDatabase(config, stack);
  return await ingestCommand(deps, catalogueSources(config), args, { print, signal });
}

/** Prints a new pair as lines for an environment. */
async function printVapidPair(): Promise<number> {
  const { publicKey, privateKey } = await newVapidPair();
  print(`VAPID_PUBLIC_KEY=${publicKey}\nVAPID_PRIVATE_KEY=${privateKey}`);
  return 0;
}

/** Runs the dead-letters command to its end. Returns the exit code. */
async function deadLetters(config: Config, args: string[]): Promise<number> {
  if (!config.AMQP_URL) {
    throw new ConfigError(
      "AMQP_URL: is not set; an embedded service tells its dead letters at /api/admin/dead-letters",
    );
  }
  await using stack = new AsyncDisposableStack();
  const { sql, log } = await openDatabase(config, stack);
  return await deadLettersCommand({ sql, queue: stack.use(await openQueue(config, log)) }, args, print);
}

async function untilStopped(service: AsyncDisposable, stopped: Promise<void>): Promise<number> {
  await stopped;
  const late = setTimeout(() => Deno.exit(1), STOP_MS);
  await service[Symbol.asyncDispose]();
  clearTimeout(late);
  return 0;
}

/** The orderly stop takes no longer than this: then the process ends, and what it held is found again by the next one. */
const STOP_MS = 14_000;

/** Requests under way are given this long. */
const SHUTDOWN_MS = 5_000;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

async function run([command = "start", ...rest]: string[]): Promise<number> {
  if (command === "vapid") return await printVapidPair();
  const abort = new AbortController();
  const stopped = new Promise<void>((resolve) => abort.signal.addEventListener("abort", () => resolve()));
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => abort.abort());
  const config = readConfig();
  if (command === "start") return await untilStopped(await startService(config), stopped);
  if (command === "worker") return await untilStopped(await startWorkers(config), stopped);
  if (command === "migrate") return await migrateOnly(config);
  if (command === "ingest") return await ingest(config, rest, abort.signal);
  if (command === "dead-letters") return await deadLetters(config, rest);
  throw new ConfigError(
    `${command}: is not a command; there are start, worker, migrate, ingest, dead-letters and vapid`,
  );
}

if (import.meta.main) {
  const code = await run(Deno.args).catch((error) => {
    const told = error instanceof ConfigError ? error.message : error?.stack ?? String(error);
    Deno.stderr.writeSync(new TextEncoder().encode(told + "\n"));
    return 1;
  });
  Deno.exit(code);
}
