/** A client of the chat's socket that keeps everything it was told. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry, ServerFrame } from "../contract/chat.ts";
import { within } from "../services/within.ts";

/** A server frame of one type. */
export type Frame<Type extends ServerFrame["type"]> = Extract<ServerFrame, { type: Type }>;

/** How a connection ended. */
export interface Ended {
  code: number;
  reason: string;
}

/** A connected client. Disposing closes the connection. */
export interface ChatClient extends AsyncDisposable {
  /** Everything the server has said, in order. */
  readonly frames: ServerFrame[];
  readonly protocol: string;
  /** Resolves when the connection has ended; rejects when it has not in 20 s. */
  readonly ended: Promise<Ended>;
  /** Sends a frame, or whatever else. */
  say(frame: unknown): void;
  /** The first frame of this type, seen or to come, that passes the check. */
  heard<Type extends ServerFrame["type"]>(
    type: Type,
    check?: (frame: Frame<Type>) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<Frame<Type>>;
  /** Subscribes, and resolves with the answer. */
  subscribe(partyId: string, after?: number): Promise<Frame<"subscribed">>;
  /** Sends a text, and resolves with its ack. */
  send(partyId: string, text: string, clientMsgId?: string): Promise<Frame<"ack">>;
  /** What it has been told of the party's log, in the order in which it was. */
  entries(partyId: string): Entry[];
}

/** What a connection is opened with. Without `token` and `ticket` the first frame must be `hello`. */
export interface ConnectOptions {
  token?: string;
  ticket?: string;
  protocols?: string[];
}

/** Connects, and resolves when the connection is open and, with a token or ticket, welcomed. */
export async function connectChat(
  { wsUrl }: { wsUrl: string },
  { token, ticket, protocols = [] }: ConnectOptions = {},
): Promise<ChatClient> {
  const url = ticket === undefined ? wsUrl : `${wsUrl}?ticket=${encodeURIComponent(ticket)}`;
  const socket = new WebSocket(url, { protocols, headers: token ? { authorization: `Bearer ${token}` } : {} });
  const frames: ServerFrame[] = [];
  const waiting = new Set<() => void>();
  const ended = new Promise<Ended>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  socket.onmessage = ({ data }) => {
    frames.push(JSON.parse(data));
    for (const look of [...waiting]) look();
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(new Error((event as ErrorEvent).message));
  });
  socket.onerror = () => {};

  function heardFrom<Type extends ServerFrame["type"]>(
    start: number,
    type: Type,
    check: (frame: Frame<Type>) => boolean = () => true,
    { timeoutMs = 10_000 } = {},
  ): Promise<Frame<Type>> {
    let looked = start;
    const result = Promise.withResolvers<Frame<Type>>();
    function look(): void {
      while (looked < frames.length) {
        const frame = frames[looked++]!;
        if (frame.type === type && check(frame as Frame<Type>)) return result.resolve(frame as Frame<Type>);
      }
    }
    const timer = setTimeout(() => {
      const said = JSON.stringify(frames.slice(-5));
      result.reject(new assert.AssertionError({ message: `no ${type} in ${timeoutMs} ms; last heard: ${said}` }));
    }, timeoutMs);
    waiting.add(look);
    look();
    return result.promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(look);
    });
  }

  const client: ChatClient = {
    frames,
    protocol: socket.protocol,
    get ended() {
      return within(20_000, "the end of a connection", ended);
    },
    say: (frame) =>
      socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame as string : JSON.stringify(frame)),
    heard: (type, check, options) => heardFrom(0, type, check, options),
    subscribe(partyId, after) {
      const start = frames.length;
      client.say({ type: "subscribe", partyId, ...(after !== undefined && { after }) });
      return heardFrom(start, "subscribed", (frame) => frame.partyId === partyId);
    },
    send(partyId, text, clientMsgId = v7()) {
      const start = frames.length;
      client.say({ type: "send", partyId, clientMsgId, text });
      return heardFrom(start, "ack", (frame) => frame.clientMsgId === clientMsgId);
    },
    entries: (partyId) =>
      frames.filter((frame) => frame.type === "entry" && frame.partyId === partyId)
        .map((frame) => {
          const { type: _, ...entry } = frame as Frame<"entry">;
          return entry;
        }),
    async [Symbol.asyncDispose]() {
      socket.close();
      await ended;
    },
  };
  if (token !== undefined || ticket !== undefined) await client.heard("welcome");
  return client;
}

/** A WebSocket handshake by hand: the answer's status line and headers, and the connection for what comes next. */
export async function handshake(
  { url }: { url: string },
  { path = "/ws", headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; head: string; connection: Deno.TcpConn }> {
  const { hostname, port, host } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const all = {
    host,
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines}\r\n`));
  let head = "";
  // Byte by byte, so that nothing of what follows is taken away.
  for (const byte = new Uint8Array(1); !head.endsWith("\r\n\r\n"); head += String.fromCharCode(byte[0]!)) {
    if (await connection.read(byte) === null) break;
  }
  return { status: Number(head.split(" ", 2)[1]), head, connection };
}

/** Writes a client's text frame by hand, masked with zeros. */
export async function writeText(connection: Deno.TcpConn, text: string): Promise<void> {
  const payload = new TextEncoder().encode(text);
  assert.ok(payload.length < 65_536);
  const length = payload.length < 126 ? [128 | payload.length] : [128 | 126, payload.length >> 8, payload.length & 255];
  const frame = new Uint8Array([129, ...length, 0, 0, 0, 0, ...payload]);
  for (let sent = 0; sent < frame.length;) sent += await connection.write(frame.subarray(sent));
}
