/** Reads the dead letters of RabbitMQ, and takes out what is asked for. */
import type { Channel, SyncMessage } from "rabbitmq-client";
import type { DeadLetter, Queue } from "../services/ports.ts";
import type { RabbitLink } from "./rabbitmq_connection.ts";
import { deadLetterOf } from "./rabbitmq_message.ts";
import { declareRegion, topologyOf } from "./rabbitmq_topology.ts";
import { countTaken } from "./redelivery.ts";
import { within } from "./within.ts";

const READ_MS = 5_000;
const TAKE_MS = 60_000;
const CLOSE_MS = 1_000;
/** What is given back lines up behind what was given back before: taking all keeps the order, up to this many. */
const ORDERED_MAX = 1_000;
const TAKEN_MAX = 10_000;

/**
 * Takes dead letters without acknowledging them, and gives back those that stay. One at a time and on one channel, for what
 * another has in its hands cannot be seen, and what was given back on another channel may come late.
 */
export function openRabbitDeadLetters(
  { link, namespace }: { link: RabbitLink; namespace: string },
): Pick<Queue, "deadLetters" | "takeDeadLetters"> & AsyncDisposable {
  let channel: Channel | undefined;
  let busy: Promise<unknown> = Promise.resolve();

  /** Hands out what `work` may acknowledge; the rest is given back when it is done. */
  async function hold<T>(
    regionCode: string,
    count: number,
    work: (channel: Channel, held: SyncMessage[]) => Promise<T>,
  ): Promise<T> {
    if (!channel?.active) channel = await link.connection().acquire();
    const holder = channel, topology = topologyOf(namespace, regionCode);
    try {
      await declareRegion(holder, topology);
      const held: SyncMessage[] = [];
      while (held.length < count) {
        const raw = await holder.basicGet(topology.deadQueue.queue);
        if (!raw) break;
        held.push(raw);
      }
      return await work(holder, held);
    } finally {
      if (holder.active) holder.basicNack({ deliveryTag: ALL, multiple: true, requeue: true });
    }
  }

  async function judge(
    holder: Channel,
    held: SyncMessage[],
    take: (letter: DeadLetter) => Promise<boolean>,
  ): Promise<number> {
    return countTaken(
      await Promise.allSettled(held.map(async (raw) => {
        const isTaken = await take(deadLetterOf(raw));
        if (isTaken) holder.basicAck({ deliveryTag: raw.deliveryTag });
        return isTaken;
      })),
    );
  }

  function inTurn<T>(ms: number, what: string, work: () => Promise<T>): Promise<T> {
    const result = busy.then(work);
    busy = result.catch(() => {});
    return within(ms, what, result);
  }

  return {
    deadLetters: (regionCode, limit) =>
      inTurn(
        READ_MS,
        "reading dead letters",
        () =>
          hold(regionCode, Math.max(limit, ORDERED_MAX), (_, held) =>
            Promise.resolve(held.slice(0, limit).map(deadLetterOf))),
      ),
    takeDeadLetters: (regionCode, take) =>
      inTurn(
        TAKE_MS,
        "taking dead letters",
        () => hold(regionCode, TAKEN_MAX, (holder, held) => judge(holder, held, take)),
      ),
    async [Symbol.asyncDispose]() {
      if (channel) await within(CLOSE_MS, "closing", channel.close()).catch(() => {});
    },
  };
}

/** As a delivery tag: everything that this channel has not acknowledged. */
const ALL = 0;
