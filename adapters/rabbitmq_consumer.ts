/** Consumes a region queue of RabbitMQ. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AsyncMessage, type Connection, ConsumerStatus } from "rabbitmq-client";
import { DELIVERY_LIMIT, type Log, type QueueMessage } from "../services/ports.ts";
import { deliveryOf, messageOf } from "./rabbitmq_message.ts";
import { declareRegion, topologyOf } from "./rabbitmq_topology.ts";
import { redeliveryDelayMs } from "./redelivery.ts";
import { within } from "./within.ts";

/** With the broker away a consumer is as good as started after this long: it begins at the return. */
const START_MS = 2_000;

/** As `Queue.consume`. A rejected message is held back for a while, in one of the `prefetch` places, and given back. */
export async function rabbitConsume(
  { connection, namespace, log }: { connection: Connection; namespace: string; log: Log },
  regionCode: string,
  { prefetch }: { prefetch: number },
  handler: (message: QueueMessage) => Promise<void>,
): Promise<AsyncDisposable> {
  const closing = new AbortController();
  const topology = topologyOf(namespace, regionCode);

  async function handle(raw: AsyncMessage): Promise<ConsumerStatus> {
    const message = messageOf(raw);
    if (!message) {
      log.error("a message on a region queue is not one of ours", { regionCode, routingKey: raw.routingKey });
      return ConsumerStatus.DROP;
    }
    try {
      await handler(message);
      return ConsumerStatus.ACK;
    } catch (error) {
      return await refused(message, deliveryOf(raw), error);
    }
  }

  async function refused({ id, type }: QueueMessage, delivery: number, error: unknown): Promise<ConsumerStatus> {
    if (delivery >= DELIVERY_LIMIT) {
      log.error("a message is a dead letter", { regionCode, id, type, delivery, error });
      return ConsumerStatus.DROP;
    }
    log.warn("a message will come again", { regionCode, id, type, delivery, error });
    await sleep(redeliveryDelayMs(delivery), undefined, { signal: closing.signal }).catch(() => {});
    return ConsumerStatus.REQUEUE;
  }

  const consumer = connection.createConsumer({
    queue: topology.queue.queue,
    queueOptions: topology.queue,
    exchanges: topology.exchanges,
    queueBindings: [topology.binding],
    qos: { prefetchCount: prefetch },
    // Finite, so that what arrives while it closes stays unhandled and goes back.
    concurrency: prefetch,
  }, handle);
  const ready = Promise.withResolvers<void>();
  consumer.on("ready", () => {
    ready.resolve();
    // The driver declares one queue. Until the dead letters have theirs, the broker keeps what is dead where it was.
    declareRegion(connection, topology).catch((error) =>
      log.warn("cannot declare dead letters", { regionCode, error })
    );
  });
  consumer.on("error", (error) => log.warn("a consumer was interrupted", { regionCode, error }));
  await within(START_MS, "starting to consume", ready.promise).catch(() => {});
  let closed: Promise<void> | undefined;
  return {
    [Symbol.asyncDispose]() {
      closing.abort();
      return closed ??= consumer.close();
    },
  };
}
