/** One party's chat as this node sees it: entries arrive anyhow and leave in order. */
import type { Entry } from "../contract/chat.ts";
import { encode, encodeEntry, type Outgoing } from "./chat_frames.ts";
import { createReceipts } from "./chat_receipts.ts";
import type { Deps } from "./ports.ts";

/** Reads the log's next entries after a seq, ascending; fewer than {@link PAGE} are the last. */
export type ReadOn = (after: number) => Promise<Entry[]>;

/** Entries in one reading of the log. */
export const PAGE = 100;

/** Whoever is served from the room as it goes on. */
export interface Follower {
  readonly userId: string;
  /** Takes the entry after the last head, the same object for all. */
  take(outgoing: Outgoing): void;
  /** Takes a `moajang.v1` frame that is not part of the log; one about entries up to `seq` is for who has been given those. */
  hear(frame: string, seq?: number): void;
}

/** See {@link createRoom}. */
export interface ChatRoom {
  readonly partyId: string;
  /** The last entry handed on. */
  readonly head: number;
  readonly followers: Set<Follower>;
  /** Who is connected, on any node. */
  readonly online: ReadonlySet<string>;
  /** Takes entries in any order and any number of times, and hands on each once, in order. A hole is read from the log. */
  offer(entries: Entry[]): void;
  /** Hands on whatever the log has beyond the head. */
  catchUp(): Promise<void>;
  /** Tells all a frame that is not part of the log. */
  tellAll(frame: string): void;
  /** Tells all but the person whom it is about a frame that is not part of the log. */
  tell(aboutId: string, frame: string): void;
  /** Tells the others how far a person has read: never back, and not before they have been given the entry. */
  tellRead(userId: string, seq: number): void;
  /** Replaces who is connected, and tells of those who came and went. */
  setOnline(userIds: Set<string>): void;
  close(): void;
}

/** A hole may just be two nodes' messages overtaking each other, by more when they are busy: the log is asked after this long. */
const HOLE_MS = 100;
/** Entries kept while a hole before them is open. More are read from the log again. */
const AHEAD_MAX = 500;

/** Opens the room at `head`: what is beyond has not been handed on yet. */
export function createRoom(
  { log, readOn }: Pick<Deps, "log"> & { readOn: ReadOn },
  { partyId, head, online }: { partyId: string; head: number; online: Set<string> },
): ChatRoom {
  const followers = new Set<Follower>();
  const ahead = new Map<number, Entry>();
  const receipts = createReceipts(() => head, (userId, seq) => {
    tell(userId, encode({ type: "read", partyId, userId, seq }), seq);
  });
  let reading: Promise<void> | undefined;
  let holeTimer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  function handOn(entry: Entry): void {
    head = entry.seq;
    const outgoing = encodeEntry(entry);
    for (const follower of followers) follower.take(outgoing);
    receipts.release();
  }

  function offer(entries: Entry[]): void {
    if (isClosed) return;
    for (const entry of entries) {
      if (entry.seq === head + 1) handOn(entry);
      else if (entry.seq > head && ahead.size < AHEAD_MAX) ahead.set(entry.seq, entry);
    }
    closeHoles();
  }

  function closeHoles(): void {
    if (ahead.size === 0) return;
    for (let next = ahead.get(head + 1); next; next = ahead.get(head + 1)) handOn(next);
    for (const seq of ahead.keys()) if (seq <= head) ahead.delete(seq);
    if (ahead.size > 0) holeTimer ??= setTimeout(readHole, HOLE_MS);
  }

  async function readHole(): Promise<void> {
    holeTimer = undefined;
    if (ahead.size > 0) await catchUp();
  }

  function catchUp(): Promise<void> {
    return reading ??= readToEnd()
      .catch((error) => log.debug("the log was not read: the next look will", { partyId, error }))
      .finally(() => reading = undefined);
  }

  async function readToEnd(): Promise<void> {
    while (!isClosed) {
      const entries = await readOn(head);
      offer(entries);
      if (entries.length < PAGE) return;
    }
  }

  function tell(aboutId: string, frame: string, seq?: number): void {
    for (const follower of followers) if (follower.userId !== aboutId) follower.hear(frame, seq);
  }

  function tellPresence(userIds: Set<string>, online: boolean): void {
    for (const userId of userIds) tell(userId, encode({ type: "presence", partyId, userId, online }));
  }

  return {
    partyId,
    get head() {
      return head;
    },
    get online() {
      return online;
    },
    followers,
    offer,
    catchUp,
    tellAll(frame) {
      for (const follower of followers) follower.hear(frame);
    },
    tell: (aboutId, frame) => tell(aboutId, frame),
    tellRead: receipts.take,
    setOnline(userIds) {
      const before = online;
      online = userIds;
      tellPresence(userIds.difference(before), true);
      tellPresence(before.difference(userIds), false);
    },
    close() {
      isClosed = true;
      clearTimeout(holeTimer);
    },
  };
}
