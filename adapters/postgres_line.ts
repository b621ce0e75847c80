/**
 * The socket that postgres.js is given. Once lost it stays lost, and the driver is not told that it closed: told, it would
 * connect again by itself, and the rest of a transaction would run outside of it; or it would write to a socket that is
 * no more, and end the process.
 */
import { EventEmitter, once } from "node:events";
import net from "node:net";
import tls from "node:tls";

/** Where the server is: a socket file, or a host that may want TLS. */
export interface Address {
  path: string | false;
  host: string;
  port: number;
  ssl: string | boolean | object;
}

/** A connection's bytes. */
export interface Line {
  /** What postgres.js takes for its socket. */
  socket: object;
  /** Aborted once the connection is lost, with the reason. */
  lost: AbortSignal;
  /** When the server last sent something, by `performance.now()`. */
  heardAt(): number;
  /** From now on the driver hears of a loss. Before, queries of its own would reject with nobody to notice. */
  unmute(): void;
  /** Ends it at once: everything asked of it rejects with the reason. */
  drop(reason: Error): void;
  /** Says goodbye to the server; resolves when the connection is closed. */
  close(): Promise<void>;
}

/** Connects, with TLS if the address wants it. */
export async function openLine(address: Address, signal: AbortSignal): Promise<Line> {
  const socket = address.path ? net.connect({ path: address.path }) : net.connect(address.port, address.host);
  try {
    await once(socket, "connect", { signal });
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    return lineOver(address.ssl ? await secured(socket, address, signal) : socket);
  } catch (error) {
    socket.on("error", () => {}).destroy();
    throw error;
  }
}

const KEEP_ALIVE_MS = 30_000;

/** As with libpq, only `verify-full` looks at the certificate. */
async function secured(socket: net.Socket, { host, ssl }: Address, signal: AbortSignal): Promise<net.Socket> {
  socket.write(SSL_REQUEST);
  const [answer] = await once(socket, "data", { signal });
  if (answer[0] !== "S".charCodeAt(0)) {
    if (ssl === "prefer") return socket;
    throw Object.assign(new Error("the server does not speak TLS"), { code: "NO_TLS" });
  }
  const over = tls.connect({
    socket,
    ...(net.isIP(host) ? {} : { servername: host }),
    rejectUnauthorized: !["require", "allow", "prefer"].includes(String(ssl)),
    ...(typeof ssl === "object" ? ssl : {}),
  });
  await once(over, "secureConnect", { signal });
  return over;
}

/** Length 8, then the number that the protocol has for it. */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
/** "X", length 4. */
const TERMINATE = new Uint8Array([88, 0, 0, 0, 4]);

function lineOver(socket: net.Socket): Line {
  const driverSide = new EventEmitter();
  const abort = new AbortController();
  const lost = abort.signal;
  let isMuted = true;
  let heardAt = performance.now();

  function tell(): void {
    if (!isMuted) driverSide.emit("error", lost.reason);
  }
  function drop(why: Error): void {
    if (lost.aborted) return;
    abort.abort(why);
    socket.destroy();
    tell();
  }
  /** What is said in one go is one write: each costs a call of the system's, and wakes the server. */
  function write(bytes: Uint8Array, written?: () => void): boolean {
    if (lost.aborted) {
      queueMicrotask(tell);
      return true;
    }
    if (socket.writableCorked === 0) {
      socket.cork();
      queueMicrotask(() => socket.uncork());
    }
    return socket.write(bytes, written);
  }
  socket.on("data", (bytes) => {
    heardAt = performance.now();
    driverSide.emit("data", bytes);
  });
  socket.on("drain", () => driverSide.emit("drain"));
  socket.on("error", drop);
  for (const event of ["end", "close"]) socket.on(event, () => drop(closedError()));

  return {
    socket: Object.assign(driverSide, {
      write,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      end: () => drop(closedError()),
      destroy: () => drop(closedError()),
      readyState: "open",
    }),
    lost,
    heardAt: () => heardAt,
    unmute: () => void (isMuted = false),
    drop,
    async close() {
      if (socket.destroyed) return;
      const late = setTimeout(() => socket.destroy(), CLOSE_MS);
      socket.end(TERMINATE);
      await once(socket, "close").catch(() => {});
      clearTimeout(late);
    },
  };
}

const CLOSE_MS = 1_000;

function closedError(): Error {
  return storeDown("the connection to the database is closed");
}

/** An error that is told apart from a bug by its code. */
export function storeDown(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code: "STORE_DOWN" });
}
