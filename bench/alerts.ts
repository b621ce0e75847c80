/**
 * The way of an alert: commit to stream at 200 events a second, the outbox beside a bare confirm loop and graphile-worker,
 * all region queues at once and the broker alone, recipients among a million people, and one event to 5,000 streams; limits
 * beside the figures.
 *
 *   deno task bench alerts [--only stream,drain,regions,broker,recipients,fanout] [--rounds 3] [--seconds 20] [--users 1000000]
 *     [--events 5000] [--streams 5000] [--perS 10]
 */
import { parseArgs } from "node:util";
import { benchBroker } from "./alerts_broker.ts";
import { benchDrain } from "./alerts_drain.ts";
import { benchFanout } from "./alerts_fanout.ts";
import { benchRecipients } from "./alerts_recipients.ts";
import { benchRegions } from "./alerts_regions.ts";
import { benchStream } from "./alerts_stream.ts";
import { say } from "./figures.ts";

const text = (value: string) => ({ type: "string", default: value }) as const;
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    only: text("stream,drain,regions,broker,recipients,fanout"),
    rounds: text("3"),
    seconds: text("20"),
    users: text("1000000"),
    events: text("5000"),
    streams: text("5000"),
    perS: text("10"),
  },
});
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)];
const PARTS: Record<string, () => Promise<void>> = {
  stream: () => benchStream({ seconds }),
  drain: () => benchDrain({ rounds, count: Number(options.events) }),
  regions: () => benchRegions({ seconds, perS: Number(options.perS) }),
  broker: () => benchBroker({ seconds, perS: Number(options.perS) }),
  recipients: () => benchRecipients({ users: Number(options.users) }),
  fanout: () => benchFanout({ streams: Number(options.streams), rounds }),
};

for (const name of options.only.split(",")) {
  const part = PARTS[name];
  if (!part) throw new Error(`${name} is no part of this bench; there are ${Object.keys(PARTS).join(", ")}`);
  say(`${name}, load average ${Deno.loadavg().map((load) => load.toFixed(1)).join(" ")}`);
  await part();
}
Deno.exit(0);
