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
  regions: Map<string, Declaration>;
  underWay: Map<string, { isReturned: boolean }>;
}

interface Declaration {
  done: Promise<void>;
  isDone: boolean;
}

/** The broker has confirmed a message that no queue wanted. */
class Unroutable extends Error {
  override name = "Unroutable";
}

/** A message is on its way after this long, or rejected. With the ticks below the whole takes no longer than 5 s. */
const SEND_BY_MS = 2_750;
const TICK_MS = 450;
const STUCK_TICKS = 4;
const ATTEMPTS_MAX = 3;
const CLOSE_MS = 1_000;

/**
 * Publishes on one link, any number of messages under way at once. One that comes back, or whose channel is closed under
 * it, is published again after a new declaration, and rejected when that does not help soon, or the broker is away.
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
    const opened: Session = { connection, channel, regions: new Map(), underWay: new Map() };
    channel.on("basic.return", ({ correlationId = "" }: ReturnedMessage) => {
      const publish = opened.underWay.get(correlationId);
      if (publish) publish.isReturned = true;
    });
    watchConfirms(opened, () => link.renew(connection));
    return session = opened;
  }

  function declare({ connection, regions }: Session, regionCode: string, delayMs: number): Declaration {
    // On the connection's own channel: a refused declaration closes its channel, and no message shall die of that.
    const done = sleep(delayMs).then(() => declareRegion(connection, topologyOf(namespace, regionCode)));
    const declaration = { done, isDone: false };
    regions.set(regionCode, declaration);
    done.then(
      () => declaration.isDone = true,
      () => regions.get(regionCode) === declaration && regions.delete(regionCode),
    );
    return declaration;
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

  return {
    async publish(regionCode, message) {
      const sendBy = performance.now() + SEND_BY_MS;
      // Only while there is something to wait for: a timer for each message would be a third of its cost.
      const soon = <T>(what: string, promise: Promise<T>) =>
        within(Math.max(0, sendBy - performance.now()), what, promise);
      for (let attempt = 1;; attempt++) {
        const current = session?.channel.active
          ? session
          : await soon("opening a channel", opening ??= open().finally(() => opening = undefined));
        const declaration = current.regions.get(regionCode) ?? declare(current, regionCode, 0);
        if (!declaration.isDone) await soon("declaring a queue", declaration.done);
        try {
          return await send(current, regionCode, message);
        } catch (error) {
          const isUnroutable = error instanceof Unroutable;
          // The first to come back declares anew, for all that come back and all that are published meanwhile.
          if (isUnroutable && current.regions.get(regionCode) === declaration) {
            declare(current, regionCode, RECREATE_MS);
          }
          const isCutOff = !current.channel.active &&
            (current.connection.ready || current.connection !== link.connection());
          const mayTry = attempt < ATTEMPTS_MAX && performance.now() < sendBy;
          if (!mayTry || !(isUnroutable || isCutOff)) throw error;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      if (session) await within(CLOSE_MS, "closing", session.channel.close()).catch(() => {});
    },
  };
}

/**
 * A queue deleted amid many publishes can leave its publishers' connections alive, throttled and stuck for good; a broker out
 * of memory confirms nothing either. So a message that stays the oldest without a confirmation for four ticks ends it.
 */
function watchConfirms({ channel, underWay }: Session, onStuck: () => void): void {
  let oldestBefore: string | undefined;
  let unchangedTicks = 0;
  const timer = setInterval(() => {
    const [oldest] = underWay.keys();
    unchangedTicks = oldest !== undefined && oldest === oldestBefore ? unchangedTicks + 1 : 0;
    oldestBefore = oldest;
    if (unchangedTicks >= STUCK_TICKS) onStuck();
  }, TICK_MS);
  channel.once("close", () => clearInterval(timer));
}
