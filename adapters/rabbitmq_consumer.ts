/** Consumes a region queue of RabbitMQ, through lost connections and deleted queues. */
import { clearTimeout, setTimeout } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { DELIVERY_LIMIT, type Log, type QueueMessage } from "../services/ports.ts";
import type { RabbitLink } from "./rabbitmq_connection.ts";
import { deliveryOf, messageOf } from "./rabbitmq_message.ts";
import { parkMessage } from "./rabbitmq_parking.ts";
import { declareRegion, RECREATE_MS, topologyOf } from "./rabbitmq_topology.ts";
import { reasonOf, redeliveryDelayMs } from "./redelivery.ts";
import { within } from "./within.ts";

/** What becomes of a message: it is done with, comes again, or is a dead letter for this reason. */
type Verdict = "done" | "again" | { reason: string };

/** With the broker away a consumer is as good as started after this long: it begins at the return. */
const START_MS = 2_000;
/**
 * A consumer that has heard nothing for this long starts afresh: RabbitMQ 3.10 has been seen to lose sight of one whose
 * queue was deleted and declared anew at once. It counts that one, and what it has for it is not among what waits: nothing
 * else tells.
 */
const IDLE_MS = 60_000;

/**
 * As `Queue.consume`. A rejected message is held back for a while, in one of the `prefetch` places, and then given back.
 * The driver's own consumer declares a single queue; the dead letters have to be there first.
 */
export async function rabbitConsume(
  { link, namespace, log, idleMs = IDLE_MS }: { link: RabbitLink; namespace: string; log: Log; idleMs?: number },
  regionCode: string,
  { prefetch }: { prefetch: number },
  handler: (message: QueueMessage) => Promise<void>,
): Promise<AsyncDisposable> {
  const topology = topologyOf(namespace, regionCode);
  const closing = new AbortController();
  const started = Promise.withResolvers<void>();
  const underWay = new Set<Promise<void>>();

  async function judge(raw: AsyncMessage, over: AbortSignal): Promise<Verdict> {
    const message = messageOf(raw);
    if (!message) {
      log.error("a message on a region queue is not one of ours", { regionCode, routingKey: raw.routingKey });
      return { reason: "not one of ours" };
    }
    try {
      await handler(message);
      return "done";
    } catch (error) {
      const fields = { regionCode, id: message.id, type: message.type, delivery: deliveryOf(raw), error };
      if (fields.delivery >= DELIVERY_LIMIT) {
        log.error("a message is a dead letter", fields);
        return { reason: reasonOf(error) };
      }
      log.warn("a message will come again", fields);
      await sleep(redeliveryDelayMs(fields.delivery), undefined, { signal: over }).catch(() => {});
      return "again";
    }
  }

  async function settle(channel: Channel, raw: AsyncMessage, over: AbortSignal): Promise<void> {
    const verdict = await judge(raw, over);
    // On a lost channel nothing can be settled: the broker gives the message again.
    if (!channel.active) return;
    if (verdict === "again") return channel.basicNack({ deliveryTag: raw.deliveryTag, requeue: true });
    const isDealtWith = verdict === "done" || await isParked(raw, verdict.reason);
    if (!channel.active) return;
    // What could not be parked with its reason the broker parks without.
    if (isDealtWith) channel.basicAck({ deliveryTag: raw.deliveryTag });
    else channel.basicNack({ deliveryTag: raw.deliveryTag, requeue: false });
  }

  async function isParked(raw: AsyncMessage, reason: string): Promise<boolean> {
    try {
      await parkMessage({ link, namespace }, regionCode, raw, reason);
      return true;
    } catch (error) {
      log.warn("a dead letter is parked without its reason", { regionCode, id: raw.messageId, error });
      return false;
    }
  }

  /** Consumes until the channel is lost, the queue deleted, nothing heard for long, or the consumer disposed. Tells which. */
  async function consumeOnce(): Promise<"idle" | "over"> {
    const channel = await link.connection().acquire({ emitErrorsFromChannel: true });
    const ending = new AbortController();
    const over = AbortSignal.any([ending.signal, closing.signal]);
    const idle = setTimeout(() => ending.abort("idle"), idleMs);
    const interrupt = (error: unknown) => {
      log.warn("a consumer was interrupted", { regionCode, error });
      ending.abort();
    };
    channel.on("error", interrupt).once("basic.cancel", (_, error) => interrupt(error));
    channel.once("close", () => ending.abort());
    try {
      await declareRegion(channel, topology);
      await channel.basicQos({ prefetchCount: prefetch });
      const { consumerTag } = await channel.basicConsume({ queue: topology.queue.queue }, (raw) => {
        if (over.aborted) return;
        idle.refresh();
        const settling = settle(channel, raw, over).finally(() => underWay.delete(settling));
        underWay.add(settling);
      });
      started.resolve();
      await aborted(over);
      if (channel.active) await channel.basicCancel({ consumerTag });
      return over.reason === "idle" ? "idle" : "over";
    } finally {
      clearTimeout(idle);
      // Also after a loss: there shall be no more than `prefetch` at a time, and no message twice at once.
      await Promise.all(underWay);
      await channel.close();
    }
  }

  async function stayConsuming(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted;) {
      try {
        const end = await consumeOnce();
        failures = 0;
        if (end === "idle") continue;
      } catch (error) {
        if (++failures === 1) log.warn("a consumer cannot start", { regionCode, error });
      }
      await sleep(RECREATE_MS * (1 + Math.random() / 2), undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  const staying = stayConsuming();
  await within(START_MS, "starting to consume", started.promise).catch(() => {});
  return {
    [Symbol.asyncDispose]() {
      closing.abort();
      return staying;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
