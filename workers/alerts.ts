/**
 * The alerts worker: takes events from the region queues and writes them into inboxes; of those that nobody is told of, it does
 * what they ask for. Any number may run side by side.
 */
import PQueue from "p-queue";
import pRetry from "p-retry";
import { EventMessage, PENALTIES_CHANGED } from "../contract/events.ts";
import { writeAlerts } from "../services/alert_writing.ts";
import { isStoreDown } from "../services/availability.ts";
import { refreshPenaltyCount } from "../services/penalty_changes.ts";
import type { Deps, QueueMessage } from "../services/ports.ts";
import { within } from "../services/within.ts";
import { consumeRegions } from "./region_consumers.ts";

/** Events written at once, over all regions: within the database pool, so that requests find a connection too. */
const WRITERS = 4;
/** From a message's turn to write on. Its wait for a turn does not count: a long line is no fault of the message's. */
const DEADLINE_MS = 30_000;

/**
 * Consumes its share of the regions. A message is acknowledged after the commit; one that cannot be read, or is not written
 * by its deadline, is rejected: it comes again, and goes to the dead letters in the end. While the database is away it is
 * held up to the deadline. Disposing finishes what is under way.
 */
export async function startAlerts(
  deps: Pick<Deps, "sql" | "queue" | "relay" | "cache" | "clock" | "log">,
  { deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {},
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const writers = new PQueue({ concurrency: WRITERS });
  const stopping = new AbortController();

  async function handle(message: QueueMessage): Promise<void> {
    const event = EventMessage.parse(JSON.parse(message.body));
    await writers.add(() => write((signal) => work(message.type, event, signal)));
  }
  function work(type: string, event: EventMessage, signal: AbortSignal): Promise<unknown> {
    return type === PENALTIES_CHANGED ? refreshPenaltyCount(deps, event) : writeAlerts(deps, event, signal);
  }
  async function write(work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const writing = pRetry(() => work(over.signal), {
      retries: Infinity,
      minTimeout: 200,
      maxTimeout: 2_000,
      randomize: true,
      signal: over.signal,
      shouldRetry: ({ error }) => isStoreDown(error) && !stopping.signal.aborted,
    });
    try {
      await within(deadlineMs, "writing the alerts of an event", writing);
    } finally {
      over.abort();
    }
  }

  stack.use(await consumeRegions(deps, handle));
  stack.defer(() => stopping.abort());
  return stack.move();
}
