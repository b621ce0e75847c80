/** Finds the highest rate of messages whose deliveries keep a p99, by offering more and more of them. */
import process from "node:process";
import { type Client, joinAll } from "./crowd.ts";
import { type DialectName, DIALECTS, type Seat } from "./dialects.ts";
import { openBusyness, openLatencies, pace, readPlan, report, sleep } from "./process.ts";
import { stamped } from "./stamps.ts";

/** What is to be done. */
export interface FanoutPlan {
  dialect: DialectName;
  /** By room. */
  seats: Seat[][];
  textBytes: number;
  /** Deliveries per second to begin with. */
  startPerS: number;
  /** Deliveries per second at which the servers' time is read. */
  probePerS: number;
  limitMs: number;
  stepMs: number;
}

/** What is told: that the servers' time is to be read, before and after a step; each step; at last the best of them. */
export type FanoutReport = { probed: number } | FanoutStep;

/** One step, or the best of them. */
export interface FanoutStep {
  deliveriesPerS: number;
  p50: number;
  p99: number;
  /** Of the deliveries that were due, what came within the time of waiting. */
  delivered: number;
  /** Of the load's core. */
  busy: number;
  isKept: boolean;
}

const WARM_MS = 1_000;
const DRAIN_MS = 5_000;
/** Steps up and down, then between the last that kept the limit and the first that did not. */
const FACTOR = 1.2;
const HALVINGS = 2;

const { dialect: name, seats, textBytes, startPerS, probePerS, limitMs, stepMs } = await readPlan<FanoutPlan>();
const size = seats[0]!.length;
/** By number: when it was due. */
const dueAt: number[] = [];
let latencies = openLatencies();
let measuredFrom = 0, arrived = 0;

const clients = await joinAll(name, seats.flat(), (number) => {
  arrived++;
  if (number >= measuredFrom) latencies.add(performance.now() - dueAt[number]!);
});
const rooms: Client[][] = seats.map((_, i) => clients.slice(i * size, (i + 1) * size));

async function offer(perS: number, ms: number): Promise<number> {
  return await pace({ perS, ms, first: dueAt.length }, (number, due) => {
    dueAt[number] = due;
    const room = rooms[number % rooms.length]!;
    const { seat, wire } = room[Math.floor(number / rooms.length) % size]!;
    wire.say(DIALECTS[name].send(seat, stamped(number, textBytes), `${process.pid}-${number}`));
  });
}

async function step(deliveriesPerS: number): Promise<FanoutStep> {
  const perS = deliveriesPerS / size, before = arrived;
  const busyness = openBusyness();
  measuredFrom = Infinity;
  const warm = await offer(perS, WARM_MS);
  latencies = openLatencies();
  measuredFrom = dueAt.length;
  busyness();
  const count = await offer(perS, stepMs);
  const busy = busyness();
  for (let waitedMs = 0; waitedMs < DRAIN_MS && arrived < before + (warm + count) * size; waitedMs += 10) {
    await sleep(10);
  }
  const delivered = latencies.count / (count * size);
  // One that has not come is one that is late.
  const p99 = delivered < 0.99 ? Infinity : latencies.at(0.99 / delivered);
  const isKept = p99 <= limitMs && delivered === 1;
  const told: FanoutStep = { deliveriesPerS, p50: latencies.at(0.5), p99, delivered, busy, isKept };
  await report(told);
  return told;
}

/** A step that just fails is tried once more: the machine may have been elsewhere. */
async function kept(deliveriesPerS: number): Promise<FanoutStep> {
  const first = await step(deliveriesPerS);
  return first.isKept || first.p99 > 8 * limitMs ? first : await step(deliveriesPerS);
}

async function probe(): Promise<void> {
  // Code that has just begun to run is slow, on every runtime.
  await offer(probePerS / size, 10 * WARM_MS);
  const before = arrived;
  await report({ probed: 0 });
  await offer(probePerS / size, stepMs);
  await report({ probed: arrived - before });
}

async function search(): Promise<FanoutStep> {
  let best = await kept(startPerS), tooMuch = Infinity;
  if (!best.isKept) {
    for (; !best.isKept && best.deliveriesPerS > 500;) {
      tooMuch = best.deliveriesPerS;
      best = await kept(tooMuch / FACTOR);
    }
  } else {
    while (tooMuch === Infinity) {
      const next = await kept(best.deliveriesPerS * FACTOR);
      if (next.isKept) best = next;
      else tooMuch = next.deliveriesPerS;
    }
  }
  for (let i = 0; i < HALVINGS; i++) {
    const next = await kept((best.deliveriesPerS + tooMuch) / 2);
    if (next.isKept) best = next;
    else tooMuch = next.deliveriesPerS;
  }
  return best;
}

await probe();
await report(await search());
process.exit(0);
