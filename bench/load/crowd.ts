/** Clients of a load process: connected, in their rooms, and counted. */
import type { Buffer } from "node:buffer";
import { type Dialect, type DialectName, DIALECTS, type Place, type Seat } from "./dialects.ts";
import { stampIn } from "./stamps.ts";
import { connectWire, type Wire } from "./wire.ts";

/** Gets what each stamped message says, and a way to read the whole message. */
export type OnStamp = (stamp: number, whole: () => string) => void;

/** One client in its room. */
export interface Client {
  seat: Seat;
  wire: Wire;
}

/** Joins one room. `onEnd` is told when the server ends it. */
export function join(
  name: DialectName,
  seat: Seat,
  onStamp: OnStamp,
  { place, onEnd = fail }: { place?: Place; onEnd?: (why: string) => void } = {},
): Promise<Client> {
  const dialect: Dialect = DIALECTS[name];
  return new Promise((resolve, reject) => {
    let isIn = false;
    function take(buffer: Buffer, from: number, to: number, wire: Wire): void {
      const stamp = stampIn(buffer, from, to);
      if (stamp !== null) return onStamp(stamp, () => buffer.toString("utf8", from, to));
      if (!isIn) {
        const answer = dialect.answer(buffer.toString("utf8", from, to), seat, place);
        if (typeof answer === "string") return wire.say(answer);
        isIn = answer;
        if (isIn) resolve({ seat, wire });
        return;
      }
      const upkeep = dialect.upkeep(buffer[from]!, to - from);
      if (upkeep !== null) wire.say(upkeep);
    }
    const { host, port } = seat;
    connectWire({ host, port, ...dialect.address(seat) }, take, onEnd).then((wire) => {
      const greeting = dialect.greeting(seat, place);
      if (greeting !== null) wire.say(greeting);
    }).catch(reject);
  });
}

/** Joins all, so many at a time. */
export async function joinAll(
  name: DialectName,
  seats: Seat[],
  onStamp: (stamp: number, seat: number) => void,
  atOnce = 32,
): Promise<Client[]> {
  const clients: Client[] = [];
  let next = 0;
  async function joinSome(): Promise<void> {
    for (let i = next++; i < seats.length; i = next++) {
      clients[i] = await join(name, seats[i]!, (stamp) => onStamp(stamp, i));
    }
  }
  await Promise.all(Array.from({ length: atOnce }, joinSome));
  return clients;
}

function fail(why: string): never {
  throw new Error(`a connection ended: ${why}`);
}
