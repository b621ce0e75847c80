/** What the region queues are made of in RabbitMQ; valid on 3.10 and 4. Everything is durable and declared on first use. */
import type { Cmd, Connection, MethodParams } from "rabbitmq-client";
import { DELIVERY_LIMIT } from "../services/ports.ts";

/** One region's queue with its dead letters, ready to be declared. */
export interface RegionTopology {
  /** The topic exchange that events are published to with `<type>.<regionCode>`. */
  events: string;
  exchanges: MethodParams[Cmd.ExchangeDeclare][];
  queue: MethodParams[Cmd.QueueDeclare] & { queue: string };
  binding: MethodParams[Cmd.QueueBind];
  deadQueue: MethodParams[Cmd.QueueDeclare] & { queue: string };
  deadBinding: MethodParams[Cmd.QueueBind];
}

/** Beyond it the broker refuses: what is published stays in the outbox, what is dead in the queue it came from. */
const MESSAGES_MAX = 1_000_000;
/** Dead letters are read by taking and giving back. RabbitMQ 4 drops what was given back 20 times unless told otherwise. */
const READS_MAX = 2_000_000_000;

/**
 * How long to wait before making a queue anew that is gone. Made anew while channels still hear of its end (30 ms measured),
 * it would share its name with the old one in them: RabbitMQ 3.10 then forgets consumers, and confirms what it has lost.
 */
export const RECREATE_MS = 500;

/** The topology of a region. All names begin with the namespace. */
export function topologyOf(namespace: string, regionCode: string): RegionTopology {
  const events = `${namespace}.events`;
  const dead = `${namespace}.dead`;
  const queue = `${namespace}.region.${regionCode}`;
  const deadQueue = `${queue}.dead`;
  const bounded = { "x-queue-type": "quorum", "x-max-length": MESSAGES_MAX, "x-overflow": "reject-publish" } as const;
  return {
    events,
    exchanges: [
      { exchange: events, type: "topic", durable: true },
      { exchange: dead, type: "direct", durable: true },
    ],
    queue: {
      queue,
      durable: true,
      arguments: {
        ...bounded,
        // The broker counts redeliveries, the port deliveries. The broker's count outlives a process that a message kills.
        "x-delivery-limit": DELIVERY_LIMIT - 1,
        "x-dead-letter-exchange": dead,
        "x-dead-letter-routing-key": regionCode,
        // Kept here until the dead letters have it. Takes effect with reject-publish only.
        "x-dead-letter-strategy": "at-least-once",
      },
    },
    binding: { exchange: events, queue, routingKey: `#.${regionCode}` },
    deadQueue: { queue: deadQueue, durable: true, arguments: { ...bounded, "x-delivery-limit": READS_MAX } },
    deadBinding: { exchange: dead, queue: deadQueue, routingKey: regionCode },
  };
}

/** Declares a region on a channel, or on the one that a connection keeps for itself; the dead letters first. */
export async function declareRegion(
  channel: Pick<Connection, "exchangeDeclare" | "queueDeclare" | "queueBind">,
  { exchanges, queue, binding, deadQueue, deadBinding }: RegionTopology,
): Promise<void> {
  for (const exchange of exchanges) await channel.exchangeDeclare(exchange);
  await channel.queueDeclare(deadQueue);
  await channel.queueBind(deadBinding);
  await channel.queueDeclare(queue);
  await channel.queueBind(binding);
}
