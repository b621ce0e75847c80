/** How fast the outbox empties, beside a bare loop of confirmed publications and graphile-worker on the same broker. */
import { Buffer } from "node:buffer";
import { Connection } from "rabbitmq-client";
import { declareRegion, topologyOf } from "../adapters/rabbitmq_topology.ts";
import { startOutbox } from "../workers/outbox.ts";
import { addPeople } from "../tests/alert_world.ts";
import { addParties, type AlertBench, openAlertBench } from "./alerts_world.ts";
import { median, spread, tell } from "./figures.ts";
import { output } from "./machine.ts";

const REGION = "11140", IN_FLIGHT = 256, RAW_LIMIT = 0.5, PEER_LIMIT = 1;

/** Measures all three in turns, `count` messages each. */
export async function benchDrain({ rounds, count }: { rounds: number; count: number }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bench = await openAlertBench(stack);
  const [leader] = await addPeople(bench, 1), [party] = await addParties(bench, leader!.id, 1);
  const ours: number[] = [], raw: number[] = [], peer: number[] = [];
  // Code that has just begun to run is slow; graphile-worker's process is a new one each time.
  await drain(bench, party!.id, count);
  await confirmLoop(bench, count);
  for (let round = 0; round < rounds; round++) {
    ours.push(await drain(bench, party!.id, count));
    raw.push(await confirmLoop(bench, count));
    peer.push(await graphile(bench, count));
  }
  const perS = (all: number[]) => `${Math.round(median(all))}/s (${spread(all)})`;
  const ratios = (others: number[]) => ours.map((figure, i) => figure / others[i]!);
  const beside = (what: string, others: number[], limit: number) => {
    const all = ratios(others), middle = median(all);
    tell(what, `${middle.toFixed(2)} (${spread(all, 2)})`, `${limit} or more`, middle >= limit);
  };
  tell("outbox drained", perS(ours));
  tell(`bare loop, ${IN_FLIGHT} in flight`, perS(raw));
  beside("  of the bare loop", raw, RAW_LIMIT);
  tell("graphile-worker, a job for each", perS(peer));
  beside("  of graphile-worker", peer, PEER_LIMIT);
}

/** Events a second from the outbox' start until the last one is confirmed. */
async function drain(bench: AlertBench, partyId: string, count: number): Promise<number> {
  const { sql, deps } = bench;
  await sql`delete from events`;
  await sql`
    insert into events (party_id, id, type, region_code, payload, created_at, publish_after)
    select ${partyId}, gen_random_uuid(), 'join.accepted', ${REGION}, '{}', now(), now() - interval '1 second'
    from generate_series(1, ${count}::int)`;
  const drained = Promise.withResolvers<void>();
  let published = 0;
  const queue = {
    ...deps.queue,
    async publish(...args: Parameters<typeof deps.queue.publish>) {
      await deps.queue.publish(...args);
      if (++published === count) drained.resolve();
    },
  };
  const begun = performance.now();
  await using _ = await startOutbox({ ...deps, queue });
  await drained.promise;
  return count / (performance.now() - begun) * 1_000;
}

async function confirmLoop({ environment }: AlertBench, count: number): Promise<number> {
  const connection = new Connection({ url: environment["AMQP_URL"]!, noDelay: true });
  const topology = topologyOf(environment["NAMESPACE"]!, REGION);
  await declareRegion(connection, topology);
  const channel = await connection.acquire();
  await channel.confirmSelect();
  const body = Buffer.from(JSON.stringify({ partyId: crypto.randomUUID(), eventId: crypto.randomUUID() }));
  const envelope = { exchange: topology.events, routingKey: `join.accepted.${REGION}`, durable: true, mandatory: true };
  const begun = performance.now();
  let left = count;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (left-- > 0) await channel.basicPublish({ ...envelope, contentEncoding: "utf-8" }, body);
  }));
  const perS = count / (performance.now() - begun) * 1_000;
  await channel.close();
  await connection.close();
  return perS;
}

async function graphile({ environment, sql }: AlertBench, count: number): Promise<number> {
  await sql`drop schema if exists graphile_worker cascade`;
  const { pathname: config } = new URL("peers/deno.json", import.meta.url);
  const { pathname: program } = new URL("peers/graphile.ts", import.meta.url);
  const variables = {
    DATABASE_URL: environment["DATABASE_URL"]!,
    AMQP_URL: environment["AMQP_URL"]!,
    EXCHANGE: topologyOf(environment["NAMESPACE"]!, REGION).events,
    ROUTING_KEY: `join.accepted.${REGION}`,
    COUNT: String(count),
  };
  const env = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const run = [Deno.execPath(), "run", "--no-check", "--allow-all", "--config", config, program];
  return Number((await output(["env", ...env, ...run])).trim().split("\n").at(-1));
}
