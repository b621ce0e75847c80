/** What a page has of a room's log: an unbroken run of entries that is shown, and what still stands apart from it. */
import type { Entry } from "../../contract/chat.ts";

/** `run` ascends by seq without a hole, the first behind `before`. What is `apart` waits for what lies between. */
export interface RoomLog {
  readonly before: number;
  readonly run: readonly Entry[];
  readonly apart: ReadonlyMap<number, Entry>;
}

/** A log of which nothing is known yet; its run is to begin behind this seq. */
export function emptyLog(before = 0): RoomLog {
  return { before, run: [], apart: new Map() };
}

/** A page of the log as the service answered it: ascending, up to `lastSeq`. */
export function logOf({ items, lastSeq }: { items: Entry[]; lastSeq: number }): RoomLog {
  return takeEntries(emptyLog(items[0] ? items[0].seq - 1 : lastSeq), items);
}

/** Takes entries in whatever order and however often they come, newer or older: the run grows as far as it stays unbroken. */
export function takeEntries(log: RoomLog, entries: readonly Entry[]): RoomLog {
  const apart = new Map(log.apart), last = lastSeqOf(log);
  for (const entry of entries) if (entry.seq <= log.before || entry.seq > last) apart.set(entry.seq, entry);
  const older: Entry[] = [], newer: Entry[] = [];
  for (let seq = last + 1; apart.has(seq); seq++) newer.push(takeOut(apart, seq));
  for (let seq = log.before; apart.has(seq); seq--) older.push(takeOut(apart, seq));
  if (older.length + newer.length === 0) return { ...log, apart };
  return { before: log.before - older.length, run: [...older.reverse(), ...log.run, ...newer], apart };
}

function takeOut(apart: Map<number, Entry>, seq: number): Entry {
  const entry = apart.get(seq)!;
  apart.delete(seq);
  return entry;
}

/** The newest seq up to which nothing is missing: what one goes on from. */
export function lastSeqOf({ before, run }: RoomLog): number {
  return before + run.length;
}

/** Whether something newer is there, and something before it is not. */
export function hasHole(log: RoomLog): boolean {
  const last = lastSeqOf(log);
  return [...log.apart.keys()].some((seq) => seq > last);
}
