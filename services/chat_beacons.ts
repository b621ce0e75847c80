/**
 * Beacons: how far a node has brought a room's log is told again, by the number alone, in case the relay lost an entry.
 * Whoever appends need know nothing of it: what goes out on a relay is noted for the beacons that are open on it.
 */
import type { Relay } from "./ports.ts";

/** How often is looked for rooms to be told of: the first beacon goes out within this time of an entry. */
const TICK_MS = 500;
/** Ticks from one beacon of a room to its next, however many entries there are: a second. */
const TICKS_BETWEEN = 2;
/** Beacons that come after a room's last entry: each may be lost as well. */
const TIMES = 3;

interface Beacon {
  seq: number;
  timesLeft: number;
  ticksLeft: number;
}

type Note = (partyId: string, seq: number) => void;

const openOn = new WeakMap<Relay, Note>();

/** This node has written up to `seq` into the room, and committed. */
export function noteHead(relay: Relay, partyId: string, seq: number): void {
  openOn.get(relay)?.(partyId, seq);
}

/** Starts the beacons of a node. `publish` tells every node of a room's head. Disposing tells all that is left once more. */
export function openBeacons(relay: Relay, publish: (partyId: string, seq: number) => void): Disposable {
  const beacons = new Map<string, Beacon>();

  function tick(): void {
    for (const [partyId, beacon] of beacons) {
      if (--beacon.ticksLeft > 0) continue;
      publish(partyId, beacon.seq);
      beacon.ticksLeft = TICKS_BETWEEN;
      if (--beacon.timesLeft === 0) beacons.delete(partyId);
    }
  }

  openOn.set(relay, (partyId, seq) => {
    const beacon = beacons.get(partyId);
    if (!beacon) beacons.set(partyId, { seq, timesLeft: TIMES, ticksLeft: 1 });
    else Object.assign(beacon, { seq: Math.max(beacon.seq, seq), timesLeft: TIMES });
  });
  const timer = setInterval(tick, TICK_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      openOn.delete(relay);
      for (const [partyId, { seq }] of beacons) publish(partyId, seq);
    },
  };
}
