/** Says something in one room at a steady rate, and tells how long each message took to the last of its members. */
import process from "node:process";
import { joinAll } from "./crowd.ts";
import { type DialectName, DIALECTS, type Seat } from "./dialects.ts";
import { openBusyness, openLatencies, pace, readPlan, report, sleep } from "./process.ts";
import { stamped } from "./stamps.ts";

/** What is to be done. */
export interface RoomPlan {
  dialect: DialectName;
  seats: Seat[];
  textBytes: number;
  perS: number;
  ms: number;
}

/** What was found, in ms to the last member. */
export interface RoomResult {
  p50: number;
  p99: number;
  /** Messages that everybody got, of those sent. */
  complete: number;
  busy: number;
}

const WARM_MS = 3_000;
const DRAIN_MS = 5_000;

const { dialect: name, seats, textBytes, perS, ms } = await readPlan<RoomPlan>();
const dueAt: number[] = [], missing: number[] = [];
const toLast = openLatencies();
let measuredFrom = Infinity;

const clients = await joinAll(name, seats, (number) => {
  if (--missing[number]! === 0 && number >= measuredFrom) toLast.add(performance.now() - dueAt[number]!);
});

function offer(ms: number): Promise<number> {
  return pace({ perS, ms, first: dueAt.length }, (number, due) => {
    [dueAt[number], missing[number]] = [due, clients.length];
    const { seat, wire } = clients[number % clients.length]!;
    wire.say(DIALECTS[name].send(seat, stamped(number, textBytes), `${process.pid}-${number}`));
  });
}

await offer(WARM_MS);
measuredFrom = dueAt.length;
const busyness = openBusyness();
const count = await offer(ms);
const busy = busyness();
for (let waitedMs = 0; waitedMs < DRAIN_MS && toLast.count < count; waitedMs += 10) await sleep(10);
const complete = toLast.count / count;
const p99 = complete < 0.99 ? Infinity : toLast.at(0.99 / complete);
await report({ p50: toLast.at(0.5), p99, complete, busy });
process.exit(0);
