/**
 * Whether the relay can be relied on: every node pings on one channel, and a node that the database knows to be alive and
 * that is not heard, be it this one, tells that messages are being lost somewhere between the two.
 */
import type { Deps } from "./ports.ts";

/** A ping, and a look at who was heard, so often. */
const TICK_MS = 500;
/** Two pings missing: the third tick without one. Ticks are counted, not time: a busy process suspects nobody. */
const SILENT_TICKS = 3;
/** The database is asked who is alive each second: a handful of rows. */
const ASK_TICKS = 2;
const CHANNEL = "chat.nodes";

/**
 * Joins in as `nodeId` until disposed. `onTick` is called each half second, and at once when a ping cannot even be sent,
 * with the number of ticks in a row in which every node that is alive was heard. 0: messages may be lost right now.
 */
export async function openNeighbours(
  { sql, relay, log }: Pick<Deps, "sql" | "relay" | "log">,
  nodeId: string,
  onTick: (soundTicks: number) => void,
): Promise<AsyncDisposable> {
  /** The tick in which each node was last heard. */
  const heard = new Map<string, number>();
  let alive = new Set([nodeId]);
  let ticks = 0;
  let soundTicks = 0;
  let asking: Promise<void> | undefined;

  const pings = await relay.subscribe(CHANNEL, (id) => heard.set(id, ticks));

  function ping(): void {
    relay.publish(CHANNEL, nodeId).catch((error) => {
      log.debug("the relay takes no ping", { error });
      if (heard.delete(nodeId)) doubt();
    });
  }

  function doubt(): void {
    if (soundTicks === 0) return;
    soundTicks = 0;
    log.warn("a node is not heard over the relay: the log is looked at instead");
    onTick(soundTicks);
  }

  /** A node that has come or gone may have appended what nobody was told of. */
  async function ask(): Promise<void> {
    const rows = await sql<{ id: string }[]>`
      select id
      from chat_nodes
      where lease_until > now()`;
    const now = new Set([nodeId, ...rows.map(({ id }) => id)]);
    if (now.symmetricDifference(alive).size > 0) soundTicks = 0;
    alive = now;
    for (const id of heard.keys()) if (!alive.has(id)) heard.delete(id);
  }

  const isHeard = (id: string) => ticks - (heard.get(id) ?? -Infinity) < SILENT_TICKS;

  function tick(): void {
    ticks++;
    ping();
    if (ticks % ASK_TICKS === 0) {
      asking ??= ask()
        .catch((error) => log.debug("neighbours not looked up", { error }))
        .finally(() => asking = undefined);
    }
    if (![...alive].every(isHeard)) return soundTicks > 0 ? doubt() : onTick(soundTicks);
    onTick(++soundTicks);
  }

  ping();
  const timer = setInterval(tick, TICK_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await asking;
      await pings[Symbol.asyncDispose]();
    },
  };
}
