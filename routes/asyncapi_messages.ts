/** Every message that may cross the socket or the alert stream, from its schema: what `/asyncapi.json` is made of. */
import { z } from "zod";
import { Alert, StreamReady, StreamReconnect } from "../contract/alerts.ts";
import { ClientFrame, Entry, ServerFrame, TEXT_MAX } from "../contract/chat.ts";
import { StompText } from "../contract/stomp.ts";

/** A message object of AsyncAPI 3.0. */
export interface AsyncMessage {
  name: string;
  summary: string;
  contentType: "application/json";
  headers?: Record<string, unknown>;
  payload: Record<string, unknown>;
}

/** Messages by the key that names them in the document. */
export type AsyncMessages = Record<string, AsyncMessage>;

const CLIENT: Record<ClientFrame["type"], string> = {
  hello:
    "Signs in: the first frame when the handshake did not, within 5 s. Later, with a fresh token of the same person, " +
    "it lets the connection go on beyond the end of the last one",
  subscribe: "Asks for a room's entries: those with a greater seq than `after`, in order, then each as it comes",
  unsubscribe: "Ends a subscription",
  send: `Sends a text, 1–${TEXT_MAX} UTF-16 units once trimmed. Repeated with the same clientMsgId it is the same one`,
  read: "Moves this person's read pointer up to `seq`; it never goes back",
  typing: "Shows the others in the room that this person is typing",
  ping: "Asks for a pong",
};

const SERVER: Record<ServerFrame["type"], string> = {
  welcome: "The person is known. A client that has heard nothing for `heartbeatS` should send a ping",
  subscribed: "The subscription is in force, as of `lastSeq`; entries follow",
  entry: "One entry of the room's log. `seq` counts 1, 2, 3 … without gaps",
  ack: "The text of this clientMsgId is in the log for good",
  presence: "Somebody came to the room, or their last connection left it",
  typing: "Somebody is typing",
  read: "Somebody has read up to `seq`",
  party:
    "The party has changed: what is left of it now. Two that come in a row may be the same; for more, read the party anew",
  unsubscribed: "The subscription has ended: requested, or because the person left or was removed",
  problem: "A frame could not be obeyed; the connection stays open. The codes are those of the HTTP problems",
  reconnect: "The node is about to stop: connect anew in this time",
  pong: "The answer to a ping",
};

/** Frames that a `moajang.v1` client may send. */
export const clientFrames = (): AsyncMessages => framesOf("client", ClientFrame.options, CLIENT);

/** Frames that the server may send on `moajang.v1`. */
export const serverFrames = (): AsyncMessages => framesOf("server", ServerFrame.options, SERVER);

/** Bodies of the `v12.stomp` dialect: what SEND takes, and what MESSAGE brings. */
export function stompBodies(): { send: AsyncMessages; message: AsyncMessages } {
  return {
    send: {
      "stomp.send": {
        ...messageOf("SEND", "Sends a text. With the header `receipt`, RECEIPT comes after the commit", StompText),
        headers: headers({ receipt: { type: "string" } }),
      },
    },
    message: {
      "stomp.message": {
        ...messageOf("MESSAGE", "One entry of the room's log", Entry),
        headers: headers({ seq: { type: "string", pattern: "^[0-9]+$" } }),
      },
    },
  };
}

/** Events of the alert stream. The headers are the event's fields; the payload is its `data`. */
export function streamEvents(): AsyncMessages {
  const id = { type: "string", pattern: "^[0-9]+$", description: "For Last-Event-ID" };
  const event = (name: string, summary: string, data: z.ZodType, fields = {}): AsyncMessages => ({
    [`stream.${name}`]: {
      ...messageOf(name, summary, data),
      headers: headers({ event: { const: name }, ...fields }),
    },
  });
  return {
    ...event("ready", "The first event: where the stream begins", StreamReady, { id }),
    ...event("alert", "An alert; `id` is its seq: 1, 2, 3 … per person", Alert, { id }),
    ...event("reconnect", "The stream ends: open another in this time", StreamReconnect),
  };
}

function framesOf<Type extends string>(
  side: "client" | "server",
  frames: readonly z.ZodObject[],
  summaries: Record<Type, string>,
): AsyncMessages {
  return Object.fromEntries(frames.map((frame) => {
    const type = (frame.shape.type as z.ZodLiteral<Type>).value;
    return [`${side}.${type}`, messageOf(type, summaries[type], frame)];
  }));
}

function messageOf(name: string, summary: string, schema: z.ZodType): AsyncMessage {
  return { name, summary, contentType: "application/json", payload: payloadOf(schema) };
}

/** As a peer writes it, and in one piece: a reference would have to lead to a place in this document. */
function payloadOf(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...payload } = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    metadata: z.registry<never>(),
  });
  return payload;
}

function headers(properties: Record<string, unknown>): Record<string, unknown> {
  return { type: "object", properties };
}
