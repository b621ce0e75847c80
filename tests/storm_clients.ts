/** Clients of the chat that write down what they are told, come back whenever they are cut off, and never give up a text. */
import { v7 } from "uuid";

/** Where to connect next: the nodes come and go. */
export type Door = () => string;

/** Somebody who reads a party's log over any number of connections. */
export interface StormReader extends AsyncDisposable {
  userId: string;
  /** The entries applied, in the order in which they came. */
  applied: { seq: number; id: string }[];
  /** Entries that came otherwise than as the next one: lost before them, repeated or out of order. */
  wrong: string[];
  /** Why the subscription ended, or is refused for good; then nothing more is asked for. */
  ended: string | null;
  connections: number;
}

/** Somebody who sends a party texts, each until it is acked. */
export interface StormSender {
  /** The ack of each text by its clientMsgId. */
  acked: Map<string, { seq: number; id: string }>;
  /** Acks of one text that differ. */
  wrong: string[];
  resent: number;
  /** Resolves when all are acked. */
  done: Promise<void>;
}

/** Between a cut and the next connection, by chance up to twice as long. */
const PAUSE_MS = 40;
/** A text without an ack is sent again on the same connection after this. */
const RESEND_MS = 3_000;

/** Follows a party from its first entry on. */
export function openReader(door: Door, { id, token }: { id: string; token: string }, partyId: string): StormReader {
  let socket: WebSocket | undefined, isOver = false;
  const reader: StormReader = {
    userId: id,
    applied: [],
    wrong: [],
    ended: null,
    connections: 0,
    async [Symbol.asyncDispose]() {
      isOver = true;
      socket?.close();
      await running;
    },
  };
  async function read(): Promise<void> {
    while (!isOver && reader.ended === null) {
      socket = connect(door(), token, (say) => {
        reader.connections++;
        say({ type: "subscribe", partyId, after: reader.applied.length });
      }, hear);
      await closed(socket);
      await pause(PAUSE_MS);
    }
  }
  // deno-lint-ignore no-explicit-any -- frames as they come
  function hear(frame: any): void {
    if (frame.type === "unsubscribed") {
      reader.ended = frame.reason;
      socket!.close();
    }
    // Whoever was cut off while being removed hears of it like this; any other problem may be gone on another connection.
    if (frame.type === "problem" && frame.code === "forbidden") reader.ended = frame.code;
    if (frame.type === "problem") socket!.close();
    if (frame.type !== "entry") return;
    const { seq, id } = frame, next = reader.applied.length + 1;
    if (reader.ended !== null) reader.wrong.push(`${seq} after the end`);
    if (seq !== next) reader.wrong.push(`${seq} instead of ${next}`);
    else reader.applied.push({ seq, id });
  }
  const running = read();
  return reader;
}

/** Sends so many texts, one each `everyMs`. */
export function openSender(
  door: Door,
  { token }: { token: string },
  partyId: string,
  { texts, everyMs }: { texts: number; everyMs: number },
): StormSender {
  const pending = new Map<string, { text: string; sentAtMs: number }>();
  let say: ((frame: unknown) => void) | undefined;
  const sender: StormSender = { acked: new Map(), wrong: [], resent: 0, done: Promise.resolve() };

  function offer(clientMsgId: string): void {
    const message = pending.get(clientMsgId);
    if (!message || !say) return;
    if (message.sentAtMs > 0) sender.resent++;
    message.sentAtMs = performance.now();
    say({ type: "send", partyId, clientMsgId, text: message.text });
  }

  // deno-lint-ignore no-explicit-any -- frames as they come
  function hear(frame: any): void {
    if (frame.type === "problem" && frame.clientMsgId) setTimeout(offer, PAUSE_MS, frame.clientMsgId);
    if (frame.type !== "ack") return;
    const { clientMsgId, seq, id } = frame, before = sender.acked.get(clientMsgId);
    if (before && (before.seq !== seq || before.id !== id)) sender.wrong.push(`${seq} and ${before.seq}`);
    sender.acked.set(clientMsgId, { seq, id });
    pending.delete(clientMsgId);
  }

  function lookAfter(): void {
    const late = performance.now() - RESEND_MS;
    for (const [clientMsgId, { sentAtMs }] of pending) if (sentAtMs < late) offer(clientMsgId);
  }

  async function keepConnected(until: Promise<void>): Promise<void> {
    let isOver = false, socket: WebSocket | undefined;
    until.then(() => {
      isOver = true;
      socket?.close();
    });
    while (!isOver) {
      socket = connect(door(), token, (ready) => {
        say = ready;
        for (const clientMsgId of pending.keys()) offer(clientMsgId);
      }, hear);
      await closed(socket);
      say = undefined;
      await pause(PAUSE_MS);
    }
  }

  async function send(): Promise<void> {
    const over = Promise.withResolvers<void>();
    const connected = keepConnected(over.promise);
    const timer = setInterval(lookAfter, RESEND_MS / 3);
    for (let i = 0; i < texts; i++) {
      const clientMsgId = v7();
      pending.set(clientMsgId, { text: `${i} ${"가".repeat(60)}`, sentAtMs: 0 });
      offer(clientMsgId);
      await pause(everyMs / 1.5);
    }
    while (pending.size > 0) await pause(PAUSE_MS);
    clearInterval(timer);
    over.resolve();
    await connected;
  }
  sender.done = send();
  return sender;
}

/** Connects; `onWelcome` gets a way to speak once the server has welcomed us. */
function connect(
  url: string,
  token: string,
  onWelcome: (say: (frame: unknown) => void) => void,
  hear: (frame: unknown) => void,
): WebSocket {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
  const say = (frame: unknown) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    if (frame.type === "welcome") onWelcome(say);
    else if (frame.type === "reconnect") setTimeout(() => socket.close(), Math.min(frame.afterMs, 500));
    else hear(frame);
  };
  socket.onerror = () => {};
  return socket;
}

/** Resolves when a connection is over, or was never made. */
function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.addEventListener("close", () => resolve());
    // A connection that is refused may tell so by an error alone.
    socket.addEventListener("error", () => resolve());
  });
}

/** Up to twice `ms`. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (1 + Math.random())));
}
