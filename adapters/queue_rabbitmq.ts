/** The region queues in RabbitMQ: quorum queues behind a topic exchange, with dead letters. */
import type { Log, Queue } from "../services/ports.ts";
import { openRabbitLink, type RabbitLink } from "./rabbitmq_connection.ts";
import { rabbitConsume } from "./rabbitmq_consumer.ts";
import { openRabbitDeadLetters } from "./rabbitmq_dead_letters.ts";
import { openRabbitPublisher } from "./rabbitmq_publisher.ts";
import { within } from "./within.ts";

/** The start waits this long for the broker and goes on without: it is connected to when it comes. */
const START_MS = 2_000;
const ANSWER_MS = 2_000;

/**
 * Opens the queues: one connection that publishes and, from the first `consume` on, one that consumes, for a broker short
 * of memory blocks whoever publishes. Resolves when connected, or after 2 s without. Disposing ends the consumers too.
 */
export async function openRabbitQueue(
  { url, namespace, log }: { url: string; namespace: string; log: Log },
): Promise<Queue & AsyncDisposable> {
  const links = new AsyncDisposableStack();
  const users = new AsyncDisposableStack();
  const link = links.use(openRabbitLink({ url, log }));
  let consuming: RabbitLink | undefined;
  const { publish } = users.use(openRabbitPublisher({ link, namespace }));
  const { deadLetters, takeDeadLetters } = users.use(openRabbitDeadLetters({ link, namespace }));
  await link.connection().onConnect(START_MS, true)
    .catch((error) => log.warn("rabbitmq does not answer yet", { error }));
  return {
    isShared: true,
    publish,
    deadLetters,
    takeDeadLetters,
    async consume(regionCode, options, handler) {
      consuming ??= links.use(openRabbitLink({ url, log }));
      return users.use(await rabbitConsume({ link: consuming, namespace, log }, regionCode, options, handler));
    },
    async ping() {
      const answer = link.connection().exchangeDeclare({ exchange: "amq.topic", type: "topic", passive: true });
      await within(ANSWER_MS, "an answer of rabbitmq", answer);
    },
    async [Symbol.asyncDispose]() {
      await users.disposeAsync();
      await links.disposeAsync();
    },
  };
}
