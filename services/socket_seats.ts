/** How many sockets there may be: of a person and of an address over all nodes, and on this node in all. */
import { Problem } from "../contract/problems.ts";
import { newId } from "./ids.ts";
import { SEATS } from "./limits.ts";
import type { Deps, SeatLimit, Seats } from "./ports.ts";

/** See {@link openSocketSeats}. */
export interface SocketSeats extends AsyncDisposable {
  /**
   * Lets a handshake in, whose person is known or not, until disposed. Throws `rate-limited` when its address has too many
   * sockets, or too many of which nobody knows yet whose they are, and `unavailable` when this node is full.
   */
  enter(address: string, isKnown: boolean): Promise<Entrance>;
  /** Takes one of a person's seats until disposed; `null` when there is none left. */
  sit(userId: string): Promise<Disposable | null>;
}

/** A socket that was let in. */
export interface Entrance extends Disposable {
  /** It is known now whose it is. */
  known(): void;
}

/** Leases are renewed three times before they would end. */
const RENEW_MS = 10_000;
/** Keys whose leases are renewed at once. */
const RENEWALS = 100;
/** What a full node or address is likely to need until something comes free. */
const RETRY_S = 10;

interface Held {
  seats: Seats;
  limit: SeatLimit;
  key: string;
  holders: Set<string>;
}

/** What everything on this node is counted under. */
const NODE = "node";

/** Opens the seats of this node, none taken. */
export function openSocketSeats(deps: Pick<Deps, "seats" | "nodeSeats" | "clock" | "log">): SocketSeats {
  const { log } = deps;
  const held = new Map<string, Held>();

  function keep(seats: Seats, limit: SeatLimit, key: string, holder: string): Disposable {
    const name = `${limit.name} ${key}`, entry = held.get(name) ?? { seats, limit, key, holders: new Set() };
    held.set(name, entry);
    entry.holders.add(holder);
    return {
      [Symbol.dispose]() {
        if (!entry.holders.delete(holder)) return;
        if (entry.holders.size === 0) held.delete(name);
        seats.release(limit, key, holder).catch((error) => log.debug("a seat was not given back", { error }));
      },
    };
  }

  async function take(seats: Seats, limit: SeatLimit, key: string): Promise<Disposable | null> {
    const holder = newId(deps);
    return await seats.take(limit, key, holder) ? keep(seats, limit, key, holder) : null;
  }

  async function renew(): Promise<void> {
    const all = [...held.values()];
    for (let from = 0; from < all.length; from += RENEWALS) {
      const some = all.slice(from, from + RENEWALS).filter(({ holders }) => holders.size > 0);
      await Promise.all(some.map(({ seats, limit, key, holders }) => seats.renew(limit, key, [...holders])));
    }
  }

  let renewing: Promise<void> | undefined;
  const timer = setInterval(() => {
    renewing ??= renew()
      .catch((error) => log.warn("seats were not renewed", { error }))
      .finally(() => renewing = undefined);
  }, RENEW_MS);

  /** Takes a seat onto the stack that will give it back, or throws. */
  async function claim(
    stack: DisposableStack,
    seat: Promise<Disposable | null>,
    refusal: () => Problem,
  ): Promise<void> {
    const taken = await seat;
    if (!taken) throw refusal();
    stack.use(taken);
  }

  return {
    async enter(address, isKnown) {
      const { seats, nodeSeats } = deps;
      using entrance = new DisposableStack();
      using waiting = new DisposableStack();
      await claim(entrance, take(nodeSeats, SEATS.node, NODE), nodeFull);
      if (!isKnown) {
        await claim(waiting, take(nodeSeats, SEATS.waitingOnNode, NODE), nodeFull);
        await claim(waiting, take(nodeSeats, SEATS.waitingOfAddress, address), addressFull);
      }
      await claim(entrance, take(seats, SEATS.address, address), addressFull);
      const until = waiting.move(), whole = entrance.move();
      whole.use(until);
      return { known: () => until.dispose(), [Symbol.dispose]: () => whole.dispose() };
    },
    sit: (userId) => take(deps.seats, SEATS.person, userId),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
    },
  };
}

function addressFull(): Problem {
  const detail = "Cannot open the socket: this address has too many";
  return new Problem("rate-limited", detail, { retryAfterS: RETRY_S });
}

function nodeFull(): Problem {
  return new Problem("unavailable", "Cannot open the socket: this node is full", { retryAfterS: RETRY_S });
}
