/** The chat of one node: every connection, every room, every text on its way into the log. */
import { CLOSE, type Protocol } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { type Appended, appendTexts, type NewText } from "./chat_append.ts";
import { openConnection } from "./chat_connection.ts";
import type { Arrival, Connection } from "./chat_peer.ts";
import { openReadWriter } from "./chat_read_writer.ts";
import { openRooms } from "./chat_rooms.ts";
import { openWriter } from "./chat_writer.ts";
import type { Deps, Sql } from "./ports.ts";
import { openSocketSeats, type SocketSeats } from "./socket_seats.ts";
import { openStompConnection } from "./stomp_connection.ts";
import { afterCommit, inTransaction, isTransaction, sqlOf } from "./transaction.ts";
import { within } from "./within.ts";

/** What the edge needs of the chat. */
export interface ChatHub extends Pick<SocketSeats, "enter"> {
  /** Takes a client in; the edge passes on what it says, and that it is gone. */
  connect(protocol: Protocol, arrival: Arrival): Connection;
  /** Sockets that are open. */
  count(): number;
  /** Throws `unavailable` once the node is about to stop. */
  requireStaying(): void;
  /**
   * Appends a text and shows it everywhere. Resolves after the commit, or, given a transaction of the caller's, when it is
   * part of that. Throws as `appendTexts` tells, and `unavailable`.
   */
  append(text: NewText, sql?: Sql): Promise<Appended>;
  /** Takes in nothing new, asks clients to reconnect elsewhere, lets texts under way finish and be acked, says goodbye. */
  drain(): Promise<void>;
}

/** Clients are asked to come back spread over this time, so that the other nodes do not get all of them at once. */
const RECONNECT_WITHIN_MS = 5_000;
/** Time for texts under way; whoever got no ack sends again. */
const SETTLE_MS = 4_000;
/** Time for goodbyes to be answered. */
const GOODBYE_MS = 1_000;
const GOODBYE_LOOK_MS = 10;
const OPENERS: Record<Protocol, typeof openConnection> = {
  "moajang.v1": openConnection,
  "v12.stomp": openStompConnection,
};
const STOPPING = "this node is about to stop";

/** Opens the chat of this node. */
export async function openChatHub(
  deps: Pick<Deps, "sql" | "relay" | "tokens" | "limiter" | "seats" | "nodeSeats" | "clock" | "log" | "metrics">,
): Promise<ChatHub & AsyncDisposable> {
  const rooms = await openRooms(deps);
  const seats = openSocketSeats(deps);
  const connections = new Set<Connection>();
  let isDraining = false;
  const writer = openWriter(deps, rooms.show);
  const reads = openReadWriter(deps);

  function requireStaying(): void {
    if (isDraining) throw new Problem("unavailable", `Cannot answer: ${STOPPING}`, { retryAfterS: 1 });
  }

  async function append(text: NewText, sql = deps.sql): Promise<Appended> {
    requireStaying();
    return isTransaction(sql) ? await appendWithin(sql, text) : await writer.append(text);
  }

  /** Not by way of the writer: it would wait for another connection while this one is held. */
  async function appendWithin(sql: Sql, text: NewText): Promise<Appended> {
    return await inTransaction(sql, async (tx) => {
      const [result] = await appendTexts({ ...deps, sql: sqlOf(tx) }, [text]);
      if (result instanceof Problem) throw result;
      const { entry, isNew } = result!;
      if (isNew) afterCommit(tx, () => rooms.show(entry.partyId, [entry]));
      return { entry, isNew };
    });
  }

  const { follow, showTyping } = rooms;
  return {
    connect(protocol, arrival) {
      const host = { follow, showTyping, append, markRead: reads.mark, requireStaying, sit: seats.sit };
      const connection = OPENERS[protocol](deps, host, arrival);
      connections.add(connection);
      if (isDraining) connection.close(CLOSE.goingAway, STOPPING);
      return {
        ...connection,
        closed() {
          connections.delete(connection);
          connection.closed();
        },
      };
    },
    count: () => connections.size,
    enter: seats.enter,
    requireStaying,
    append,
    async drain() {
      isDraining = true;
      for (const connection of connections) connection.askToReconnect(Math.round(Math.random() * RECONNECT_WITHIN_MS));
      await within(SETTLE_MS, "settling", writer.settled()).catch(() => {});
      for (const connection of connections) connection.close(CLOSE.goingAway, STOPPING);
      await goneWithin(GOODBYE_MS, connections);
    },
    async [Symbol.asyncDispose]() {
      await reads[Symbol.asyncDispose]();
      await seats[Symbol.asyncDispose]();
      await rooms[Symbol.asyncDispose]();
    },
  };
}

async function goneWithin(ms: number, connections: ReadonlySet<Connection>): Promise<void> {
  for (let waitedMs = 0; waitedMs < ms && connections.size > 0; waitedMs += GOODBYE_LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, GOODBYE_LOOK_MS));
  }
}
