/** Long work in parts, between which sockets and timers get their turn. */

/** Resolves in the next turn of the event loop. A timer would take milliseconds. */
export function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
