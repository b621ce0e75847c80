/** A relay that loses what a test says: the real one of a node, or the embedded one shared by the nodes of a test. */
import { openMemoryRelay } from "../adapters/relay_memory.ts";
import { openRedisRelay } from "../adapters/relay_redis.ts";
import type { Relay } from "../services/ports.ts";
import { quietLog as log } from "./quiet_log.ts";

/** A message on its way to a node; `isOwn` when that node has published the same itself. */
export interface Relayed {
  channel: string;
  message: string;
  isOwn: boolean;
}

/** A node's relay. */
export interface LossyRelay {
  relay: Relay;
  /** What is lost on the way to this node from now on; nothing when not told. */
  lose(isLost?: (relayed: Relayed) => boolean): void;
  /** How many messages were lost so far, and how many of a channel were heard. */
  lost(): number;
  heard(channel: string): number;
}

/** Opens the relays of so many nodes that hear each other, closed with the stack. */
export async function openLossyRelays(stack: AsyncDisposableStack, nodes: number): Promise<LossyRelay[]> {
  const url = Deno.env.get("REDIS_URL"), namespace = `test-${crypto.randomUUID().slice(-12)}`;
  const shared = url ? null : stack.use(openMemoryRelay({ log }));
  return await Promise.all(Array.from({ length: nodes }, async () => {
    return lossy(shared ?? stack.use(await openRedisRelay({ url: url!, namespace, log })));
  }));
}

function lossy(inner: Relay): LossyRelay {
  const published = new Set<string>(), heard = new Map<string, number>();
  let isLost: (relayed: Relayed) => boolean = () => false;
  let lost = 0;
  return {
    relay: {
      publish(channel, message) {
        published.add(message);
        return inner.publish(channel, message);
      },
      subscribe: (channel, listener) =>
        inner.subscribe(channel, (message) => {
          if (isLost({ channel, message, isOwn: published.has(message) })) return void lost++;
          heard.set(channel, (heard.get(channel) ?? 0) + 1);
          listener(message);
        }),
      ping: () => inner.ping(),
    },
    lose: (next = () => false) => void (isLost = next),
    lost: () => lost,
    heard: (channel) => heard.get(channel) ?? 0,
  };
}
