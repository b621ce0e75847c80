/** How each server is spoken to: how to get into a room, and how to say something there. */
import type { Address } from "./wire.ts";

/**
 * The service, with a subscription or as one who only sends; the bare peers; and socket.io by its wire format (Engine.IO 4
 * over a WebSocket from the start).
 */
export type DialectName = "moajang" | "sender" | "plain" | "socketio";

/** One connection to be. */
export interface Seat {
  host: string;
  port: number;
  room: string;
  token: string;
}

/** Where a client that comes back left off. */
export interface Place {
  /** The service: the last seq that came; less than 0 before there is one. */
  seq: number;
  /** socket.io: the session that may be recovered, and the last packet of it. */
  pid: string;
  offset: string;
}

/** See {@link DIALECTS}. */
export interface Dialect {
  address(seat: Seat): Pick<Address, "path" | "headers">;
  /** What is said first, if the client begins. */
  greeting(seat: Seat, place?: Place): string | null;
  /** What is said to a message that came before the room was joined; `true` when by this message it is. */
  answer(text: string, seat: Seat, place?: Place): string | boolean;
  /** Says something in the room; `id` is unique. */
  send(seat: Seat, text: string, id: string): string;
  /** What is said to a message that is no delivery, such as a heartbeat. */
  upkeep(first: number, bytes: number): string | null;
  /** Notes where the client is, from a delivery. */
  note(text: string, place: Place): void;
}

const BEAT = "2".charCodeAt(0);

/** All of them. */
export const DIALECTS: Record<DialectName, Dialect> = {
  moajang: {
    address: ({ token }) => ({ path: "/ws", headers: { authorization: `Bearer ${token}` } }),
    greeting: ({ room }, place) =>
      JSON.stringify({ type: "subscribe", partyId: room, ...(place && place.seq >= 0 && { after: place.seq }) }),
    answer(text, _, place) {
      if (text.startsWith('{"type":"problem"')) throw new Error(text);
      const isIn = text.startsWith('{"type":"subscribed"');
      // Who has had nothing yet wants all that comes from here on.
      if (isIn && place && place.seq < 0) place.seq = JSON.parse(text).lastSeq;
      return isIn;
    },
    send: ({ room }, text, id) => JSON.stringify({ type: "send", partyId: room, clientMsgId: id, text }),
    upkeep: () => null,
    note(text, place) {
      const at = text.indexOf('"seq":') + 6;
      place.seq = parseInt(text.slice(at, at + 12));
    },
  },
  sender: {
    address: ({ token }) => ({ path: "/ws", headers: { authorization: `Bearer ${token}` } }),
    greeting: () => null,
    answer: (text) => text.startsWith('{"type":"welcome"'),
    send: ({ room }, text, id) => JSON.stringify({ type: "send", partyId: room, clientMsgId: id, text }),
    upkeep: () => null,
    note: () => {},
  },
  plain: {
    address: () => ({ path: "/", headers: {} }),
    greeting: ({ room }) => JSON.stringify({ join: room }),
    answer: () => true,
    send: ({ room }, text) => JSON.stringify({ room, text }),
    upkeep: () => null,
    note: () => {},
  },
  socketio: {
    address: () => ({ path: "/socket.io/?EIO=4&transport=websocket", headers: {} }),
    greeting: () => null,
    answer(text, { room }, place) {
      if (text[0] === "0") {
        return place?.pid ? `40${JSON.stringify({ pid: place.pid, offset: place.offset })}` : "40";
      }
      if (text.startsWith("40")) {
        const { pid = "" } = JSON.parse(text.slice(2));
        if (place) place.pid = pid;
        return `42${JSON.stringify(["join", room])}`;
      }
      return text.startsWith('42["joined"');
    },
    send: ({ room }, text) => `42${JSON.stringify(["message", room, text])}`,
    upkeep: (first, bytes) => first === BEAT && bytes === 1 ? "3" : null,
    note(text, place) {
      const packet = JSON.parse(text.slice(2));
      if (packet.length > 2) place.offset = packet.at(-1);
    },
  },
};
