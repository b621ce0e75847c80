/**
 * One party with 1,000 sockets, 20 texts a second: ms until the last socket has each, beside bare `ws`, which stores nothing.
 * A party has 50 members at most, so each of them is here with 20 sockets (a node takes 30 of one person); one node, and one
 * process of `ws` without Redis.
 *
 *   deno task bench chat_room [--rounds 3] [--seconds 20]
 */
import { parseArgs } from "node:util";
import { openWorld, seatsOf } from "./chat_world.ts";
import { median, say, spread, tell } from "./figures.ts";
import type { RoomPlan, RoomResult } from "./load/room.ts";
import { runLoad, startPeer } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "20" } },
});
const MEMBERS = 50, SOCKETS = 20, PER_S = 20, TEXT_BYTES = 200, LIMIT = 1;

await using world = await openWorld({ rooms: 1, members: MEMBERS });
const NAMES = ["moajang", "ws"] as const;
const found: Record<typeof NAMES[number], RoomResult[]> = { moajang: [], ws: [] };
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const name of NAMES) {
    const result = await measure(name);
    found[name].push(result);
    const { p50, p99, complete, busy } = result;
    const load = `the load took ${Math.round(busy * 100)} % of its core`;
    say(
      `round ${round}  ${name.padEnd(8)} p50 ${p50} ms  p99 ${p99} ms  ${
        (complete * 100).toFixed(1)
      } % complete  ${load}`,
    );
  }
}
for (const name of NAMES) {
  for (const at of ["p50", "p99"] as const) {
    const all = found[name].map((result) => result[at]);
    tell(`${name}, ${at} to the last of 1,000`, `${median(all).toFixed(1)} ms (${spread(all, 1)})`);
  }
}
const ratios = found.moajang.map(({ p99 }, i) => p99 / found.ws[i]!.p99), ratio = median(ratios);
tell("p99, of ws", `${ratio.toFixed(2)} (${spread(ratios, 2)})`, `${LIMIT.toFixed(1)} or less`, ratio <= LIMIT);

async function measure(name: typeof NAMES[number]): Promise<RoomResult> {
  await using server = name === "moajang" ? await world.startNode() : await startPeer("ws");
  const [seats] = await seatsOf(world.rooms, [server], { sockets: SOCKETS, signedIn: name === "moajang" });
  const dialect = name === "moajang" ? "moajang" : "plain";
  return await runLoad<RoomPlan, RoomResult>({
    name: "room",
    plan: { dialect, seats: seats!, textBytes: TEXT_BYTES, perS: PER_S, ms: Number(options.seconds) * 1_000 },
  });
}
