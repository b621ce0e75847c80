/** Publishes to RabbitMQ that end up in a queue for sure, or are rejected. */
import { setImmediate } from "node:timers/promises";
import type { Channel, Connection, ReturnedMessage } from "rabbitmq-client";
import type { Queue, QueueMessage } from "../services/ports.ts";
import { rawOf } from "./rabbitmq_message.ts";
import { declareRegion, topologyOf } from "./rabbitmq_topology.ts";
import { within } from "./within.ts";

/** One channel in confirm mode and what is known while it lives: after its loss the broker may be another, an empty one. */
interface Session {
  channel: Channel;
  declared: Map<string, Promise<void>>;
  underWay: Map<string, { isReturned: boolean }>;
}

/** The broker has confirmed a message that no queue wanted. */
class Unroutable extends Error {
  override name = "Unroutable";
}

const PUBLISH_MS = 5_000;
const ATTEMPTS_MAX = 3;

/**
 * Publishes on one connection, any number of messages under way at once. One that comes back, or whose channel is closed
 * under it, is published again after a new declaration. Rejects after 5 s, and when the broker is away.
 */
export function openRabbitPublisher(
  { connection, namespace }: { connection: Connection; namespace: string },
): Pick<Queue, "publish"> & AsyncDisposable {
  let session: Session | undefined;
  let opening: Promise<Session> | undefined;
  let count = 0;

  async function open(): Promise<Session> {
    const channel = await connection.acquire();
    await channel.confirmSelect();
    const opened: Session = { channel, declared: new Map(), underWay: new Map() };
    channel.on("basic.return", ({ correlationId = "" }: ReturnedMessage) => {
      const publish = opened.underWay.get(correlationId);
      if (publish) publish.isReturned = true;
    });
    return session = opened;
  }

  function declare({ declared }: Session, regionCode: string): Promise<void> {
    const known = declared.get(regionCode);
    if (known) return known;
    // On the connection's own channel: a refused declaration closes its channel, and no message shall die of that.
    const declaring = declareRegion(connection, topologyOf(namespace, regionCode));
    declared.set(regionCode, declaring);
    return declaring;
  }

  async function send({ channel, underWay }: Session, regionCode: string, message: QueueMessage): Promise<void> {
    const correlationId = String(++count);
    const routingKey = `${message.type}.${regionCode}`;
    const publish = { isReturned: false };
    underWay.set(correlationId, publish);
    try {
      const [envelope, body] = rawOf(message);
      await channel.basicPublish({ ...envelope, exchange: `${namespace}.events`, routingKey, correlationId }, body);
      // The broker returns a message before it confirms it, but the driver tells of the return a turn later.
      await setImmediate();
      if (publish.isReturned) throw new Unroutable(`No queue takes ${routingKey}`);
    } finally {
      underWay.delete(correlationId);
    }
  }

  async function attempt(regionCode: string, message: QueueMessage, isLast: () => boolean): Promise<void> {
    const current = session?.channel.active ? session : await (opening ??= open().finally(() => opening = undefined));
    const declaring = declare(current, regionCode);
    try {
      await declaring;
      await send(current, regionCode, message);
    } catch (error) {
      // Unless someone else has already declared it anew.
      if (current.declared.get(regionCode) === declaring) current.declared.delete(regionCode);
      const isWorthAnother = error instanceof Unroutable || (!current.channel.active && connection.ready);
      if (!isWorthAnother || isLast()) throw error;
      await attempt(regionCode, message, isLast);
    }
  }

  return {
    publish(regionCode, message) {
      let attempts = 0;
      const deadline = performance.now() + PUBLISH_MS;
      const isLast = () => ++attempts === ATTEMPTS_MAX || performance.now() > deadline;
      return within(PUBLISH_MS, "publishing", attempt(regionCode, message, isLast));
    },
    [Symbol.asyncDispose]: async () => await session?.channel.close(),
  };
}
