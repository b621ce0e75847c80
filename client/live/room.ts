/** One party's chat as this page has it: read, followed, gone on with after every break, until it is closed or over. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Entry } from "../../contract/chat.ts";
import type { Party } from "../../contract/parties.ts";
import { Refusal } from "../http.ts";
import { isOnline, me } from "../session.ts";
import { followRoom, type RoomFrame } from "./feeds.ts";
import { createLogReader, type LogReader } from "./log_reader.ts";
import { discardMessages, unsent } from "./outbox.ts";
import { hasHole, lastSeqOf, type RoomLog } from "./room_log.ts";
import { createPeople, type RoomPeople } from "./room_people.ts";
import { failedTries, link, TRIES_BEFORE_REQUESTS } from "./socket.ts";

/** What has become of a room: read for the first time, followed, refused, or over for this person. */
export type Standing = "loading" | "live" | Refusal | Ending;
/** How it is over; `gone` when nobody has said how. */
export type Ending = "left" | "removed" | "gone";

/** See {@link openRoom}. */
export interface Room extends Pick<LogReader, "log" | "readOlder" | "take"> {
  readonly partyId: string;
  readonly standing: ReadonlySignal<Standing>;
  /** How far the person had read when it was opened. */
  readonly readBefore: ReadonlySignal<number>;
  readonly people: Omit<RoomPeople, "read" | "hear" | "close">;
  /** What the party has become meanwhile. */
  readonly party: ReadonlySignal<Partial<Pick<Party, "status" | "memberCount">>>;
  /** Reads it, again after a refusal. */
  start(): Promise<void>;
  close(): void;
}

/** Without a socket, what is new is asked for this often. */
const POLL_MS = 5_000;
const MOVES = ["join", "leave", "removed"];

/** Reads and follows a room. */
export function openRoom(partyId: string): Room {
  const standing = signal<Standing>("loading"), readBefore = signal(0), party = signal({});
  const people = createPeople(partyId), reader = createLogReader(partyId, { onTaken, onRefusal });
  const endings = [people.close, reader.close];
  let isFollowed = false, isOver = false;

  async function start(): Promise<void> {
    standing.value = "loading";
    try {
      await reader.begin(readPeople());
      follow();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      standing.value = error;
    }
  }

  async function readPeople(): Promise<number> {
    await people.read();
    return readBefore.value = people.pointers.peek().get(me.peek()?.id ?? "") ?? 0;
  }

  function follow(): void {
    if (isOver || isFollowed) return;
    isFollowed = true;
    standing.value = "live";
    endings.push(followRoom(partyId, { after: reader.lastSeq, hear }));
  }

  function onTaken(entries: Entry[]): void {
    if (entries.some(({ kind }) => MOVES.includes(kind))) void refresh();
  }

  function onRefusal(error: unknown): void {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 403 || error.status === 404) end("gone");
  }

  async function refresh(): Promise<void> {
    await people.read().catch(onRefusal);
  }

  function end(how: Ending): void {
    if (isOver) return;
    reader.lastSeq();
    standing.value = how;
    close();
  }

  function close(): void {
    isOver = true;
    for (const end of endings.splice(0)) end();
  }

  function hear(frame: RoomFrame): void {
    people.hear(frame);
    if (frame.type === "subscribed") void refresh();
    if (frame.type === "entry") reader.take(frame);
    if (frame.type === "party") party.value = { status: frame.status, memberCount: frame.memberCount };
    if (frame.type === "unsubscribed" && frame.reason !== "requested") end(frame.reason);
    if (frame.type === "problem") end("gone");
  }

  endings.push(
    effect(() => {
      if (isOnline.value && standing.peek() instanceof Refusal) void start();
    }),
    dropDelivered(partyId, reader),
    poll(() => isFollowed && (isCutOff() || hasHole(reader.log.peek())), reader),
  );
  void start();
  return {
    partyId,
    standing,
    readBefore,
    people,
    party,
    start,
    log: reader.log,
    readOlder: reader.readOlder,
    take: reader.take,
    close,
  };
}

function isCutOff(): boolean {
  return link.peek() !== "open" && failedTries.peek() >= TRIES_BEFORE_REQUESTS;
}

function poll(isNeeded: () => boolean, { catchUp }: LogReader): () => void {
  const timer = setInterval(() => isNeeded() && void catchUp(), POLL_MS);
  return () => clearInterval(timer);
}

/** Of what was written here, the log takes over what it shows; what it does not show yet is read. */
function dropDelivered(partyId: string, { log, catchUp }: LogReader): () => void {
  return effect(() => {
    const mine = unsent.value.filter((message) => message.partyId === partyId), last = lastSeqOf(log.value);
    if (mine.length === 0) return;
    const shown = ownIds(log.value);
    const delivered = mine.filter(({ clientMsgId, seq = Infinity }) => seq <= last || shown.has(clientMsgId));
    discardMessages(delivered.map(({ clientMsgId }) => clientMsgId));
    if (link.peek() !== "open" && mine.some(({ seq = 0 }) => seq > last)) void catchUp();
  });
}

function ownIds({ run }: RoomLog): Set<string | null> {
  return new Set(run.filter(({ sender }) => sender?.id === me.peek()?.id).map(({ clientMsgId }) => clientMsgId));
}
