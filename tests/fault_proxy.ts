/** A proxy between the service and a server that breaks connections when a test says so. */
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * `pass` lets bytes through, `stall` holds them back, `mute` holds back the server's alone, `away` resets what is open and
 * turns away what comes.
 */
export type Fault = "pass" | "stall" | "mute" | "away";

/** A running proxy. Disposing ends it with all its connections. */
export interface FaultProxy extends AsyncDisposable {
  /** The URL that was given, through the proxy. */
  url: string;
  set(fault: Fault): void;
  /** Resets every open connection. */
  cut(): void;
  /** Resets each connection once that many bytes have gone to the server; `Infinity` for never again. */
  cutAfter(bytes: number): void;
  /** Is `mute` from the next piece on that goes to the server with these letters in it; they get there. */
  muteAt(letters: string): void;
  /** Holds each piece of data back for so long, either way. */
  delay(ms: number): void;
  /** How many connections it has let in, and how many it has turned away. */
  accepted(): number;
  refused(): number;
}

/** Opens a proxy to the server of a URL; that of PostgreSQL may name a socket's folder as its `host` parameter. */
export async function openFaultProxy(target: string): Promise<FaultProxy> {
  const { server, through } = addressesOf(target);
  const open = new Set<net.Socket>();
  let fault: Fault = "pass", letters = "", cutAfterBytes = Infinity, delayMs = 0, accepted = 0, refused = 0;
  const up = openGate(), down = openGate();

  function cut(): void {
    for (const socket of open) socket.resetAndDestroy();
  }

  async function pump(from: net.Socket, to: net.Socket, isUp: boolean): Promise<void> {
    let bytes = 0;
    try {
      for await (const piece of from) {
        bytes += piece.length;
        if (isUp && bytes >= cutAfterBytes) return [from, to].forEach((socket) => socket.resetAndDestroy());
        if (isUp && letters && piece.includes(letters)) set("mute");
        await (isUp ? up : down).passed();
        if (delayMs > 0) await sleep(delayMs);
        if (!to.destroyed && !to.write(piece)) await Promise.race([once(to, "drain"), once(to, "close")]);
      }
    } catch { /* cut, or closed by the other side */ }
    from.destroy();
    to.destroy();
  }

  function keep(socket: net.Socket): void {
    open.add(socket.setNoDelay(true));
    socket.on("error", () => {}).once("close", () => open.delete(socket));
  }

  const listener = net.createServer((client) => {
    if (fault === "away") {
      refused++;
      return void client.on("error", () => {}).resetAndDestroy();
    }
    accepted++;
    const upstream = net.connect(server);
    keep(client);
    keep(upstream);
    pump(client, upstream, true);
    pump(upstream, client, false);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");

  function set(next: Fault): void {
    up.set(next !== "stall");
    down.set(next !== "stall" && next !== "mute");
    fault = next;
    letters = "";
    if (next === "away") cut();
  }

  return {
    url: through((listener.address() as net.AddressInfo).port),
    set,
    cut,
    cutAfter: (bytes) => void (cutAfterBytes = bytes),
    muteAt: (next) => void (letters = next),
    delay: (ms) => void (delayMs = ms),
    accepted: () => accepted,
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      set("away");
      await closed;
    },
  };
}

function openGate() {
  let opened = Promise.withResolvers<void>(), isOpen = true;
  opened.resolve();
  return {
    passed: () => opened.promise,
    set(next: boolean) {
      if (isOpen && !next) opened = Promise.withResolvers<void>();
      if (next) opened.resolve();
      isOpen = next;
    },
  };
}

function addressesOf(target: string): { server: net.NetConnectOpts; through(port: number): string } {
  const url = new URL(target);
  const folder = url.searchParams.get("host"), port = Number(url.port) || 5432;
  const server = folder ? { path: `${folder}/.s.PGSQL.${port}` } : { host: url.hostname, port };
  url.searchParams.delete("host");
  return {
    server,
    through(own) {
      [url.hostname, url.port] = ["127.0.0.1", String(own)];
      return url.href;
    },
  };
}
