/** One reader's way through a room's log: first what they missed, then live, and an end where their membership ended. */
import type { Access } from "./chat_access.ts";
import { encodeEntry, type Outgoing } from "./chat_frames.ts";
import type { ChatRoom, Follower, ReadOn } from "./chat_room.ts";
import type { Deps } from "./ports.ts";

/** Where frames go: one client's connection, bounded. */
export interface Sink {
  /** Sends a frame, or closes the connection when too many are unread. Never throws. */
  send(frame: string): void;
  /** Resolves when there is room for a page of frames; at the latest when the connection is over. */
  drained(): Promise<void>;
  close(code: number, reason: string): void;
}

/** Who reads, from where, and what they may see. */
export interface Reader {
  userId: string;
  access: Access;
  /** Entries with a greater seq are wanted; without it only those to come. */
  after: number | undefined;
}

/** How a subscription ends by itself. */
export type EndReason = "left" | "removed";

/** What a subscription has to tell, for a protocol to put into its own words. */
export interface Listener {
  /** The subscription is in force; nothing comes before this. */
  begin(room: { lastSeq: number; online: string[] }): void;
  entry(outgoing: Outgoing): void;
  /** Takes a `moajang.v1` frame that is not part of the log: who comes and goes, who is typing. */
  aside(frame: string): void;
  /** Nothing comes after this. `last` is the reader's own leave or removal, told as an entry before if it was asked for. */
  end(reason: EndReason, last: Outgoing): void;
  /** Resolves when there is room for a page of entries, as {@link Sink} does. */
  drained(): Promise<void>;
}

/** A failed reading of the log is tried again after this long. */
const RETRY_MS = 500;

/**
 * Follows the room for a reader until disposed, or until the reader's own leave or removal, which is the last entry they
 * get; then it ends. Every entry after the start is sent once and in order, whatever the room does meanwhile.
 */
export function followRoom(
  { log, readOn }: Pick<Deps, "log"> & { readOn: ReadOn },
  room: ChatRoom,
  { userId, access: { lastSeq, joinedSeq }, after = lastSeq }: Reader,
  listener: Omit<Listener, "begin">,
): Disposable {
  // Looking starts no later than at the admission, even if the reader asks for less: a removal since then is not missed.
  let cursor = Math.min(after, lastSeq);
  let isLive = false;
  let isOver = false;

  const follower: Follower = {
    userId,
    take(outgoing) {
      if (isLive) take(outgoing);
    },
    hear: listener.aside,
  };

  function take(outgoing: Outgoing): void {
    const { entry } = outgoing;
    if (isOver || entry.seq <= cursor) return;
    cursor = entry.seq;
    if (entry.seq > after) listener.entry(outgoing);
    if (entry.seq <= joinedSeq || entry.sender?.id !== userId) return;
    if (entry.kind === "leave") end("left", outgoing);
    if (entry.kind === "removed") end("removed", outgoing);
  }

  function stop(): void {
    isOver = true;
    room.followers.delete(follower);
  }

  function end(reason: EndReason, last: Outgoing): void {
    stop();
    listener.end(reason, last);
  }

  async function readUp(): Promise<void> {
    while (!isOver && cursor < room.head) {
      await listener.drained();
      for (const entry of await readOn(cursor)) take(encodeEntry(entry));
    }
    // Nothing happens between the last look at the head and this: from here on the room itself serves the reader.
    isLive = true;
  }

  async function start(): Promise<void> {
    while (!isOver) {
      try {
        return await readUp();
      } catch (error) {
        log.debug("missed entries were not read: another try", { partyId: room.partyId, error });
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  room.followers.add(follower);
  start();
  return { [Symbol.dispose]: stop };
}
