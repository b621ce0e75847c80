/** The region queues in RabbitMQ: quorum queues behind a topic exchange, with dead letters. */
import { Connection } from "rabbitmq-client";
import type { Log, Queue, QueueMessage } from "../services/ports.ts";
import { rabbitConsume } from "./rabbitmq_consumer.ts";
import { messageOf, strangeMessageOf } from "./rabbitmq_message.ts";
import { rabbitPublish } from "./rabbitmq_publisher.ts";
import { declareRegion, topologyOf } from "./rabbitmq_topology.ts";
import { within } from "./within.ts";

/** The start waits this long for the broker and goes on without: it is connected to when it comes. */
const START_MS = 2_000;
const ANSWER_MS = 2_000;
const DEAD_LETTERS_MS = 5_000;

/**
 * Opens the queues: one connection that publishes and, from the first `consume` on, one that consumes, for a broker short
 * of memory blocks whoever publishes. Resolves when connected, or after 2 s without.
 */
export async function openRabbitQueue(
  { url, namespace, log }: { url: string; namespace: string; log: Log },
): Promise<Queue & AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const connection = connect({ url, log }, stack);
  await connection.onConnect(START_MS, true).catch((error) => log.warn("rabbitmq does not answer", { error }));
  let consuming: Connection | undefined;
  let reading: Promise<unknown> = Promise.resolve();
  return {
    publish: rabbitPublish({ connection, namespace }),
    consume(regionCode, options, handler) {
      consuming ??= connect({ url, log }, stack);
      return rabbitConsume({ connection: consuming, namespace, log }, regionCode, options, handler);
    },
    deadLetters(regionCode, limit) {
      // One reader at a time: what one has in its hands, another would not see.
      const letters = reading.then(() =>
        within(DEAD_LETTERS_MS, "reading dead letters", readDeadLetters({ connection, namespace }, regionCode, limit))
      );
      reading = letters.catch(() => {});
      return letters;
    },
    async ping() {
      const answer = connection.exchangeDeclare({ exchange: "amq.topic", type: "topic", passive: true });
      await within(ANSWER_MS, "an answer of rabbitmq", answer);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A connection that mends itself, closed with the stack. */
function connect({ url, log }: { url: string; log: Log }, stack: AsyncDisposableStack): Connection {
  const connection = new Connection({
    url,
    connectionName: "moajang",
    // The driver gives a silent connection up after four halves of a heartbeat.
    heartbeat: 2,
    connectionTimeout: 2_000,
    acquireTimeout: 1_000,
    retryLow: 100,
    retryHigh: 1_000,
    noDelay: true,
  });
  connection.on("error", (error) => log.warn("rabbitmq interrupted a connection", { error }));
  connection.on("connection", () => log.debug("rabbitmq is connected"));
  connection.on("connection.blocked", (reason) => log.warn("rabbitmq takes no messages", { reason }));
  stack.defer(() => within(ANSWER_MS, "closing", connection.close()).catch(() => connection.unsafeDestroy()));
  return connection;
}

/** Takes them all without acknowledging any, and gives them back at once. */
async function readDeadLetters(
  { connection, namespace }: { connection: Connection; namespace: string },
  regionCode: string,
  limit: number,
): Promise<QueueMessage[]> {
  const topology = topologyOf(namespace, regionCode);
  const channel = await connection.acquire();
  try {
    await declareRegion(channel, topology);
    const letters: QueueMessage[] = [];
    while (letters.length < limit) {
      const raw = await channel.basicGet(topology.deadQueue.queue);
      if (!raw) break;
      letters.push(messageOf(raw) ?? strangeMessageOf(raw));
    }
    channel.basicNack({ deliveryTag: 0, multiple: true, requeue: true });
    return letters;
  } finally {
    await channel.close();
  }
}
