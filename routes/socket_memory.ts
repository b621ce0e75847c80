/**
 * A bound on what clients may fill where nobody can count it. A message may come as a frame of up to 64 MiB or as any
 * number of fragments, and the runtime keeps what has come of it, without a bound and without a word. What can be seen is
 * the memory outside the JavaScript heap, and which sockets have finished no message while it grew: those are cut off.
 */
import { CLOSE } from "../contract/chat.ts";
import type { Log } from "../services/ports.ts";
import { dropSocket } from "./socket_drop.ts";

/** What the node may hold outside the heap beyond what it began with: in all, and for each socket. */
const SLACK_BYTES = 256 * 1024 * 1024;
const SOCKET_BYTES = 64 * 1024;
/** So much more or less is no growth. */
const NOISE_BYTES = 16 * 1024 * 1024;
const LOOK_MS = 100;
/** Whoever has finished a message within this time holds next to nothing. */
const JUST_MS = 250;
/** A goodbye gets so long to go out, and the memory to come back. */
const GOODBYE_MS = 50;
const FREE_MS = 10;

/** See {@link watchSocketMemory}. */
export interface SocketMemory extends Disposable {
  /** Watches a socket until disposed. */
  add(socket: WebSocket): Watched;
}

/** A socket under watch. */
export interface Watched extends Disposable {
  /** A whole message has come: nothing of it is held back. */
  finished(): void;
}

/** Starts with no socket. */
export function watchSocketMemory({ log }: { log: Log }): SocketMemory {
  /** When each socket last had nothing unfinished. */
  const emptyAt = new Map<WebSocket, number>();
  const startBytes = bytesOutside();
  let calmAt = performance.now();
  /** What no socket was to blame for. */
  let forgivenBytes = 0;
  let relieving: Promise<void> | undefined;

  function spareBytes(): number {
    const spare = startBytes + SLACK_BYTES + SOCKET_BYTES * emptyAt.size + forgivenBytes - bytesOutside();
    if (spare > 0) return spare;
    // What slow readers leave unread has a bound of its own. It is added up only when it matters.
    return spare + emptyAt.keys().reduce((sum, socket) => sum + socket.bufferedAmount, 0);
  }

  /** Whoever has been silent since the growth began comes first. */
  function suspects(): WebSocket[] {
    const now = performance.now();
    const distance = (at: number) => Math.abs(at - calmAt);
    return [...emptyAt].filter(([, at]) => now - at > JUST_MS)
      .sort(([one, a], [other, b]) => other.readyState - one.readyState || distance(a) - distance(b))
      .map(([socket]) => socket);
  }

  /**
   * Cuts off one, four, sixteen … until half the slack is there again: few for one flood, and not long for many. Each time those
   * who have finished a message meanwhile are spared: a busy node hears late of what they say.
   */
  async function relieve(): Promise<void> {
    const dropped = new Set<WebSocket>();
    for (let count = 1;; count *= 4) {
      const some = suspects().filter((socket) => !dropped.has(socket)).slice(0, count);
      if (some.length === 0) break;
      await cutOff(some);
      for (const socket of some) dropped.add(socket);
      if (spareBytes() > SLACK_BYTES / 2) break;
    }
    const spare = spareBytes();
    log.warn("sockets were cut off: messages that did not end had filled the memory", { dropped: dropped.size, spare });
    if (spare < SLACK_BYTES / 2) forgivenBytes += SLACK_BYTES / 2 - spare;
  }

  function look(): void {
    const spare = spareBytes();
    if (spare > SLACK_BYTES - NOISE_BYTES) calmAt = performance.now();
    if (spare < 0) relieving ??= relieve().finally(() => relieving = undefined);
  }

  const timer = setInterval(look, LOOK_MS);
  return {
    add(socket) {
      const finished = () => void emptyAt.set(socket, performance.now());
      finished();
      return { finished, [Symbol.dispose]: () => void emptyAt.delete(socket) };
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** Those among them that have done nothing wrong hear that they should connect anew. */
async function cutOff(sockets: WebSocket[]): Promise<void> {
  for (const socket of sockets) {
    if (socket.readyState === WebSocket.OPEN) socket.close(CLOSE.goingAway, "this node is short of memory");
  }
  await new Promise((resolve) => setTimeout(resolve, GOODBYE_MS));
  sockets.forEach(dropSocket);
  await new Promise((resolve) => setTimeout(resolve, FREE_MS));
}

function bytesOutside(): number {
  const { rss, heapTotal, external } = Deno.memoryUsage();
  return rss - heapTotal - external;
}
