/** The end of a connection, whatever its peer does. */

/** What the runtime keeps to itself. */
interface Internals {
  core: { tryClose(resource: number): void };
}

/**
 * Cuts a connection off at once and frees what the runtime holds of it; the socket's `close` event follows. Deno 2.9 has
 * no public way: after `close()` it goes on reading until the peer answers, without a bound of time or memory. So its own
 * is taken, which may change with it: `tests/socket_floods_test.ts` notices. `false` when it is not there any more.
 */
export function dropSocket(socket: WebSocket): boolean {
  if (socket.readyState === WebSocket.CLOSED) return true;
  const internals: Partial<Internals> | undefined = Reflect.get(Deno, Reflect.get(Deno, "internal"));
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "[[rid]]");
  const resource: unknown = key && Reflect.get(socket, key);
  if (typeof resource !== "number" || !internals?.core) return false;
  internals.core.tryClose(resource);
  return true;
}
