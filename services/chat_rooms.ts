/** The rooms that this node has open: one relay subscription each, and one look at the log for all of them together. */
import type { Entry, RoomMessage } from "../contract/chat.ts";
import { admit, chatClosed } from "./chat_access.ts";
import { openBeacons } from "./chat_beacons.ts";
import { encode } from "./chat_frames.ts";
import { findRoomsAhead, readEntries } from "./chat_log.ts";
import { openNeighbours } from "./chat_neighbours.ts";
import { channelOf, isShown, publishEntries, publishToRoom, readRoomMessage } from "./chat_relay.ts";
import { type ChatRoom, createRoom, PAGE, type ReadOn } from "./chat_room.ts";
import { followRoom, type Listener } from "./chat_subscription.ts";
import { newId } from "./ids.ts";
import type { Deps } from "./ports.ts";
import { createPartyNews } from "./party_news.ts";
import { openPresence } from "./presence.ts";

/** Where people follow rooms. */
export interface ChatRooms extends AsyncDisposable {
  /**
   * Tells of the beginning, then of the entries after `after` (without it only those to come), until disposed or until the
   * person is no longer a member, which is told too. Throws `not-found`, `forbidden`, `chat-closed`.
   */
  follow(
    subscriber: { partyId: string; userId: string; after: number | undefined },
    listener: Listener,
  ): Promise<Disposable>;
  /** Shows everyone in the room, on every node, what has just been committed on this one. */
  show(partyId: string, entries: Entry[]): void;
  /** Shows everyone in the room, on every node, that a person is typing. */
  showTyping(partyId: string, userId: string): void;
}

/** While the relay loses messages, and for so many ticks after, the log is asked on each whether it is ahead. */
const DOUBT_TICKS = 4;
/** Otherwise beacons tell, and the log is asked every 5 s, in case. */
const CALM_TICKS = 10;
/** What the log has may still be on its way over the relay for this long. */
const ON_ITS_WAY_MS = 100;
/** A room without followers is kept for so many ticks: people who reconnect find it open. */
const IDLE_TICKS = 10;

interface OpenRoom {
  room: ChatRoom;
  readOn: ReadOn;
  relayed: Promise<AsyncDisposable>;
  idleTicks: number;
}

/** Opens the registry, empty. */
export async function openRooms(deps: Pick<Deps, "sql" | "relay" | "clock" | "log">): Promise<ChatRooms> {
  const { relay, log } = deps;
  const nodeId = newId(deps);
  const rooms = new Map<string, OpenRoom>();
  const presence = await openPresence(deps, {
    nodeId,
    rooms: () => rooms.keys(),
    onRead: (partyId, userIds) => rooms.get(partyId)?.room.setOnline(userIds),
  });

  const news = createPartyNews(deps, (partyId, frame) => rooms.get(partyId)?.room.tellAll(frame));

  function open(partyId: string, head: number, online: Set<string>): OpenRoom {
    const readOn: ReadOn = (after) => readEntries(deps, { partyId, after, limit: PAGE });
    const room = createRoom({ log, readOn }, { partyId, head, online });
    const relayed = relay.subscribe(channelOf(partyId), (text) => {
      if (!isShown(text, nodeId)) hear(room, readRoomMessage(deps, text));
    });
    // What was committed before the subscription was in force came by no message.
    relayed.then(
      () => room.catchUp(),
      (error) => log.warn("room not on the relay: the log is looked at instead", { error }),
    );
    const opened = { room, readOn, relayed, idleTicks: 0 };
    rooms.set(partyId, opened);
    return opened;
  }

  function hear(room: ChatRoom, message: RoomMessage | null): void {
    if (message?.type === "entries") room.offer(message.entries);
    if (message?.type === "head" && message.seq > room.head) room.catchUp();
    if (message?.type === "presence") presence.refresh(room.partyId);
    if (message?.type === "party") news.refresh(room.partyId);
    if (message?.type === "read") room.tellRead(message.userId, message.seq);
    if (message?.type === "typing") {
      const { userId } = message;
      room.tell(userId, encode({ type: "typing", partyId: room.partyId, userId }));
    }
  }

  async function close({ room, relayed }: OpenRoom): Promise<void> {
    rooms.delete(room.partyId);
    room.close();
    await relayed.then((subscription) => subscription[Symbol.asyncDispose](), () => {});
  }

  function closeIdle(): void {
    for (const opened of rooms.values()) {
      opened.idleTicks = opened.room.followers.size > 0 ? 0 : opened.idleTicks + 1;
      // Not awaited: the relay may take its time, and the others are to be looked at now.
      if (opened.idleTicks > IDLE_TICKS) close(opened).catch((error) => log.warn("room not closed", { error }));
    }
  }

  async function look(): Promise<void> {
    if (rooms.size === 0) return;
    const ahead = await findRoomsAhead(deps, new Map([...rooms].map(([partyId, { room }]) => [partyId, room.head])));
    if (ahead.size === 0) return;
    // In a busy room there is always something on its way: only what does not come is read.
    await new Promise((resolve) => setTimeout(resolve, ON_ITS_WAY_MS));
    const behind = [...ahead].map(([partyId, lastSeq]) => ({ room: rooms.get(partyId)?.room, lastSeq }));
    await Promise.all(behind.map(({ room, lastSeq }) => room && room.head < lastSeq ? room.catchUp() : undefined));
  }

  let looking: Promise<void> | undefined;
  let calmTicks = 0;
  function tick(soundTicks: number): void {
    closeIdle();
    calmTicks++;
    if (soundTicks >= DOUBT_TICKS && calmTicks < CALM_TICKS) return;
    looking ??= look()
      .then(() => void (calmTicks = 0), (error) => log.debug("the log was not looked at", { error }))
      .finally(() => looking = undefined);
  }
  const neighbours = await openNeighbours(deps, nodeId, tick);
  const beacons = openBeacons(relay, (partyId, seq) => publishToRoom(deps, partyId, { type: "head", seq }));

  return {
    async follow({ partyId, userId, after }, listener) {
      const [access, online] = await Promise.all([
        admit(deps, { partyId, userId }),
        rooms.get(partyId)?.room.online ?? presence.read([partyId]).then((read) => read.get(partyId)!),
      ]);
      if (!access.isOpen) throw chatClosed();
      // From here to the end nothing waits: no entry and no change of who is online comes between.
      const { room, readOn } = rooms.get(partyId) ?? open(partyId, access.lastSeq, new Set(online));
      const { lastSeq } = access;
      listener.begin({ lastSeq, online: [...new Set([...room.online, userId])] });
      const here = presence.arrive(partyId, userId);
      const following = followRoom({ log, readOn }, room, { userId, access, after }, {
        ...listener,
        end(reason, last) {
          here[Symbol.dispose]();
          listener.end(reason, last);
        },
      });
      return {
        [Symbol.dispose]() {
          following[Symbol.dispose]();
          here[Symbol.dispose]();
        },
      };
    },
    show(partyId, entries) {
      // This node's own readers need not wait for the relay to bring back what was committed here.
      rooms.get(partyId)?.room.offer(entries);
      publishEntries(deps, partyId, entries, nodeId);
    },
    showTyping: (partyId, userId) => publishToRoom(deps, partyId, { type: "typing", userId }),
    async [Symbol.asyncDispose]() {
      beacons[Symbol.dispose]();
      await neighbours[Symbol.asyncDispose]();
      await looking;
      await Promise.all([...rooms.values()].map(close));
      await presence[Symbol.asyncDispose]();
    },
  };
}
