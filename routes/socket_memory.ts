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
/** What is held outside grows in the long run, for reasons of its own: growth is what comes on top of a level of this age. */
const LEVEL_MS = 60_000;
/** A goodbye gets so long to go out, and the memory, looked at as often, to come back: a busy machine lets go late. */
const GOODBYE_MS = 50;
const FREE_MS = 10, FREE_MS_MAX = 500;

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
  let level = { bytes: startBytes, at: calmAt };
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

  /** Waits for the memory of those who were cut off, unless others fill it meanwhile. */
  async function comesBack(): Promise<boolean> {
    const spareAtCut = spareBytes(), until = performance.now() + FREE_MS_MAX;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, FREE_MS));
      const spare = spareBytes();
      if (spare > SLACK_BYTES / 2) return true;
      if (spare < spareAtCut - NOISE_BYTES) return false;
    }
    return false;
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
      if (await comesBack()) break;
    }
    const spare = spareBytes();
    log.warn("sockets were cut off: messages that did not end had filled the memory", { dropped: dropped.size, spare });
    if (spare < SLACK_BYTES / 2) forgivenBytes += SLACK_BYTES / 2 - spare;
  }

  function look(): void {
    const bytes = bytesOutside(), now = performance.now();
    if (bytes < level.bytes + NOISE_BYTES) calmAt = now;
    if (bytes < level.bytes || now - level.at > LEVEL_MS) level = { bytes, at: now };
    if (spareBytes() < 0) relieving ??= relieve().finally(() => relieving = undefined);
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
}

function bytesOutside(): number {
  const { rss, heapTotal, external } = Deno.memoryUsage();
  return rss - heapTotal - external;
}
