/** The alerts worker: takes events from the region queues and writes them into inboxes. Any number may run side by side. */
import PQueue from "p-queue";
import pRetry from "p-retry";
import { EventMessage } from "../contract/events.ts";
import { writeAlerts } from "../services/alert_writing.ts";
import { isStoreDown } from "../services/availability.ts";
import type { Deps, QueueMessage } from "../services/ports.ts";
import { startLoop } from "./loop.ts";

/** Unfinished messages of one region. */
const PREFETCH = 32;
/** Events written at once, over all regions: within the database pool, so that requests find a connection too. */
const WRITERS = 4;
const POLL_MS = 1_000;
/** While the database is away a message is held, not refused: refused so often, it would be a dead letter. */
const HOLD_MS = 60_000;

/**
 * Consumes every region whose queue was ever used, and new ones as they come. A message is acknowledged after the commit;
 * one that cannot be read goes to the dead letters. Disposing finishes what is under way.
 */
export async function startAlerts(
  deps: Pick<Deps, "sql" | "queue" | "relay" | "clock" | "log">,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const writers = new PQueue({ concurrency: WRITERS });
  const consumers = new Map<string, AsyncDisposable>();
  let isStopping = false;
  stack.defer(async () => {
    isStopping = true;
    await Promise.all(consumers.values().map((consumer) => consumer[Symbol.asyncDispose]()));
  });

  async function handle(message: QueueMessage): Promise<void> {
    const event = EventMessage.parse(JSON.parse(message.body));
    await writers.add(() =>
      pRetry(() => writeAlerts(deps, event), {
        retries: Infinity,
        minTimeout: 200,
        maxTimeout: 2_000,
        maxRetryTime: HOLD_MS,
        randomize: true,
        shouldRetry: ({ error }) => isStoreDown(error) && !isStopping,
      })
    );
  }
  async function consumeNew(): Promise<void> {
    const regions = await deps.sql<{ code: string }[]>`
      select region_code as code
      from region_queues`;
    await Promise.all(
      regions.filter(({ code }) => !consumers.has(code)).map(async ({ code }) => {
        consumers.set(code, await deps.queue.consume(code, { prefetch: PREFETCH }, handle));
      }),
    );
  }

  const loop = stack.use(startLoop(deps, { name: "alerts", everyMs: POLL_MS, step: consumeNew }));
  stack.use(await deps.relay.subscribe("regions", loop.wake));
  return stack.move();
}
