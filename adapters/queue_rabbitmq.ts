/** The region queues in RabbitMQ: quorum queues behind a topic exchange, with dead letters. */
import { Connection } from "rabbitmq-client";
import type { Log, Queue } from "../services/ports.ts";
import { rabbitConsume } from "./rabbitmq_consumer.ts";
import { openRabbitDeadLetters } from "./rabbitmq_dead_letters.ts";
import { openRabbitPublisher } from "./rabbitmq_publisher.ts";
import { within } from "./within.ts";

/** The start waits this long for the broker and goes on without: it is connected to when it comes. */
const START_MS = 2_000;
const ANSWER_MS = 2_000;

/**
 * Opens the queues: one connection that publishes and, from the first `consume` on, one that consumes, for a broker short
 * of memory blocks whoever publishes. Resolves when connected, or after 2 s without.
 */
export async function openRabbitQueue(
  { url, namespace, log }: { url: string; namespace: string; log: Log },
): Promise<Queue & AsyncDisposable> {
  const connections = new AsyncDisposableStack();
  const channels = new AsyncDisposableStack();
  const connection = connect({ url, log }, connections);
  await connection.onConnect(START_MS, true).catch((error) => log.warn("rabbitmq does not answer", { error }));
  const { publish } = channels.use(openRabbitPublisher({ connection, namespace }));
  const { deadLetters } = channels.use(openRabbitDeadLetters({ connection, namespace }));
  let consuming: Connection | undefined;
  return {
    publish,
    deadLetters,
    async consume(regionCode, options, handler) {
      consuming ??= connect({ url, log }, connections);
      return channels.use(await rabbitConsume({ connection: consuming, namespace, log }, regionCode, options, handler));
    },
    async ping() {
      const answer = connection.exchangeDeclare({ exchange: "amq.topic", type: "topic", passive: true });
      await within(ANSWER_MS, "an answer of rabbitmq", answer);
    },
    async [Symbol.asyncDispose]() {
      await channels.disposeAsync();
      await connections.disposeAsync();
    },
  };
}

/** A connection that mends itself, closed with the stack: at once when what used it has not ended within 2 s. */
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
