/** Senders who each wait for the ack of what they sent, or who send at a steady rate; the ack tells that it is stored. */
import process from "node:process";
import { type Client, joinAll } from "./crowd.ts";
import type { Seat } from "./dialects.ts";
import { openBusyness, openLatencies, pace, readPlan, report, sleep } from "./process.ts";
import { stamped } from "./stamps.ts";

/** What is to be done: at a steady rate when `perS` is given, else one after the other. */
export interface SendsPlan {
  seats: Seat[];
  textBytes: number;
  ms: number;
  perS?: number;
}

/** What was found. */
export interface SendsResult {
  acksPerS: number;
  p50: number;
  p99: number;
  /** Of what was sent. */
  acked: number;
  busy: number;
}

const WARM_MS = 2_000;
const DRAIN_MS = 5_000;

const { seats, textBytes, ms, perS } = await readPlan<SendsPlan>();
const dueAt: number[] = [];
let latencies = openLatencies();
let measuredFrom = 0, isOver = false;
const text = "moajang ".repeat(textBytes).slice(0, textBytes - 1) + ".";

// Nobody gets any entries: what is measured is how fast texts become durable, not who is told.
const clients: Client[] = await joinAll("sender", seats, (number, seat) => {
  if (number >= measuredFrom) latencies.add(performance.now() - dueAt[number]!);
  if (perS === undefined && !isOver) say(seat, dueAt.length, performance.now());
});

function say(seat: number, number: number, due: number): void {
  dueAt[number] = due;
  const { seat: { room }, wire } = clients[seat]!;
  // The ack carries the clientMsgId, and with it the number.
  const frame = { type: "send", partyId: room, clientMsgId: `${stamped(number)}${process.pid}`, text };
  wire.say(JSON.stringify(frame));
}

async function offer(ms: number): Promise<number> {
  if (perS === undefined) {
    const before = dueAt.length;
    await sleep(ms);
    return dueAt.length - before;
  }
  return await pace({ perS, ms, first: dueAt.length }, (number, due) => say(number % clients.length, number, due));
}

if (perS === undefined) clients.forEach((_, seat) => say(seat, dueAt.length, performance.now()));
await offer(WARM_MS);
measuredFrom = dueAt.length;
latencies = openLatencies();
const busyness = openBusyness(), begun = performance.now();
const count = await offer(ms);
const busy = busyness(), acksPerS = latencies.count / (performance.now() - begun) * 1_000;
isOver = true;
for (let waitedMs = 0; waitedMs < DRAIN_MS && latencies.count < count; waitedMs += 10) await sleep(10);
const acked = latencies.count / count;
await report({ acksPerS, p50: latencies.at(0.5), p99: latencies.at(0.99), acked, busy } satisfies SendsResult);
process.exit(0);
