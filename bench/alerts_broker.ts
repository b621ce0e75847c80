/** The region queues without anything behind them: what the broker takes by itself, of time and of the machine. */
import { v7 } from "uuid";
import { openRabbitQueue } from "../adapters/queue_rabbitmq.ts";
import { listRegions } from "../services/regions.ts";
import { openRabbitServer } from "../tests/own_servers.ts";
import { quietLog } from "../tests/quiet_log.ts";
import { inParallel } from "./alerts_clients.ts";
import { REGIONS } from "./alerts_regions.ts";
import { pace } from "./alerts_world.ts";
import { p50p99, tell } from "./figures.ts";
import { busyCoresSince } from "./machine.ts";

/** One process publishes, waits for the confirms, and takes what comes; it does nothing with it. */
export async function benchBroker({ seconds, perS }: { seconds: number; perS: number }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { url } = await openRabbitServer(stack);
  const queue = stack.use(await openRabbitQueue({ url, namespace: "bench", log: quietLog }));
  const codes = listRegions().map(({ code }) => code).slice(0, REGIONS);
  const sentAt = new Map<string, number>(), took: number[] = [];
  const send = (code: string) => {
    const id = v7();
    sentAt.set(id, performance.now());
    return queue.publish(code, { id, type: "join.accepted", body: JSON.stringify({ partyId: id, eventId: id }) });
  };
  await inParallel(codes, 16, send);
  await inParallel(codes, 16, (code) =>
    queue.consume(code, { prefetch: 32 }, ({ id }) => {
      took.push(performance.now() - sentAt.get(id)!);
      return Promise.resolve();
    }));
  took.length = 0;
  const busyCores = busyCoresSince(), sending: Promise<void>[] = [];
  await pace(perS, perS * seconds, (i) => void sending.push(send(codes[i % codes.length]!)));
  await Promise.all(sending);
  tell(`broker alone, ${codes.length} queues, ${perS}/s in all`, p50p99(took));
  tell("  processors that were busy", (await busyCores()).toFixed(2), `of ${navigator.hardwareConcurrency}`);
}
