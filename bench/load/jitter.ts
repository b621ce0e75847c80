/**
 * Clients that are cut off again and again and come back, while something is said in their rooms at a steady rate: which
 * messages each of them got in the end, and how long after coming back it took to have all that it had missed.
 */
import process from "node:process";
import { poll } from "../../tests/poll.ts";
import { type Client, join, joinAll } from "./crowd.ts";
import { type DialectName, DIALECTS, type Place, type Seat } from "./dialects.ts";
import { openBusyness, openLatencies, pace, readPlan, report, sleep } from "./process.ts";
import { stamped } from "./stamps.ts";

/** What is to be done. */
export interface JitterPlan {
  dialect: DialectName;
  /** By room. */
  seats: Seat[][];
  /** One in each room, who is never cut, and speaks. */
  speakers: Seat[];
  textBytes: number;
  /** In each room. */
  perS: number;
  ms: number;
  everyMs: number;
  awayMs: number;
}

/** What was found. */
export interface JitterResult {
  due: number;
  delivered: number;
  repeated: number;
  disordered: number;
  cuts: number;
  /** Of those cuts after which everything came. */
  replayed: number;
  replayP50: number;
  replayP99: number;
  busy: number;
}

/** One client, over all of its connections. */
interface Listener {
  room: number;
  seat: Seat;
  place: Place;
  client: Client | undefined;
  /** By the number of the message in its room. */
  got: Set<number>;
  newest: number;
  /** What it was missing when it came back, and when that was. */
  missing: Set<number>;
  backAt: number;
}

const DRAIN_MS = 10_000;

const { dialect: name, seats, speakers: speakerSeats, textBytes, perS, ms, everyMs, awayMs } = await readPlan<
  JitterPlan
>();
const said: number[] = speakerSeats.map(() => 0);
const replays = openLatencies();
let repeated = 0, disordered = 0, cuts = 0;

const listeners: Listener[] = seats.flatMap((room, i) =>
  room.map((seat) => ({
    ...{ room: i, seat, place: { seq: -1, pid: "", offset: "" }, client: undefined },
    ...{ got: new Set<number>(), newest: -1, missing: new Set<number>(), backAt: 0 },
  }))
);

function take(listener: Listener, number: number, whole: () => string): void {
  DIALECTS[name].note(whole(), listener.place);
  if (listener.got.has(number)) return void repeated++;
  if (number < listener.newest) disordered++;
  listener.newest = Math.max(listener.newest, number);
  listener.got.add(number);
  if (listener.missing.delete(number) && listener.missing.size === 0) replays.add(performance.now() - listener.backAt);
}

async function connect(listener: Listener): Promise<void> {
  const { seat, place } = listener;
  listener.client = await join(name, seat, (number, whole) => take(listener, number, whole), { place });
}

async function beCut(listener: Listener, offsetMs: number, untilAt: number): Promise<void> {
  for (await sleep(offsetMs); performance.now() + awayMs < untilAt; await sleep(everyMs - awayMs)) {
    cuts++;
    listener.client!.wire.cut();
    await sleep(awayMs);
    listener.backAt = performance.now();
    for (let number = 0; number < said[listener.room]!; number++) {
      if (!listener.got.has(number)) listener.missing.add(number);
    }
    if (listener.missing.size === 0) replays.add(0);
    await connect(listener);
  }
}

const speakers = await joinAll(name, speakerSeats, () => {});
for (let i = 0; i < listeners.length; i += 32) await Promise.all(listeners.slice(i, i + 32).map(connect));
const busyness = openBusyness(), untilAt = performance.now() + ms;
const cutting = listeners.map((listener, i) => beCut(listener, i / listeners.length * everyMs, untilAt));
await pace({ perS: perS * speakers.length, ms, first: 0 }, (count) => {
  const room = count % speakers.length, number = said[room]!++;
  const { seat, wire } = speakers[room]!;
  wire.say(DIALECTS[name].send(seat, stamped(number, textBytes), `${process.pid}-${number}`));
});
await Promise.all(cutting);
const due = listeners.reduce((sum, { room }) => sum + said[room]!, 0);
const got = () => listeners.reduce((sum, listener) => sum + listener.got.size, 0);
// What has not come by then is the figure.
await poll(() => got() >= due, { timeoutMs: DRAIN_MS }).catch(() => {});
await report(
  {
    ...{ due, delivered: got(), repeated, disordered, cuts, replayed: replays.count },
    ...{ replayP50: replays.at(0.5), replayP99: replays.at(0.99), busy: busyness() },
  } satisfies JitterResult,
);
process.exit(0);
