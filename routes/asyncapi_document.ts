/** The AsyncAPI 3.0 document: the chat's socket in both its dialects, and the alert stream. */
import { CLOSE, FRAME_BYTES_MAX } from "../contract/chat.ts";
import { APP, destinationOf, STOMP_CLOSE, TOPIC } from "../contract/stomp.ts";
import { type AsyncMessages, clientFrames, serverFrames, stompBodies, streamEvents } from "./asyncapi_messages.ts";

const CLOSE_CODES: Record<keyof typeof CLOSE, string> = {
  goingAway: "the node is about to stop: connect anew",
  tooBig: `a frame of over ${FRAME_BYTES_MAX} bytes`,
  unauthenticated: "no valid hello in time, or the session or the access token has ended",
  tooSlow: "too much was left unread: connect anew and go on with `after`",
  tooMany: "too many connections of this person, or too many malformed frames in a row",
};

const STOMP_CODES: Record<keyof typeof STOMP_CLOSE, string> = {
  done: "the client has said DISCONNECT",
  malformed: "a frame that is none",
  refused: "a frame that cannot be obeyed, or a person who may not",
  failed: "an unexpected error",
  unavailable: "a store is down, or the node is about to stop: connect anew",
};

/** Builds the document. It is the same for every caller and every node. */
export function asyncApiDocument() {
  const client = clientFrames(), server = serverFrames(), stomp = stompBodies(), events = streamEvents();
  const channels = {
    socket: {
      address: "/ws",
      title: "Chat, moajang.v1",
      description: SOCKET,
      servers: [ref("servers", "socket")],
      messages: refs({ ...client, ...server }),
      bindings: { ws: HANDSHAKE },
      "x-close-codes": codesOf(CLOSE, CLOSE_CODES),
    },
    stompRoom: stompChannel(destinationOf(TOPIC, "{partyId}"), "Chat, v12.stomp: entries of a room", stomp.message),
    stompSend: stompChannel(destinationOf(APP, "{partyId}"), "Chat, v12.stomp: texts into a room", stomp.send),
    alerts: {
      address: "/api/alerts/stream",
      title: "Alerts as server-sent events",
      description: STREAM,
      servers: [ref("servers", "stream")],
      messages: refs(events),
      bindings: { http: { bindingVersion: "0.3.0" } },
    },
  };
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Moajang: chat and alerts",
      version: "1.0.0",
      description: "What crosses the socket and the alert stream. Everything else is in `/openapi.json`.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      socket: serverOf("ws", "The socket; `wss` behind TLS. Subprotocol `moajang.v1`, which is also the default"),
      stomp: { ...serverOf("ws", "The same socket with subprotocol `v12.stomp`: STOMP 1.2"), pathname: "/ws" },
      stream: serverOf("http", "The alert stream; `https` behind TLS"),
    },
    channels,
    operations: {
      receiveFrame: operation("receive", "socket", client, "Frames of the client"),
      sendFrame: operation("send", "socket", server, "Frames of the server"),
      receiveStompText: operation("receive", "stompSend", stomp.send, "SEND frames of a STOMP client"),
      sendStompEntry: operation("send", "stompRoom", stomp.message, "MESSAGE frames to a STOMP client"),
      sendAlert: operation("send", "alerts", events, "Events of the stream"),
    },
    components: {
      messages: { ...client, ...server, ...stomp.message, ...stomp.send, ...events },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        ticket: {
          type: "httpApiKey",
          in: "query",
          name: "ticket",
          description: "POST /api/auth/tickets: 30 s, one use",
        },
      },
    },
  };
}

const SOCKET =
  "One JSON value a message. Signed in at the handshake, by `Authorization: Bearer` or `?ticket=` (bad: 401, " +
  "no upgrade), or by a first frame `hello` within 5 s; cookies are never looked at. An `Origin` must be on the " +
  "allow-list (403). Too many connections of an address are refused with 429, and with 503 where the node is full, both " +
  "with `Retry-After`. The connection ends with its access token unless `hello` brings a fresh one.";

const STREAM =
  "Signed in by `Authorization: Bearer` or `?ticket=`. It begins behind `Last-Event-ID` (or `?lastEventId=`): " +
  "everything after it is replayed, in order; without one, behind the newest. A comment line comes at least each 15 s.";

const STOMP =
  "CONNECT signs in with the header `Authorization: Bearer …`, unless the handshake did. SUBSCRIBE takes the " +
  "header `after`. A refusal is an ERROR with the problem as JSON.";

const HANDSHAKE = {
  method: "GET",
  query: { type: "object", properties: { ticket: { type: "string", description: "Of POST /api/auth/tickets" } } },
  headers: {
    type: "object",
    properties: {
      Authorization: { type: "string", pattern: "^Bearer " },
      "Sec-WebSocket-Protocol": { type: "string", enum: ["moajang.v1", "v12.stomp"] },
    },
  },
  bindingVersion: "0.1.0",
};

function serverOf(protocol: string, description: string) {
  return {
    host: "{host}",
    protocol,
    description,
    variables: { host: { default: "localhost:8000", description: "Where the service is reached" } },
    security: [ref("components/securitySchemes", "bearer"), ref("components/securitySchemes", "ticket")],
  };
}

function stompChannel(address: string, title: string, messages: AsyncMessages) {
  return {
    address,
    title,
    description: STOMP,
    servers: [ref("servers", "stomp")],
    parameters: { partyId: { description: "The party's id" } },
    messages: refs(messages),
    "x-close-codes": codesOf({ ...CLOSE, ...STOMP_CLOSE }, { ...CLOSE_CODES, ...STOMP_CODES }),
  };
}

function operation(action: "send" | "receive", channel: string, messages: AsyncMessages, summary: string) {
  return {
    action,
    summary,
    channel: ref("channels", channel),
    messages: Object.keys(messages).map((key) => ref(`channels/${channel}/messages`, key)),
  };
}

function codesOf<Name extends string>(codes: Record<Name, number>, meanings: Record<Name, string>) {
  return Object.fromEntries(Object.entries<number>(codes).map(([name, code]) => [code, meanings[name as Name]]));
}

function refs(messages: AsyncMessages) {
  return Object.fromEntries(Object.keys(messages).map((key) => [key, ref("components/messages", key)]));
}

function ref(place: string, key: string) {
  return { $ref: `#/${place}/${key}` };
}
