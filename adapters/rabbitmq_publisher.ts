/** Publishes to RabbitMQ that end up in a queue for sure, or are rejected. */
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Channel, Connection, ReturnedMessage } from "rabbitmq-client";
import type { Queue, QueueMessage } from "../services/ports.ts";
import type { RabbitLink } from "./rabbitmq_connection.ts";
import { rawOf } from "./rabbitmq_message.ts";
import { declareRegion, RECREATE_MS, topologyOf } from "./rabbitmq_topology.ts";
import { within } from "./within.ts";

/** One channel in confirm mode and what is known while it lives: after its loss the broker may be another, an empty one. */
interface Session {
  connection: Connection;
  channel: Channel;
  declared: Map<string, Promise<void>>;
  underWay: Map<string, { isReturned: boolean }>;
}

/** The broker has confirmed a message that no queue wanted. */
class Unroutable extends Error {
  override name = "Unroutable";
}

const PUBLISH_MS = 5_000;
const CLOSE_MS = 1_000;
const TICK_MS = 500;
const STUCK_TICKS = 4;
const ATTEMPTS_MAX = 3;

/**
 * Publishes on one link, any number of messages under way at once. One that comes back, or whose channel is closed under
 * it, is published again after a new declaration. Rejects after 5 s, and when the broker is away.
 */
export function openRabbitPublisher(
  { link, namespace }: { link: RabbitLink; namespace: string },
): Pick<Queue, "publish"> & AsyncDisposable {
  let session: Session | undefined;
  let opening: Promise<Session> | undefined;
  let count = 0;

  async function open(): Promise<Session> {
    const connection = link.connection();
    const channel = await connection.acquire();
    await channel.confirmSelect();
    const opened: Session = { connection, channel, declared: new Map(), underWay: new Map() };
    watchConfirms(opened, () => link.renew(connection));
    channel.on("basic.return", ({ correlationId = "" }: ReturnedMessage) => {
      const publish = opened.underWay.get(correlationId);
      if (publish) publish.isReturned = true;
    });
    return session = opened;
  }

  function declare({ connection, declared }: Session, regionCode: string, delayMs: number): Promise<void> {
    // On the connection's own channel: a refused declaration closes its channel, and no message shall die of that.
    const declaring = sleep(delayMs).then(() => declareRegion(connection, topologyOf(namespace, regionCode)));
    declared.set(regionCode, declaring);
    declaring.catch(() => declared.get(regionCode) === declaring && declared.delete(regionCode));
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
    const declaring = current.declared.get(regionCode) ?? declare(current, regionCode, 0);
    try {
      await declaring;
      await send(current, regionCode, message);
    } catch (error) {
      const isUnroutable = error instanceof Unroutable;
      // The first to come back declares anew, for all that come back and all that are published meanwhile.
      if (isUnroutable && current.declared.get(regionCode) === declaring) declare(current, regionCode, RECREATE_MS);
      const isCutOff = !current.channel.active &&
        (current.connection.ready || current.connection !== link.connection());
      if (!(isUnroutable || isCutOff) || isLast()) throw error;
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
    async [Symbol.asyncDispose]() {
      if (session) await within(CLOSE_MS, "closing", session.channel.close()).catch(() => {});
    },
  };
}

/**
 * A queue deleted amid many publishes can leave its publishers' connections alive, throttled and stuck for good. So when one
 * message stays the oldest without a confirmation for four ticks, and the broker has not asked to wait, that is told.
 */
function watchConfirms({ connection, channel, underWay }: Session, onStuck: () => void): void {
  let oldestBefore: string | undefined;
  let unchangedTicks = 0;
  const timer = setInterval(() => {
    const [oldest] = underWay.keys();
    unchangedTicks = oldest !== undefined && oldest === oldestBefore ? unchangedTicks + 1 : 0;
    oldestBefore = oldest;
    if (unchangedTicks >= STUCK_TICKS && connection.ready) onStuck();
  }, TICK_MS);
  channel.once("close", () => clearInterval(timer));
}
