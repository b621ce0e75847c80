/**
 * Deliveries per second that 200 parties of 10 get from two nodes through Redis, everything durable, at a p99 of 50 ms or
 * less; beside it socket.io with its Redis adapter, bare `ws` and bare Deno sockets, which store nothing. The offered load
 * rises step by step, and each delivery's time counts from when its message was meant to be sent. The processor time of all
 * servers together for one delivery, at a load that all of them bear, is told too: it hardly depends on who else is at work.
 *
 *   deno task bench chat_fanout [--rounds 3] [--only moajang,ws] [--steps]
 *
 * Needs PostgreSQL's programs, redis-server, Node and taskset in the PATH, and two cores.
 */
import { parseArgs } from "node:util";
import { openWorld, seatsOf, type World } from "./chat_world.ts";
import { median, say, spread, tell } from "./figures.ts";
import type { DialectName } from "./load/dialects.ts";
import type { FanoutPlan, FanoutReport, FanoutStep } from "./load/fanout.ts";
import { cpuMsOf, runLoad, type Served, startPeer } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "3" }, only: { type: "string" }, steps: { type: "boolean" } },
});
const ROOMS = 200, MEMBERS = 10, TEXT_BYTES = 200, LIMIT_MS = 50, NODES = 2;

interface Peer {
  dialect: DialectName;
  start(world: World): Promise<Served>;
}

const PEERS: Record<string, Peer> = {
  moajang: { dialect: "moajang", start: (world) => world.startNode() },
  "socket.io": { dialect: "socketio", start: ({ stores }) => startPeer("socketio", { REDIS_URL: stores.redisUrl }) },
  ws: { dialect: "plain", start: ({ stores }) => startPeer("ws", { REDIS_URL: stores.redisUrl }) },
  deno: { dialect: "plain", start: ({ stores }) => startPeer("deno", { REDIS_URL: stores.redisUrl }) },
};

await using world = await openWorld({ rooms: ROOMS, members: MEMBERS });
const names = options.only?.split(",") ?? Object.keys(PEERS);
const found = new Map(names.map((name) => [name, { perS: [] as number[], costUs: [] as number[] }]));
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const name of names) {
    const { perS, costUs } = found.get(name)!;
    const { best, us } = await measure(PEERS[name]!, perS.at(-1) ?? 15_000);
    perS.push(best.deliveriesPerS);
    costUs.push(us);
    const { p50, p99, busy } = best;
    const load = `the load took ${Math.round(busy * 100)} % of its core`;
    const rate = `${Math.round(best.deliveriesPerS)}/s  p50 ${p50} ms  p99 ${p99} ms`;
    say(`round ${round}  ${name.padEnd(10)} ${rate}  ${us.toFixed(1)} µs a delivery  ${load}`);
  }
}
for (const [name, { perS, costUs }] of found) {
  tell(`${name}, deliveries/s at p99 ≤ ${LIMIT_MS} ms`, `${Math.round(median(perS))} (${spread(perS)})`);
  tell(`${name}, µs of the servers a delivery`, `${median(costUs).toFixed(1)} (${spread(costUs, 1)})`);
}
compare("socket.io", 1.5);
compare("ws", 1);

/** The ratio of each round, since the machine may not be the same in all. */
function compare(name: string, limit: number): void {
  const ours = found.get("moajang"), theirs = found.get(name);
  if (!ours || !theirs) return;
  const ratios = ours.perS.map((figure, i) => figure / theirs.perS[i]!), ratio = median(ratios);
  const costs = ours.costUs.map((figure, i) => theirs.costUs[i]! / figure);
  tell(`of ${name}`, `${ratio.toFixed(2)} (${spread(ratios, 2)})`, `${limit.toFixed(1)} or more`, ratio >= limit);
  tell(`of ${name}, by processor time`, `${median(costs).toFixed(2)} (${spread(costs, 2)})`);
}

function tellStep({ deliveriesPerS, p50, p99, busy, isKept }: FanoutStep): void {
  const load = `load ${Math.round(busy * 100)} %`;
  say(`  ${Math.round(deliveriesPerS)}/s  p50 ${p50} ms  p99 ${p99} ms  ${load}  ${isKept ? "kept" : "missed"}`);
}

async function measure({ dialect, start }: Peer, lastPerS: number): Promise<{ best: FanoutStep; us: number }> {
  await using stack = new AsyncDisposableStack();
  const servers = await Promise.all(Array.from({ length: NODES }, () => start(world)));
  for (const server of servers) stack.use(server);
  const seats = await seatsOf(world.rooms, servers, { signedIn: dialect === "moajang" });
  const pids = [...servers.map(({ pid }) => pid), ...world.stores.pids];
  let us = 0, beganMs = 0;
  const best = await runLoad<FanoutPlan, FanoutReport>({
    name: "fanout",
    plan: {
      ...{ dialect, seats, textBytes: TEXT_BYTES, limitMs: LIMIT_MS, stepMs: 3_000 },
      ...{ startPerS: lastPerS * 0.8, probePerS: 4_000 },
    },
    async onLine(line) {
      if (!("probed" in line)) return options.steps ? tellStep(line) : undefined;
      const nowMs = await cpuMsOf(pids);
      if (line.probed > 0) us = (nowMs - beganMs) * 1_000 / line.probed;
      beganMs = nowMs;
    },
  });
  return { best: best as FanoutStep, us };
}
