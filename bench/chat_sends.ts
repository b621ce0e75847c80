/**
 * Durable sends over the socket, one node, beside pgbench with the same statements on the same tables, one transaction for
 * each send as one would write it by hand: 64 senders in 64 parties, 64 senders in one, and acks at 500 sends a second.
 * Nobody is subscribed: what is measured is how fast texts are stored.
 *
 *   deno task bench chat_sends [--rounds 3] [--seconds 10]
 */
import { parseArgs } from "node:util";
import { openWorld, type Room, seatsOf, type World } from "./chat_world.ts";
import { median, say, spread, tell } from "./figures.ts";
import type { SendsPlan, SendsResult } from "./load/sends.ts";
import { outputOfLoad, runLoad } from "./machine.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "10" } },
});
const SENDERS = 64, MEMBERS = 32, TEXT_BYTES = 200, STEADY_PER_S = 500, LIMIT = 0.7, HOT_LIMIT = 5, LIMIT_MS = 25;
const seconds = Number(options.seconds);

await using world = await openWorld({ rooms: SENDERS, members: MEMBERS });
await writeScripts(world);
const found = { spread: [] as number[], hot: [] as number[], p99: [] as number[] };
const peer = { spread: [] as number[], hot: [] as number[], commitMs: [] as number[] };
for (let round = 1; round <= Number(options.rounds); round++) {
  found.spread.push(await ours("64 in 64", world.rooms, 1));
  peer.spread.push(await pgbench("64 in 64", "spread", SENDERS));
  found.hot.push(await ours("64 in one", [world.rooms[0]!], SENDERS));
  peer.hot.push(await pgbench("64 in one", "hot", SENDERS));
  peer.commitMs.push(1_000 / await pgbench("one commit", "commit", 1));
  found.p99.push(await steady());
}
const perS = (all: number[]) => `${Math.round(median(all))}/s (${spread(all)})`;
tell("64 senders in 64 parties", perS(found.spread));
tell("pgbench, the same", perS(peer.spread));
ratio("of pgbench", found.spread, peer.spread, LIMIT);
tell("64 senders in one party", perS(found.hot));
tell("pgbench, the same", perS(peer.hot));
ratio("of pgbench", found.hot, peer.hot, LIMIT);
ratio("of 1/(commit latency)", found.hot, peer.commitMs.map((ms) => 1_000 / ms), HOT_LIMIT);
const p99 = median(found.p99);
tell(`ack p99 at ${STEADY_PER_S}/s`, `${p99} ms (${spread(found.p99, 1)})`, `${LIMIT_MS} ms or less`, p99 <= LIMIT_MS);

function ratio(what: string, ours: number[], theirs: number[], limit: number): void {
  const ratios = ours.map((figure, i) => figure / theirs[i]!), middle = median(ratios);
  tell(what, `${middle.toFixed(2)} (${spread(ratios, 2)})`, `${limit} or more`, middle >= limit);
}

/** So many senders in each of these rooms, each waiting for its ack. */
async function ours(what: string, rooms: Room[], senders: number): Promise<number> {
  const { acksPerS, p50, p99 } = await load(rooms, senders);
  say(`${what.padEnd(12)} moajang ${Math.round(acksPerS)}/s  p50 ${p50} ms  p99 ${p99} ms`);
  return acksPerS;
}

async function steady(): Promise<number> {
  const { p50, p99, acked } = await load(world.rooms, 1, STEADY_PER_S);
  say(`${STEADY_PER_S}/s        moajang p50 ${p50} ms  p99 ${p99} ms  ${(acked * 100).toFixed(1)} % acked`);
  return p99;
}

async function load(rooms: Room[], senders: number, perS?: number): Promise<SendsResult> {
  await using node = await world.startNode();
  const seats = (await seatsOf(rooms, [node], { sockets: Math.ceil(senders / MEMBERS) }))
    .flatMap((room) => room.slice(0, senders));
  return await runLoad<SendsPlan, SendsResult>({
    name: "sends",
    plan: { seats, textBytes: TEXT_BYTES, ms: seconds * 1_000, perS },
  });
}

async function pgbench(what: string, script: "spread" | "hot" | "commit", clients: number): Promise<number> {
  const scripts = new URL("pgbench/", import.meta.url).pathname;
  const told = await outputOfLoad([
    ...["pgbench", "-n", "-M", "prepared", "-D", "isNew=1", "-c", `${clients}`, "-T", `${seconds}`],
    ...["-f", `${scripts}${script}.sql`, world.stores.databaseUrl],
  ]);
  const perS = Number(/tps = ([\d.]+)/.exec(told)![1]);
  say(`${what.padEnd(12)} pgbench ${Math.round(perS)}/s  mean ${/average = ([\d.]+) ms/.exec(told)![1]} ms`);
  return perS;
}

/** pgbench knows senders by number; a sender in a party of its own, and another party that all are in. */
async function writeScripts({ sql, rooms }: World): Promise<void> {
  const hot = rooms[0]!;
  const seats = rooms.map(({ partyId, members }, i) => ({
    partyId,
    userId: members[0]!.userId,
    hotUserId: hot.members[i % MEMBERS]!.userId,
  }));
  await sql`
    create table senders (n int primary key, party_id uuid, user_id uuid, hot_party_id uuid, hot_user_id uuid)`;
  await sql`
    insert into senders (n, party_id, user_id, hot_party_id, hot_user_id)
    select n - 1, party_id, user_id, ${hot.partyId}, hot_user_id
    from unnest(
      ${seats.map(({ partyId }) => partyId)}::uuid[],
      ${seats.map(({ userId }) => userId)}::uuid[],
      ${seats.map(({ hotUserId }) => hotUserId)}::uuid[])
      with ordinality as sender (party_id, user_id, hot_user_id, n)`;
  await sql`create table counter (n int)`;
  await sql`insert into counter (n) values (0)`;
}
