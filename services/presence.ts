/** Who is connected to which room, over all nodes: rows under a lease that each node renews, read anew when told to. */
import { publishToRoom } from "./chat_relay.ts";
import type { Deps } from "./ports.ts";
import { deleteRows, endLease, insertRows, readOnline, renewLease } from "./presence_rows.ts";

/** Presence as one node takes part in it. */
export interface Presence extends AsyncDisposable {
  /** Counts one more connection of a person to a room on this node. Disposing takes it back. */
  arrive(partyId: string, userId: string): Disposable;
  /** Who is connected to these rooms, on any node. */
  read(partyIds: string[]): Promise<Map<string, Set<string>>>;
  /** Who is connected to the room has changed somewhere: it is read soon. */
  refresh(partyId: string): void;
}

/** Changes within this time are written and read together. */
const GATHER_MS = 20;
/** How often the lease is renewed and every room read, told or not. With the lease, a killed node's people are gone within 20 s. */
const RENEW_MS = 4_000;
/** Rooms are read in so many parts, one after the other: all at once they would hold texts up. */
const PARTS = 8;

/** Joins in as `nodeId`. `onRead` gets who is connected whenever a room has been read; `rooms` names those that this node shows. */
export async function openPresence(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log">,
  { nodeId, rooms, onRead }: {
    nodeId: string;
    rooms: () => Iterable<string>;
    onRead: (partyId: string, userIds: Set<string>) => void;
  },
): Promise<Presence> {
  const { sql, log } = deps;
  /** Connections on this node by `partyId userId`. */
  const counts = new Map<string, number>();
  /** Those of them that have a row. */
  const written = new Set<string>();
  const changed = new Set<string>();
  const dirty = new Set<string>();
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let isClosed = false;

  function count(key: string, by: 1 | -1): void {
    const now = (counts.get(key) ?? 0) + by;
    if (now > 0) counts.set(key, now);
    else counts.delete(key);
    if (now === 0 || (now === 1 && by === 1)) changed.add(key);
    schedule();
  }

  function schedule(): void {
    if (!isClosed && !running) gathering ??= setTimeout(run, GATHER_MS);
  }

  function run(): void {
    gathering = undefined;
    running = settle()
      .catch((error) => log.debug("presence not settled: the next renewal will", { error }))
      .finally(() => {
        running = undefined;
        if (changed.size + dirty.size > 0) schedule();
      });
  }

  async function settle(): Promise<void> {
    const keys = [...changed], parties = [...dirty];
    changed.clear();
    dirty.clear();
    const arrived = keys.filter((key) => counts.has(key) && !written.has(key));
    const gone = keys.filter((key) => !counts.has(key) && written.has(key));
    await insertRows(deps, nodeId, arrived);
    arrived.forEach((key) => written.add(key));
    await deleteRows(deps, nodeId, gone);
    gone.forEach((key) => written.delete(key));
    const touched = new Set([...arrived, ...gone].map((key) => partyOf(key)));
    for (const partyId of touched) publishToRoom(deps, partyId, { type: "presence" });
    const read = await readOnline(deps, [...touched.union(new Set(parties))]);
    for (const [partyId, userIds] of read) onRead(partyId, userIds);
  }

  async function renew(): Promise<void> {
    const wasLost = await renewLease({ sql }, nodeId);
    if (wasLost) written.clear();
    // Whatever an outage kept from being written is tried again.
    for (const key of new Set(counts.keys()).symmetricDifference(written)) changed.add(key);
    schedule();
  }

  let part = 0;
  function readPart(): void {
    part = (part + 1) % PARTS;
    for (const partyId of rooms()) if (parseInt(partyId.at(-1)!, 16) % PARTS === part) dirty.add(partyId);
    if (dirty.size > 0) schedule();
  }

  await renewLease({ sql }, nodeId);
  const timer = setInterval(
    () => renew().catch((error) => log.debug("presence lease not renewed", { error })),
    RENEW_MS,
  );
  const partTimer = setInterval(readPart, RENEW_MS / PARTS);
  return {
    arrive(partyId, userId) {
      const key = `${partyId} ${userId}`;
      count(key, 1);
      let isHere = true;
      return {
        [Symbol.dispose]() {
          if (isHere) count(key, -1);
          isHere = false;
        },
      };
    },
    read: (partyIds) => readOnline(deps, partyIds),
    refresh(partyId) {
      dirty.add(partyId);
      schedule();
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearInterval(timer);
      clearInterval(partTimer);
      clearTimeout(gathering);
      await running;
      await endLease({ sql }, nodeId).catch((error) => log.debug("presence lease not ended", { error }));
      const parties = new Set([...written].map((key) => partyOf(key)));
      for (const partyId of parties) publishToRoom(deps, partyId, { type: "presence" });
    },
  };
}

function partyOf(key: string): string {
  return key.split(" ", 1)[0]!;
}
