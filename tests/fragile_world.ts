/** A world without workers, and in it a broker and a database that can be taken away. */
import { Connection } from "rabbitmq-client";
import { v7 } from "uuid";
import { readConfig } from "../adapters/config.ts";
import { openMemoryQueue } from "../adapters/queue_memory.ts";
import { topologyOf } from "../adapters/rabbitmq_topology.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import { openDeps } from "../main.ts";
import type { Queue, Sql } from "../services/ports.ts";
import type { World } from "./alert_world.ts";
import { type FaultProxy, openFaultProxy } from "./fault_proxy.ts";
import { createDatabase, environmentOf, movableClock, type TestClock } from "./harness.ts";
import { quietLog } from "./quiet_log.ts";

/** Ports and a database with nobody at work on them yet: no outbox, no alerts worker. */
export interface IdleWorld extends World {
  clock: TestClock;
  namespace: string;
  databaseUrl: string;
}

/** Opens one, closed with the stack. */
export async function openIdleWorld(
  stack: AsyncDisposableStack,
  environment: Record<string, string> = {},
): Promise<IdleWorld> {
  const database = stack.use(await createDatabase()), namespace = `test-${v7().slice(-12)}`, clock = movableClock();
  const config = readConfig({ ...environmentOf({ database, namespace }), ...environment });
  const deps = await openDeps(config, stack, { clock, log: quietLog });
  return { deps, sql: deps.sql, clock, namespace, databaseUrl: database.environment.DATABASE_URL! };
}

/** Connections to the world's database that go through a proxy. */
export async function openFragileSql(
  stack: AsyncDisposableStack,
  { databaseUrl }: IdleWorld,
): Promise<{ sql: Sql; proxy: FaultProxy }> {
  const proxy = stack.use(await openFaultProxy(databaseUrl));
  const { sql } = stack.use(await openSql({ target: proxy.url, max: 4, log: quietLog }));
  return { sql, proxy };
}

/** A broker whose data can be lost: RabbitMQ when its URL is given, else the embedded queue. */
export interface FragileQueue {
  queue: Queue;
  /** How many messages it has safely taken. */
  published(): number;
  /** Loses the region's messages, dead letters, queues and exchanges; embedded also the consumers. */
  wipe(regionCode: string): Promise<void>;
}

/** Opens one, closed with the stack. */
export function openFragileQueue(
  stack: AsyncDisposableStack,
  { deps, namespace }: IdleWorld,
): FragileQueue {
  const url = Deno.env.get("AMQP_URL");
  let current: Queue & Partial<AsyncDisposable> = url ? deps.queue : openMemoryQueue({ log: quietLog }), count = 0;
  if (!url) stack.defer(() => current[Symbol.asyncDispose]!());
  const queue: Queue = {
    isShared: current.isShared,
    async publish(...args) {
      await current.publish(...args);
      count += 1;
    },
    consume: (...args) => current.consume(...args),
    deadLetters: (...args) => current.deadLetters(...args),
    takeDeadLetters: (...args) => current.takeDeadLetters(...args),
    ping: () => current.ping(),
  };
  async function wipe(regionCode: string): Promise<void> {
    if (url) return await wipeRabbit(url, namespace, regionCode);
    await current[Symbol.asyncDispose]!();
    current = openMemoryQueue({ log: quietLog });
  }
  return { queue, published: () => count, wipe };
}

async function wipeRabbit(url: string, namespace: string, regionCode: string): Promise<void> {
  const connection = new Connection(url);
  const { queue, deadQueue, exchanges } = topologyOf(namespace, regionCode);
  for (const each of [queue, deadQueue]) await connection.queueDelete({ queue: each.queue });
  for (const { exchange } of exchanges) await connection.exchangeDelete({ exchange: exchange! });
  await connection.close();
}
