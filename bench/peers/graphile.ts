/** graphile-worker as an outbox, a job for each event: takes it, publishes it confirmed, is done with it. Prints jobs a second. */
import { Buffer } from "node:buffer";
import { Logger, run, runMigrations } from "graphile-worker";
import pg from "pg";
import { Connection } from "rabbitmq-client";

const count = Number(Deno.env.get("COUNT")), exchange = Deno.env.get("EXCHANGE")!;
const pgPool = new pg.Pool({ connectionString: Deno.env.get("DATABASE_URL"), max: 10 });
const logger = new Logger(() => () => {});
const publisher = new Connection(Deno.env.get("AMQP_URL")!).createPublisher({ confirm: true });
let published = 0;
const done = Promise.withResolvers<void>();

async function publish(payload: unknown): Promise<void> {
  const { routingKey, ...event } = payload as { routingKey: string };
  const envelope = { exchange, routingKey, durable: true, contentEncoding: "utf-8" };
  await publisher.send(envelope, Buffer.from(JSON.stringify(event)));
  if (++published === count) done.resolve();
}

await runMigrations({ pgPool, logger });
await pgPool.query(
  `select graphile_worker.add_job('publish', json_build_object(
    'routingKey', $2::text, 'partyId', gen_random_uuid(), 'eventId', gen_random_uuid()))
  from generate_series(1, $1)`,
  [count, Deno.env.get("ROUTING_KEY")],
);
const begun = performance.now();
await run({ pgPool, logger, concurrency: 64, noHandleSignals: true, taskList: { publish } });
await done.promise;
Deno.stdout.writeSync(new TextEncoder().encode(`${count / (performance.now() - begun) * 1_000}\n`));
Deno.exit(0);
