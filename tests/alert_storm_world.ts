/** A node and a worker as processes, with a Redis and a broker of their own, every one of which may be killed at any time. */
import { Connection } from "rabbitmq-client";
import { v7 } from "uuid";
import { readConfig } from "../adapters/config.ts";
import { topologyOf } from "../adapters/rabbitmq_topology.ts";
import { openDeps } from "../main.ts";
import type { World } from "./alert_world.ts";
import { type FaultProxy, openFaultProxy } from "./fault_proxy.ts";
import { createDatabase, movableClock } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { openRabbitServer, openRedisServer } from "./own_servers.ts";
import { poll } from "./poll.ts";
import { quietLog as log } from "./quiet_log.ts";

/** Who may be killed. The node and the worker have an outbox each; alerts are written by the worker alone. */
export const VICTIMS = ["node", "worker", "redis"] as const;
/** See {@link VICTIMS}. */
export type Victim = (typeof VICTIMS)[number];

/** The world of a storm. Its own ports tell events and look on; nobody harms its connections to the database. */
export interface AlertStormWorld extends World {
  /** The wires of node and worker to the broker. */
  wires: Pick<FaultProxy, "set" | "cut" | "cutAfter" | "muteAt">;
  workerWire: FaultProxy;
  /** Kills it where it stands, and starts it again. */
  kill(victim: Victim): Promise<void>;
  /** Resolves when node and worker have all their stores. */
  ready(): Promise<void>;
  /** Stops the worker in its tracks, and lets it go on. */
  pauseWorker(): void;
  resumeWorker(): void;
  broker: {
    /** Kills the broker and starts it again, with its data or without. What is done meanwhile is done without a broker. */
    restart(options: { forget: boolean }, meanwhile: () => Promise<unknown>): Promise<void>;
    deleteQueue(regionCode: string): Promise<void>;
    /** Resolves once a message with this id has been published, since this call. */
    sees(id: string): Promise<void>;
    /** From here on `sees` is told of what is published. */
    witness(): Promise<AsyncDisposable>;
  };
}

/** Opens it on the real PostgreSQL, closed with the stack. */
export async function openAlertStorm(stack: AsyncDisposableStack): Promise<AlertStormWorld> {
  const database = stack.use(await createDatabase());
  const [redis, rabbit] = await Promise.all([openRedisServer(), openRabbitServer(stack)]);
  stack.defer(() => redis.kill());
  const namespace = `storm-${v7().slice(-12)}`;
  const environment = {
    ...database.environment,
    REDIS_URL: redis.url,
    AMQP_URL: rabbit.url,
    NAMESPACE: namespace,
    JWT_SECRET: "the tests' own secret, 32 bytes and more",
  };
  const nodeWire = stack.use(await openFaultProxy(rabbit.url)),
    workerWire = stack.use(await openFaultProxy(rabbit.url));
  const wires = [nodeWire, workerWire];
  const deps = await openDeps(readConfig({ ...environment, PORT: "0", HOST: "127.0.0.1" }), stack, { log });
  const start = {
    node: () => startNode({ ...environment, AMQP_URL: nodeWire.url }),
    worker: () => startNode({ ...environment, AMQP_URL: workerWire.url }, "worker"),
  };
  const [node, worker] = await Promise.all([start.node(), start.worker()]);
  const processes = { node, worker };
  stack.defer(async () => {
    for (const process of Object.values(processes)) await process.kill();
  });
  const seen = new Set<string>();
  const queueOf = (regionCode: string) => topologyOf(namespace, regionCode).queue.queue;

  return {
    deps,
    sql: deps.sql,
    clock: movableClock(),
    workerWire,
    wires: {
      set: (fault) => wires.forEach((wire) => wire.set(fault)),
      muteAt: (letters) => wires.forEach((wire) => wire.muteAt(letters)),
      cut: () => wires.forEach((wire) => wire.cut()),
      cutAfter: (bytes) => wires.forEach((wire) => wire.cutAfter(bytes)),
    },
    async kill(victim) {
      if (victim === "redis") {
        await redis.kill();
        return await redis.start();
      }
      await processes[victim].kill();
      wires.forEach((wire) => wire.set("pass"));
      processes[victim] = await start[victim]();
    },
    ready: async () =>
      void await poll(async () => {
        const answers = await Promise.all(
          Object.values(processes).map(({ url }) => fetch(`${url}/readyz`).catch(() => null)),
        );
        await Promise.all(answers.map((answer) => answer?.body?.cancel()));
        return answers.every((answer) => answer?.status === 200);
      }, { timeoutMs: 30_000 }),
    pauseWorker: () => Deno.kill(processes.worker.pid, "SIGSTOP"),
    resumeWorker: () => Deno.kill(processes.worker.pid, "SIGCONT"),
    broker: {
      async restart({ forget }, meanwhile) {
        await rabbit.kill();
        await meanwhile();
        if (forget) await rabbit.forget();
        await rabbit.start();
      },
      async deleteQueue(regionCode) {
        const connection = new Connection({ url: rabbit.url });
        connection.on("error", () => {});
        await connection.queueDelete({ queue: queueOf(regionCode) });
        await connection.close();
      },
      sees: async (id) => void await poll(() => seen.has(id), { timeoutMs: 30_000 }),
      async witness() {
        const connection = new Connection({ url: rabbit.url });
        connection.on("error", () => {});
        const { events, exchanges } = topologyOf(namespace, "");
        const consumer = connection.createConsumer({
          queueOptions: { exclusive: true },
          exchanges: exchanges.slice(0, 1),
          queueBindings: [{ exchange: events, routingKey: "#" }],
        }, ({ messageId }) => void seen.add(messageId!));
        await new Promise<void>((resolve) => consumer.once("ready", resolve));
        return {
          async [Symbol.asyncDispose]() {
            await consumer.close();
            await connection.close();
          },
        };
      },
    },
  };
}
