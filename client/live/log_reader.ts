/** Reads a room's log into the page: the newest first, older pages when they are wanted, and whatever a hole lacks. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Entry, History } from "../../contract/chat.ts";
import { call } from "../session.ts";
import { emptyLog, hasHole, lastSeqOf, logOf, type RoomLog, takeEntries } from "./room_log.ts";

/** See {@link createLogReader}. */
export interface LogReader {
  readonly log: ReadonlySignal<RoomLog>;
  /** Reads the newest page, and so many more that it reaches back to this seq, within reason. Throws a Refusal. */
  begin(reachBackTo: Promise<number>): Promise<void>;
  /** Reads the page before what is there. Throws a Refusal. */
  readOlder(): Promise<void>;
  /** Reads whatever is newer. */
  catchUp(): Promise<void>;
  /** Takes an entry, in whatever order they come. */
  take(entry: Entry): void;
  /** The seq up to which nothing is missing. */
  lastSeq(): number;
  close(): void;
}

const PAGE = 50;
const PAGE_MAX = 100;
/** Entries that are read at once, so that one can begin where one had stopped. */
const BEGIN_MAX = 300;
/** Entries come by the hundred after an outage: they are shown together. */
const GATHER_MS = 16;

/** Opens it with nothing read. `onTaken` is told of entries that came one by one; `onRefusal` of why catching up failed. */
export function createLogReader(
  partyId: string,
  { onTaken, onRefusal }: { onTaken: (entries: Entry[]) => void; onRefusal: (error: unknown) => void },
): LogReader {
  const log = signal(emptyLog());
  let incoming: Entry[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let catching: Promise<void> | undefined;
  let isClosed = false;

  const read = (query: string) => call<History>("GET", `/api/parties/${partyId}/chat/entries?${query}`);

  function grow(entries: Entry[]): void {
    log.value = takeEntries(log.peek(), entries);
  }

  function flush(): void {
    clearTimeout(gathering);
    gathering = undefined;
    const entries = incoming;
    if (entries.length === 0) return;
    incoming = [];
    grow(entries);
    onTaken(entries);
    if (hasHole(log.peek())) void catchUp();
  }

  function lastSeq(): number {
    flush();
    return lastSeqOf(log.peek());
  }

  async function readOlder(): Promise<void> {
    const { before } = log.peek();
    if (before > 0) grow((await read(`before=${before + 1}&limit=${PAGE}`)).items);
  }

  async function readOn(): Promise<void> {
    while (!isClosed) {
      const { items } = await read(`after=${lastSeq()}&limit=${PAGE_MAX}`);
      grow(items);
      if (items.length < PAGE_MAX) return;
    }
  }

  function catchUp(): Promise<void> {
    return catching ??= readOn().catch(onRefusal).finally(() => catching = undefined);
  }

  return {
    log,
    async begin(reachBackTo) {
      const [page, seq] = await Promise.all([read(`limit=${PAGE}`), reachBackTo]);
      log.value = logOf(page);
      while (log.peek().before > seq && log.peek().run.length < BEGIN_MAX) await readOlder();
    },
    readOlder,
    catchUp,
    take(entry) {
      incoming.push(entry);
      gathering ??= setTimeout(flush, GATHER_MS);
    },
    lastSeq,
    close() {
      isClosed = true;
      clearTimeout(gathering);
    },
  };
}
