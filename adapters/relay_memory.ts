/** The relay within one process, no nicer than the one over Redis: later, at most once, bounded. */
import { setImmediate } from "node:timers";
import type { Log, Relay } from "../services/ports.ts";

/** Messages published within one turn of the event loop and not yet delivered. More are refused. */
const WAITING_MAX = 100_000;

/** Opens a relay. Disposing it drops what is on its way and refuses what comes. */
export function openMemoryRelay({ log }: { log: Log }): Relay & AsyncDisposable {
  const channels = new Map<string, Set<(message: string) => void>>();
  let waiting: (() => void)[] = [];
  let isOpen = true;

  function deliverAll(): void {
    const due = waiting;
    waiting = [];
    for (const deliver of due) deliver();
  }

  function deliver(channel: string, message: string, listener: (message: string) => void): void {
    if (!channels.get(channel)?.has(listener)) return;
    try {
      listener(message);
    } catch (error) {
      log.error("a relay listener threw", { channel, error });
    }
  }

  return {
    publish(channel, message) {
      if (!isOpen) return Promise.reject(new Error("Cannot publish on the relay: it is closed"));
      if (waiting.length >= WAITING_MAX) return Promise.reject(new Error("Cannot publish on the relay: it is full"));
      // Whoever subscribes from now on is too late for this message, as with Redis.
      const present = [...channels.get(channel) ?? []];
      if (waiting.push(() => present.forEach((each) => deliver(channel, message, each))) === 1) {
        setImmediate(deliverAll);
      }
      return Promise.resolve();
    },
    subscribe(channel, listener) {
      if (!isOpen) return Promise.reject(new Error("Cannot subscribe on the relay: it is closed"));
      // A function of its own for each call: the same listener may be given twice.
      const own = (message: string) => listener(message);
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners.add(own));
      return Promise.resolve({
        [Symbol.asyncDispose]() {
          if (listeners.delete(own) && listeners.size === 0) channels.delete(channel);
          return Promise.resolve();
        },
      });
    },
    ping: () => isOpen ? Promise.resolve() : Promise.reject(new Error("The relay is closed")),
    [Symbol.asyncDispose]() {
      isOpen = false;
      channels.clear();
      return Promise.resolve();
    },
  };
}
