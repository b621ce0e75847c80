/** The region queues within one process, no nicer than those in RabbitMQ: later, again after a failure, dead in the end. */
import { setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { type DeadLetter, DELIVERY_LIMIT, type Log, type Queue, type QueueMessage } from "../services/ports.ts";
import { countTaken, reasonOf, redeliveryDelayMs } from "./redelivery.ts";

interface Waiting {
  message: QueueMessage;
  /** Which delivery comes next, from 1. */
  delivery: number;
}

interface Consumer {
  prefetch: number;
  handler: (message: QueueMessage) => Promise<void>;
  underWay: Set<Promise<void>>;
  closing: AbortController;
}

interface Region {
  waiting: Waiting[];
  deadLetters: DeadLetter[];
  consumers: Consumer[];
}

/** More are refused: what is published stays in the outbox. */
const WAITING_MAX = 10_000;
/** Beyond it the oldest go; their events are still in the outbox. */
const DEAD_LETTERS_MAX = 1_000;

/** Opens the queues. Disposing waits for handlers under way and forgets what waits. */
export function openMemoryQueue({ log }: { log: Log }): Queue & AsyncDisposable {
  const regions = new Map<string, Region>();
  let isOpen = true;

  function regionOf(code: string): Region {
    return regions.get(code) ?? regions.set(code, { waiting: [], deadLetters: [], consumers: [] }).get(code)!;
  }

  function serve(code: string): void {
    const region = regionOf(code);
    const consumer = region.consumers.find(({ prefetch, underWay }) => underWay.size < prefetch);
    const next = consumer && region.waiting.shift();
    if (!next) return;
    const handling = handle(code, region, consumer, next).finally(() => {
      consumer.underWay.delete(handling);
      serve(code);
    });
    consumer.underWay.add(handling);
    serve(code);
  }

  async function handle(
    code: string,
    region: Region,
    consumer: Consumer,
    { message, delivery }: Waiting,
  ): Promise<void> {
    try {
      await consumer.handler(bare(message));
    } catch (error) {
      const fields = { regionCode: code, id: message.id, type: message.type, delivery, error };
      if (delivery >= DELIVERY_LIMIT) {
        log.error("a message is a dead letter", fields);
        const letter = { ...message, reason: reasonOf(error), parkedAt: new Date() };
        if (region.deadLetters.push(letter) > DEAD_LETTERS_MAX) region.deadLetters.shift();
        return;
      }
      log.warn("a message will come again", fields);
      await sleep(redeliveryDelayMs(delivery), undefined, { signal: consumer.closing.signal }).catch(() => {});
      // First again, as in a quorum queue.
      region.waiting.unshift({ message, delivery: delivery + 1 });
    }
  }

  async function close(region: Region, consumer: Consumer): Promise<void> {
    region.consumers = region.consumers.filter((each) => each !== consumer);
    consumer.closing.abort();
    await Promise.all(consumer.underWay);
  }

  async function takeDead(regionCode: string, take: (letter: DeadLetter) => Promise<boolean>): Promise<number> {
    const region = regionOf(regionCode);
    const verdicts = await Promise.allSettled(region.deadLetters.map(async (letter) => {
      if (!(await take({ ...letter }))) return false;
      region.deadLetters = region.deadLetters.filter((each) => each !== letter);
      return true;
    }));
    return countTaken(verdicts);
  }

  return {
    isShared: false,
    publish(regionCode, message) {
      const { waiting } = regionOf(regionCode);
      if (!isOpen || waiting.length >= WAITING_MAX) {
        return Promise.reject(new Error(`Cannot publish to ${regionCode}: the queue is ${isOpen ? "full" : "closed"}`));
      }
      waiting.push({ message: bare(message), delivery: 1 });
      setImmediate(() => serve(regionCode));
      return Promise.resolve();
    },
    consume(regionCode, { prefetch }, handler) {
      const region = regionOf(regionCode);
      const consumer = { prefetch, handler, underWay: new Set<Promise<void>>(), closing: new AbortController() };
      region.consumers.push(consumer);
      setImmediate(() => serve(regionCode));
      return Promise.resolve({ [Symbol.asyncDispose]: () => close(region, consumer) });
    },
    deadLetters: (regionCode, limit) =>
      Promise.resolve(regionOf(regionCode).deadLetters.slice(0, limit).map((message) => ({ ...message }))),
    takeDeadLetters: takeDead,
    ping: () => isOpen ? Promise.resolve() : Promise.reject(new Error("The queue is closed")),
    async [Symbol.asyncDispose]() {
      isOpen = false;
      const closing = [...regions.values()].flatMap((region) => region.consumers.map((each) => close(region, each)));
      await Promise.all(closing);
      regions.clear();
    },
  };
}

/** A message as it would travel: a copy, and nothing else that the object may hold. */
function bare({ id, type, body }: QueueMessage): QueueMessage {
  return { id, type, body };
}
