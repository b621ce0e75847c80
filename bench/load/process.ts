/** What every load process does: reads its plan, waits for its parent, tells what it found, and paces what it sends. */
import process from "node:process";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** The plan, from the first line of standard input. */
export async function readPlan<Plan>(): Promise<Plan> {
  const { value } = await lines.next();
  return JSON.parse(value!);
}

/** Tells the parent something, and waits until it has dealt with it. */
export async function report(result: unknown): Promise<void> {
  process.stdout.write(JSON.stringify(result) + "\n");
  await lines.next();
}

/** Waits. */
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Calls `send` for the numbers from `first` on at a steady rate for so long, whatever becomes of them; `dueAt` is when each
 * was meant to be sent (`performance.now()`), and latency counts from there.
 */
export async function pace(
  { perS, ms, first }: { perS: number; ms: number; first: number },
  send: (number: number, dueAt: number) => void,
): Promise<number> {
  const begun = performance.now(), count = Math.round(perS * ms / 1_000);
  for (let i = 0; i < count;) {
    for (const now = performance.now(); i < count; i++) {
      const dueAt = begun + i * 1_000 / perS;
      if (dueAt > now) break;
      send(first + i, dueAt);
    }
    await sleep(1);
  }
  return count;
}

/** Latencies in tenths of a millisecond, up to 20 s. */
export interface Latencies {
  add(ms: number): void;
  readonly count: number;
  at(share: number): number;
}

/** Opens an empty set. */
export function openLatencies(): Latencies {
  const buckets = new Uint32Array(200_000);
  let count = 0;
  return {
    add(ms) {
      count++;
      buckets[Math.max(0, Math.min(buckets.length - 1, Math.round(ms * 10)))]!++;
    },
    get count() {
      return count;
    },
    at(share) {
      let left = count * share;
      return buckets.findIndex((each) => (left -= each) <= 0) / 10;
    },
  };
}

/** The share of its core that this process took since it was asked last. */
export function openBusyness(): () => number {
  let cpu = process.cpuUsage(), at = performance.now();
  return () => {
    const spent = process.cpuUsage(cpu), now = performance.now();
    const share = (spent.user + spent.system) / 1_000 / (now - at);
    [cpu, at] = [process.cpuUsage(), now];
    return share;
  };
}
