/**
 * The cheapest WebSocket client there is, for Node: frames by hand over a socket, one read buffer for all, so that the load
 * costs the same whatever it is put on.
 */
import { Buffer } from "node:buffer";
import net from "node:net";

/** A connected client. */
export interface Wire {
  say(text: string): void;
  /** Ends it as a dead network does: nothing is said. */
  cut(): void;
}

/** Gets each text message as a stretch of a buffer that is overwritten afterwards. */
export type OnText = (buffer: Buffer, from: number, to: number, wire: Wire) => void;

/** Where to connect, and what the handshake carries. */
export interface Address {
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
}

const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);
const TEXT = 1, CLOSE = 8, PING = 9, PONG = 10;

/** Resolves when the handshake is done; rejects when it is refused. `onEnd` is told when a connected one ends by itself. */
export function connectWire(
  { host, port, path, headers }: Address,
  onText: OnText,
  onEnd: (why: string) => void,
): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let rest: Buffer | null = null;
    let isUp = false, isOver = false;
    const socket = net.connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback(bytes, buffer) {
          take((buffer as Buffer).subarray(0, bytes));
          return true;
        },
      },
    });
    const wire: Wire = {
      say: (text) => void socket.write(frameOf(TEXT, text)),
      cut() {
        isOver = true;
        socket.resetAndDestroy();
      },
    };

    function take(chunk: Buffer): void {
      const buffer = rest ? Buffer.concat([rest, chunk]) : chunk;
      let at = 0;
      if (!isUp) {
        const end = buffer.indexOf("\r\n\r\n");
        if (end < 0) return keep(buffer, 0);
        const status = buffer.toString("latin1", 9, 12);
        if (status !== "101") return over(`refused with ${status}`);
        isUp = true;
        at = end + 4;
        resolve(wire);
      }
      while (buffer.length - at >= 2 && !isOver) {
        let size = buffer[at + 1]!, from = at + 2;
        if (size === 126) {
          if (buffer.length - at < 4) break;
          size = buffer.readUInt16BE(at + 2);
          from = at + 4;
        } else if (size === 127) throw new Error("a frame of 64 KiB and more");
        if (from + size > buffer.length) break;
        obey(buffer, buffer[at]! & 15, from, from + size);
        at = from + size;
      }
      keep(buffer, at);
    }

    function keep(buffer: Buffer, from: number): void {
      rest = from < buffer.length ? Buffer.from(buffer.subarray(from)) : null;
    }

    function obey(buffer: Buffer, kind: number, from: number, to: number): void {
      if (kind === TEXT) onText(buffer, from, to, wire);
      else if (kind === PING) socket.write(frameOf(PONG, buffer.toString("latin1", from, to)));
      else if (kind === CLOSE) over(`closed with ${to - from >= 2 ? buffer.readUInt16BE(from) : "nothing"}`);
    }

    function over(why: string): void {
      if (isOver) return;
      isOver = true;
      socket.destroy();
      if (isUp) onEnd(why);
      else reject(new Error(`${host}:${port}: ${why}`));
    }

    socket.on("error", (error) => over(error.message));
    socket.on("close", () => over("gone"));
    const all = {
      host: `${host}:${port}`,
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
  });
}

/** A whole frame, masked as the standard asks of clients, with zeros. */
function frameOf(kind: number, text: string): Buffer {
  const size = Buffer.byteLength(text), head = size < 126 ? 6 : 8;
  const frame = Buffer.alloc(head + size);
  frame[0] = 128 | kind;
  if (size < 126) frame[1] = 128 | size;
  else {
    frame[1] = 128 | 126;
    frame.writeUInt16BE(size, 2);
  }
  frame.write(text, head);
  return frame;
}
