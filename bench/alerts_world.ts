/** What the parts of the alerts bench stand on: stores and a broker of their own, ports in this process, and people. */
import { readConfig } from "../adapters/config.ts";
import { openDeps } from "../main.ts";
import { type NewEvent, recordEvent } from "../services/events.ts";
import { inTransaction } from "../services/transaction.ts";
import { addItem, addMarket, movableClock } from "../tests/harness.ts";
import type { World } from "../tests/alert_world.ts";
import { startNode } from "../tests/node_process.ts";
import { openRabbitServer, type OwnServer } from "../tests/own_servers.ts";
import { quietLog } from "../tests/quiet_log.ts";
import { ALL_CORES, startStores, whenInterrupted } from "./machine.ts";

/** The world of one part. Its own ports have neither outbox nor worker at work. */
export interface AlertBench extends World {
  environment: Record<string, string>;
  rabbit: OwnServer;
  /** Starts the service, or a worker, as a process. */
  start(command: "start" | "worker"): ReturnType<typeof startNode>;
}

/** Opens it, closed with the stack. */
export async function openAlertBench(stack: AsyncDisposableStack): Promise<AlertBench> {
  const stores = stack.use(await startStores({ cores: ALL_CORES })), rabbit = await openRabbitServer(stack);
  whenInterrupted(() => void rabbit.kill());
  const environment = {
    DATABASE_URL: stores.databaseUrl,
    REDIS_URL: stores.redisUrl,
    AMQP_URL: rabbit.url,
    NAMESPACE: "bench",
    JWT_SECRET: "the benches' own secret, 32 bytes and more",
    RATE_LIMIT_FACTOR: "10000",
    LOG_LEVEL: "error",
    PORT: "0",
    HOST: "127.0.0.1",
  };
  const deps = await openDeps(readConfig(environment), stack, { log: quietLog });
  return {
    environment,
    rabbit,
    deps,
    sql: deps.sql,
    clock: movableClock(),
    // A node's port is told by its log.
    async start(command) {
      const process = await startNode({ ...environment, LOG_LEVEL: "info" }, command);
      whenInterrupted(() => void process.kill());
      return process;
    },
  };
}

/** Adds so many open parties of one leader in one statement, in these regions in turn. Answers their ids. */
export async function addParties(
  { sql }: World,
  leaderId: string,
  count: number,
  regions: string[] = ["11140"],
): Promise<{ id: string; regionCode: string }[]> {
  const { id: itemId } = await addItem({ sql });
  const marketIds = await Promise.all(regions.map(async (regionCode) => {
    const { id } = await addMarket({ sql });
    await sql`update markets set region_code = ${regionCode} where id = ${id}`;
    return id;
  }));
  return await sql<{ id: string; regionCode: string }[]>`
    with made as (
      insert into parties (id, leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at,
        ends_at, join_until, search_text, created_at)
      select gen_random_uuid(), ${leaderId}, (${marketIds}::uuid[])[1 + n % ${regions.length}::int], ${itemId}, '같이 사요',
        10000, 'g', 2500, 4, now() + interval '1 day', now() + interval '2 days', now() + interval '1 day', '같이', now()
      from generate_series(0, ${count - 1}::int) as n
      returning id, market_id
    )
    select made.id, m.region_code as "regionCode"
    from made
    join markets m on m.id = made.market_id
    order by random()`;
}

/** Records an event as the product does, and nothing more. */
export async function record({ sql, deps }: World, event: NewEvent): Promise<void> {
  await inTransaction(sql, (tx) => recordEvent(deps, tx, event));
}

/** Calls `send` for 0, 1, 2 … at a steady rate, whatever becomes of them. */
export async function pace(perS: number, count: number, send: (i: number) => void): Promise<void> {
  const begun = performance.now();
  for (let i = 0; i < count;) {
    for (; i < count && begun + i * 1_000 / perS <= performance.now(); i++) send(i);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
