/** The relay over Redis: sharded pub/sub, so that a Redis Cluster spreads the channels. */
import type { Log, Relay } from "../services/ports.ts";
import { openRedis, type RedisClient } from "./redis_connection.ts";
import { within } from "./within.ts";

/** One Redis subscription, shared by all local listeners of a channel. */
interface Subscription {
  listeners: Set<(message: string) => void>;
  /** Settled anew after each loss of the connection. */
  inForce: PromiseWithResolvers<void>;
}

/** With Redis away a subscription is as good as made after this long: it is put in force at the return. */
const SUBSCRIBE_MS = 1_000;

/** Opens the relay: one connection that subscribes, one that publishes. Channels are `<namespace>:<channel>`. */
export async function openRedisRelay(
  { url, namespace, log }: { url: string; namespace: string; log: Log },
): Promise<Relay & AsyncDisposable> {
  const subscriptions = new Map<string, Subscription>();
  let subscribing: RedisClient | undefined;

  function deliver(message: string, name: string): void {
    for (const listener of [...subscriptions.get(name)?.listeners ?? []]) {
      try {
        listener(message);
      } catch (error) {
        log.error("a relay listener threw", { channel: name, error });
      }
    }
  }

  function putInForce(name: string, subscription: Subscription): void {
    const { inForce } = subscription;
    const client = subscribing;
    client?.sSubscribe(name, deliver).then(inForce.resolve, (error) => {
      // Lost with its connection: the next one subscribes anew. Anything else is a refusal.
      if (client.isReady) log.error("redis refused a subscription", { channel: name, error });
    });
  }

  function end(name: string): void {
    subscriptions.delete(name);
    const client = subscribing;
    // Commands are carried out in order: whoever subscribes again from now on is subscribed after this.
    client?.sUnsubscribe(name, deliver).catch((error) => {
      if (client.isReady) log.error("redis refused the end of a subscription", { channel: name, error });
    });
  }

  await using stack = new AsyncDisposableStack();
  const [subscriber, publisher] = await Promise.all([
    openRedis({
      url,
      log,
      onUp(client) {
        subscribing = client;
        for (const [name, subscription] of subscriptions) putInForce(name, subscription);
      },
      onDown() {
        subscribing = undefined;
        for (const subscription of subscriptions.values()) subscription.inForce = Promise.withResolvers();
      },
    }),
    openRedis({ url, log }),
  ]);
  stack.use(subscriber);
  stack.use(publisher);
  const connections = stack.move();

  return {
    async publish(channel, message) {
      await publisher.run((client) => client.sPublish(`${namespace}:${channel}`, message));
    },
    async subscribe(channel, listener) {
      const name = `${namespace}:${channel}`;
      const subscription = subscriptions.get(name) ?? { listeners: new Set(), inForce: Promise.withResolvers<void>() };
      if (!subscriptions.has(name)) {
        subscriptions.set(name, subscription);
        putInForce(name, subscription);
      }
      // A function of its own for each call: the same listener may be given twice.
      const own = (message: string) => listener(message);
      subscription.listeners.add(own);
      await within(SUBSCRIBE_MS, "subscribing", subscription.inForce.promise).catch(() => {});
      return {
        [Symbol.asyncDispose]() {
          if (subscription.listeners.delete(own) && subscription.listeners.size === 0) end(name);
          return Promise.resolve();
        },
      };
    },
    async ping() {
      await Promise.all([subscriber.ping(), publisher.ping()]);
    },
    [Symbol.asyncDispose]: () => connections.disposeAsync(),
  };
}
