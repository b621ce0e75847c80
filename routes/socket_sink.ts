/** A WebSocket as the chat sees it: bounded. */
import type { Sink } from "../services/chat_subscription.ts";
import { dropSocket } from "./socket_drop.ts";

/** What a reader may leave unread: frames, or bytes of them. */
const UNREAD_FRAMES_MAX = 512;
const UNREAD_BYTES_MAX = 1024 * 1024;
/** A catching-up reader gets the next page when less than this is unread … */
const DRAINED_BYTES = 64 * 1024;
/** … and is too slow when it has not read so far in this time. */
const DRAIN_MS = 10_000;
/** A goodbye waits so long for the frames before it. */
const FLUSH_MS = 1_000;
/** … and so long for the peer to pause. Whoever goes on talking for longer is not waited for. */
const PAUSE_MS = 100;
/** A peer has so long to answer a goodbye: then it is cut off. */
const GONE_MS = 10_000;
/** How often is looked at what is unread. */
const LOOK_MS = 10;

/** Wraps an open socket. A reader that leaves too much unread is `onTooSlow`'s to close; from then on nothing is sent. */
export function boundedSink(socket: WebSocket, onTooSlow: () => void): Sink {
  /** Sizes of the frames sent and perhaps not yet handed to the kernel, oldest first, and their sum: mostly none. */
  let sizes: number[] = [];
  let sum = 0;
  let isOver = false;

  function tooSlow(): void {
    if (isOver) return;
    isOver = true;
    onTooSlow();
  }

  /** Forgets the frames that have gone out. */
  function forget(unread: number): void {
    if (unread === 0) {
      sizes.length = 0;
      sum = 0;
      return;
    }
    let gone = 0;
    while (sum > unread && gone < sizes.length) sum -= sizes[gone++]!;
    if (gone > 0) sizes = sizes.slice(gone);
  }

  return {
    send(frame) {
      if (isOver) return;
      // A peer that answers no pings is being given up; with unread frames in its way, the close event may never come.
      if (socket.readyState !== WebSocket.OPEN) return tooSlow();
      const before = socket.bufferedAmount;
      if (before === 0 && sum > 0) forget(0);
      socket.send(frame);
      const size = socket.bufferedAmount - before;
      sizes.push(size);
      sum += size;
      if (sizes.length > UNREAD_FRAMES_MAX || sum > UNREAD_BYTES_MAX) forget(before + size);
      if (sizes.length > UNREAD_FRAMES_MAX || sum > UNREAD_BYTES_MAX) tooSlow();
    },
    async drained() {
      for (let waitedMs = 0; !isOver && socket.readyState === WebSocket.OPEN; waitedMs += LOOK_MS) {
        if (socket.bufferedAmount < DRAINED_BYTES) return;
        if (waitedMs >= DRAIN_MS) return tooSlow();
        await pause();
      }
    },
    async close(code, reason) {
      isOver = true;
      // From `close` on, Deno drops the connection at the next message that comes in, and with it a goodbye that is not out
      // yet; what it has not read of a burst makes that a reset. So it is said when nothing stands before it and nothing came
      // lately, and never while a message is dealt with: the next may be there.
      let hasHeard = false;
      socket.addEventListener("message", () => hasHeard = true);
      for (let waitedMs = 0; waitedMs < FLUSH_MS; waitedMs += LOOK_MS) {
        hasHeard = false;
        await pause();
        if (socket.bufferedAmount === 0 && (!hasHeard || waitedMs >= PAUSE_MS)) break;
      }
      if (socket.readyState === WebSocket.OPEN) socket.close(code, reason);
      const timer = setTimeout(() => dropSocket(socket), GONE_MS);
      Deno.unrefTimer(timer);
      socket.addEventListener("close", () => clearTimeout(timer));
    },
  };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, LOOK_MS));
