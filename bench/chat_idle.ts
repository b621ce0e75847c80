/**
 * Memory of one node for each of 10,000 sockets that are signed in, subscribed to their party's room, and silent: the
 * process' proportional set size before and after, once it has come to rest. Beside it bare `ws` and bare
 * Deno sockets, as many in as many rooms.
 *
 *   deno task bench chat_idle [--rounds 3] [--sockets 10000]
 *
 * Needs two file descriptors for each socket: `ulimit -n 20000`, or fewer sockets.
 */
import { parseArgs } from "node:util";
import { openWorld, seatsOf } from "./chat_world.ts";
import { median, say, spread, tell } from "./figures.ts";
import type { IdlePlan, IdleResult } from "./load/idle.ts";
import { pssOf, runLoad, startPeer } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "3" }, sockets: { type: "string", default: "10000" } },
});
const MEMBERS = 10, LIMIT_KIB = 20, LIMIT = 1.2;
/** What a handshake leaves behind is collected when the process has had nothing to do for a while. */
const REST_S = 20;
const sockets = Number(options.sockets);

await using world = await openWorld({ rooms: sockets / MEMBERS, members: MEMBERS });
const NAMES = ["moajang", "ws", "deno"] as const;
const found: Record<typeof NAMES[number], number[]> = { moajang: [], ws: [], deno: [] };
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const name of NAMES) {
    const kib = await measure(name);
    found[name].push(kib);
    say(`round ${round}  ${name.padEnd(8)} ${kib.toFixed(1)} KiB a socket`);
  }
}
const ours = median(found.moajang), ratios = found.moajang.map((kib, i) => kib / found.ws[i]!), ratio = median(ratios);
tell(
  "moajang, KiB a socket",
  `${ours.toFixed(1)} (${spread(found.moajang, 1)})`,
  `${LIMIT_KIB} or less`,
  ours <= LIMIT_KIB,
);
for (const name of ["ws", "deno"] as const) {
  tell(`${name}, KiB a socket`, `${median(found[name]).toFixed(1)} (${spread(found[name], 1)})`);
}
tell("of ws", `${ratio.toFixed(2)} (${spread(ratios, 2)})`, `${LIMIT} or less`, ratio <= LIMIT);

async function measure(name: typeof NAMES[number]): Promise<number> {
  await using server = name === "moajang" ? await world.startNode() : await startPeer(name);
  const seats = await seatsOf(world.rooms, [server], { signedIn: name === "moajang" });
  const before = await pssOf(server.pid);
  let after = NaN;
  await runLoad<IdlePlan, IdleResult>({
    name: "idle",
    plan: { dialect: name === "moajang" ? "moajang" : "plain", seats: seats.flat() },
    async onLine() {
      await new Promise((resolve) => setTimeout(resolve, REST_S * 1_000));
      after = await pssOf(server.pid);
    },
  });
  return (after - before) / sockets / 1_024;
}
