/** Clients of the `v12.stomp` socket: @stomp/stompjs' own, unmodified, and one by hand that may say anything. */
import assert from "node:assert/strict";
import { Client, FrameImpl, type IFrame, type IMessage, Parser, type StompConfig } from "@stomp/stompjs";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { within } from "../services/within.ts";
import type { Ended } from "./chat_client.ts";
import { type Person, poll } from "./harness.ts";

/** Where a party's entries come from, and where its texts go. */
export const topic = (partyId: string) => `/topic/parties.${partyId}.chat`;
/** See {@link topic}. */
export const app = (partyId: string) => `/app/parties.${partyId}.chat`;

/** A frame as text; without a body by default. */
export function frame(command: string, headers: Record<string, string> = {}, body = ""): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`).join("");
  return `${command}\n${lines}\n${body}\0`;
}

/** A client by hand. Disposing closes the connection. */
export interface RawStomp extends AsyncDisposable {
  /** Everything the server has said, in order; heart-beats are counted. */
  readonly frames: IFrame[];
  readonly beats: number;
  readonly protocol: string;
  readonly ended: Promise<Ended>;
  say(message: string | Uint8Array<ArrayBuffer>): void;
  /** The first frame of this command, seen or to come, that passes the check. */
  heard(command: string, check?: (frame: IFrame) => boolean, options?: { timeoutMs?: number }): Promise<IFrame>;
  /** The ERROR that ends it: the last frame, its problem, and how the connection was closed. */
  failed(): Promise<{ error: IFrame; problem: Record<string, unknown>; code: number }>;
}

/** Opens a socket, and says nothing yet. */
export async function openStomp(
  { wsUrl }: { wsUrl: string },
  { token, protocols = ["v12.stomp"] }: { token?: string; protocols?: string[] } = {},
): Promise<RawStomp> {
  const socket = new WebSocket(wsUrl, { protocols, headers: token ? { authorization: `Bearer ${token}` } : {} });
  const frames: IFrame[] = [];
  let beats = 0;
  const parser = new Parser((raw) => frames.push(FrameImpl.fromRawFrame(raw, true)), () => beats++);
  const ended = new Promise<Ended>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  socket.onmessage = ({ data }) => parser.parseChunk(data);
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = (event) => reject(new Error((event as ErrorEvent).message));
  });
  socket.onerror = () => {};
  const client: RawStomp = {
    frames,
    get beats() {
      return beats;
    },
    protocol: socket.protocol,
    get ended() {
      return within(20_000, "the end of a connection", ended);
    },
    say: (message) => socket.send(message),
    heard: (command, check = () => true, options) =>
      poll(() => frames.find((each) => each.command === command && check(each)), options),
    async failed() {
      const { code } = await client.ended, error = frames.at(-1);
      assert.equal(error?.command, "ERROR", `the last frame was ${error}`);
      assert.equal(frames.filter((each) => each.command === "ERROR").length, 1);
      return { error, problem: JSON.parse(error.body), code };
    },
    async [Symbol.asyncDispose]() {
      socket.close();
      await ended;
    },
  };
  return client;
}

/** Opens a socket and connects as a person, by the CONNECT frame. */
export async function connectStomp(
  service: { wsUrl: string },
  { token }: Person,
  headers: Record<string, string> = {},
): Promise<RawStomp> {
  const client = await openStomp(service);
  client.say(connectFrame({ token, ...headers }));
  await client.heard("CONNECTED");
  return client;
}

/** The CONNECT frame of a person. */
export function connectFrame({ token, ...headers }: { token?: string } & Record<string, string>): string {
  const authorization: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return frame("CONNECT", { "accept-version": "1.2", ...authorization, ...headers });
}

/** What came by one subscription. */
export interface Subscribed {
  messages: IMessage[];
  entries(): Entry[];
  unsubscribe(headers?: Record<string, string>): void;
}

/** @stomp/stompjs' client, connected. Disposing deactivates it. */
export interface StockClient extends AsyncDisposable {
  client: Client;
  errors: IFrame[];
  beats(): number;
  /** Resolves with the close code. */
  ended: Promise<number>;
  /** Subscribes, and resolves when it is in force. */
  subscribe(partyId: string, headers?: Record<string, string>): Promise<Subscribed>;
  /** Sends a body, and resolves with its receipt. */
  send(partyId: string, body: unknown): Promise<void>;
  /** Resolves when the receipt for what `act` asks for has come. */
  receipt(act: (headers: { receipt: string }) => void): Promise<void>;
}

/** Connects the stock client: it opens a socket by itself, with the subprotocols that it always offers. */
export async function connectStock(
  { wsUrl }: { wsUrl: string },
  { token }: Person,
  config: StompConfig = {},
): Promise<StockClient> {
  const connected = Promise.withResolvers<void>(), ended = Promise.withResolvers<number>(), errors: IFrame[] = [];
  let beats = 0;
  const client = new Client({
    brokerURL: wsUrl,
    connectHeaders: { Authorization: `Bearer ${token}` },
    reconnectDelay: 0,
    ...config,
    onConnect: () => connected.resolve(),
    onStompError: (error) => errors.push(error),
    onHeartbeatReceived: () => beats++,
    onWebSocketClose: ({ code }) => {
      ended.resolve(code);
      connected.reject(new Error(`closed with ${code} before it was connected: ${errors}`));
    },
  });
  client.activate();
  await within(20_000, "connecting", connected.promise);

  const stock: StockClient = {
    client,
    errors,
    beats: () => beats,
    ended: within(60_000, "the end of a connection", ended.promise),
    receipt(act) {
      const receipt = v7(), came = Promise.withResolvers<void>();
      client.watchForReceipt(receipt, () => came.resolve());
      act({ receipt });
      return within(20_000, `the receipt (after ${errors})`, came.promise);
    },
    async subscribe(partyId, headers = {}) {
      const messages: IMessage[] = [];
      let unsubscribe: Subscribed["unsubscribe"] = () => {};
      await stock.receipt((receipt) => {
        const subscription = client.subscribe(topic(partyId), (message) => messages.push(message), {
          ...headers,
          ...receipt,
        });
        unsubscribe = (more) => subscription.unsubscribe(more);
      });
      return { messages, entries: () => messages.map(({ body }) => JSON.parse(body)), unsubscribe };
    },
    send: (partyId, body) =>
      stock.receipt((headers) => client.publish({ destination: app(partyId), headers, body: JSON.stringify(body) })),
    async [Symbol.asyncDispose]() {
      await client.deactivate();
    },
  };
  stock.ended.catch(() => {});
  return stock;
}
