/** A proxy between the service and a server that breaks connections when a test says so. */

/** How it treats bytes: `pass` lets them through, `stall` holds them back and keeps the connections, `refuse` takes no more. */
export type Fault = "pass" | "stall" | "refuse";

/** A proxy on a port of its own. */
export interface FaultyProxy extends AsyncDisposable {
  port: number;
  set(fault: Fault): void;
  /** Ends every open connection. */
  cut(): void;
  /** How many connections it has refused. */
  refused(): number;
}

/** Listens, and passes to the server at `target`, which may also be a socket file. */
export function openFaultyProxy(target: Deno.ConnectOptions | Deno.UnixConnectOptions): FaultyProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  let fault: Fault = "pass";
  let refused = 0;
  let passing = Promise.withResolvers<void>();
  passing.resolve();

  function close(conn: Deno.Conn): void {
    if (open.delete(conn)) conn.close();
  }
  async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let read = await from.read(buffer); read; read = await from.read(buffer)) {
        await passing.promise;
        for (let sent = 0; sent < read;) sent += await to.write(buffer.subarray(sent, read));
      }
    } catch { /* closed by the other pump, or cut */ }
    close(from);
    close(to);
  }
  async function serve(client: Deno.Conn): Promise<void> {
    if (fault === "refuse") {
      refused++;
      return client.close();
    }
    open.add(client);
    try {
      const server = await ("path" in target ? Deno.connect(target) : Deno.connect(target));
      open.add(server);
      await Promise.all([pump(client, server), pump(server, client)]);
    } catch {
      close(client);
    }
  }
  const serving = (async () => {
    const served: Promise<void>[] = [];
    for await (const client of listener) served.push(serve(client));
    await Promise.all(served);
  })();
  const proxy: FaultyProxy = {
    port: (listener.addr as Deno.NetAddr).port,
    set(next) {
      if (next === "stall" && fault !== "stall") passing = Promise.withResolvers<void>();
      if (next !== "stall") passing.resolve();
      fault = next;
    },
    cut() {
      for (const conn of open) close(conn);
    },
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      listener.close();
      proxy.set("pass");
      proxy.cut();
      await serving;
    },
  };
  return proxy;
}
