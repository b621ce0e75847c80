/** Reads the dead letters of RabbitMQ and leaves them where they are. */
import type { Channel } from "rabbitmq-client";
import type { Queue, QueueMessage } from "../services/ports.ts";
import type { RabbitLink } from "./rabbitmq_connection.ts";
import { messageOf, strangeMessageOf } from "./rabbitmq_message.ts";
import { declareRegion, topologyOf } from "./rabbitmq_topology.ts";
import { within } from "./within.ts";

const READ_MS = 5_000;
const CLOSE_MS = 1_000;
/** What is given back lines up behind what was given back before: taking all keeps the order, up to this many. */
const ORDERED_MAX = 1_000;

/**
 * Takes dead letters without acknowledging them, and gives them back at once. One reader at a time and on one channel, for
 * what another has in its hands cannot be seen, and what was given back on another channel may come late.
 */
export function openRabbitDeadLetters(
  { link, namespace }: { link: RabbitLink; namespace: string },
): Pick<Queue, "deadLetters"> & AsyncDisposable {
  let channel: Channel | undefined;
  let reading: Promise<unknown> = Promise.resolve();

  async function read(regionCode: string, limit: number): Promise<QueueMessage[]> {
    if (!channel?.active) channel = await link.connection().acquire();
    const topology = topologyOf(namespace, regionCode);
    await declareRegion(channel, topology);
    const letters: QueueMessage[] = [];
    while (letters.length < Math.max(limit, ORDERED_MAX)) {
      const raw = await channel.basicGet(topology.deadQueue.queue);
      if (!raw) break;
      letters.push(messageOf(raw) ?? strangeMessageOf(raw));
    }
    channel.basicNack({ deliveryTag: ALL, multiple: true, requeue: true });
    return letters.slice(0, limit);
  }

  return {
    deadLetters(regionCode, limit) {
      const letters = reading.then(() => read(regionCode, limit));
      reading = letters.catch(() => {});
      return within(READ_MS, "reading dead letters", letters);
    },
    async [Symbol.asyncDispose]() {
      if (channel) await within(CLOSE_MS, "closing", channel.close()).catch(() => {});
    },
  };
}

/** As a delivery tag: everything that this channel has not acknowledged. */
const ALL = 0;
