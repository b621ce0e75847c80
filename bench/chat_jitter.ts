/**
 * 1,000 clients on a bad line: each is cut off every 15 s for 2 s, while 2 texts a second come in each of its 20 rooms. What
 * was delivered in the end, and how long a client that is back needs to have what it missed. Two nodes, where everybody comes
 * back; beside it socket.io in one process, with its connection state recovery (the adapters that keep it are in memory) and
 * without.
 *
 *   deno task bench chat_jitter [--rounds 3] [--seconds 45]
 */
import { parseArgs } from "node:util";
import { openWorld, seatsOf } from "./chat_world.ts";
import { median, say, spread, tell } from "./figures.ts";
import type { JitterPlan, JitterResult } from "./load/jitter.ts";
import { runLoad, startPeer } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "45" } },
});
const ROOMS = 20, MEMBERS = 50, TEXT_BYTES = 200, PER_S = 2, EVERY_MS = 15_000, AWAY_MS = 2_000, LIMIT_MS = 1_000;

await using world = await openWorld({ rooms: ROOMS, members: MEMBERS });
const PEERS = {
  moajang: { dialect: "moajang", start: () => Promise.all([world.startNode(), world.startNode()]) },
  "socket.io, recovery": {
    dialect: "socketio",
    start: async () => [await startPeer("socketio", { RECOVERY_MS: "120000" })],
  },
  "socket.io": { dialect: "socketio", start: async () => [await startPeer("socketio")] },
} as const;
const found = new Map<string, JitterResult[]>();
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const [name, peer] of Object.entries(PEERS)) {
    const result = await measure(peer);
    found.set(name, [...found.get(name) ?? [], result]);
    const { due, delivered, repeated, disordered, cuts, replayed, replayP50, replayP99 } = result;
    const oddities = `${repeated} twice, ${disordered} out of order`;
    say(
      `round ${round}  ${name.padEnd(20)} ${delivered} of ${due}, ${oddities}; after ${cuts} cuts ${replayed} had all`,
    );
    say(`${" ".repeat(30)} replay p50 ${replayP50} ms  p99 ${replayP99} ms  (of those)`);
  }
}
for (const [name, all] of found) {
  const isOurs = name === "moajang", shares = all.map(({ delivered, due }) => delivered / due * 100);
  const worst = Math.min(...shares), p99s = all.map(({ replayP99 }) => replayP99), p99 = median(p99s);
  tell(
    `${name}, delivered, at worst`,
    `${worst.toFixed(3)} %`,
    isOurs ? "100.000 %" : "",
    isOurs ? worst === 100 : undefined,
  );
  const limit = isOurs ? `${LIMIT_MS} ms or less` : "";
  tell(`${name}, replay p99`, `${p99} ms (${spread(p99s, 1)})`, limit, isOurs ? p99 <= LIMIT_MS : undefined);
}

async function measure({ dialect, start }: typeof PEERS[keyof typeof PEERS]): Promise<JitterResult> {
  await using stack = new AsyncDisposableStack();
  const servers = await start();
  for (const server of servers) stack.use(server);
  const all = await seatsOf(world.rooms, [...servers], { signedIn: dialect === "moajang" });
  return await runLoad<JitterPlan, JitterResult>({
    name: "jitter",
    plan: {
      ...{ dialect, seats: all, speakers: all.map((room) => room[0]!), textBytes: TEXT_BYTES, perS: PER_S },
      ...{ ms: Number(options.seconds) * 1_000, everyMs: EVERY_MS, awayMs: AWAY_MS },
    },
  });
}
