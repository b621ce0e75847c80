/**
 * The alerts worker: takes events from the region queues and writes them into inboxes; of those that nobody is told of, it does
 * what they ask for. Any number may run side by side.
 */
import { EventMessage, PENALTIES_CHANGED } from "../contract/events.ts";
import { refreshPenaltyCount } from "../services/penalty_changes.ts";
import type { Deps, QueueMessage } from "../services/ports.ts";
import { openAlertLanes } from "./alert_lanes.ts";
import { consumeRegions } from "./region_consumers.ts";

/**
 * Consumes its share of the regions. A message is acknowledged after the commit; one that cannot be read, or is not written
 * by its deadline, is rejected: it comes again, and goes to the dead letters in the end. While the database is away it is
 * held up to the deadline. Disposing finishes what is under way.
 */
export async function startAlerts(
  deps: Pick<Deps, "sql" | "queue" | "relay" | "cache" | "clock" | "log" | "metrics">,
  options: { deadlineMs?: number } = {},
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const lanes = openAlertLanes(deps, options);

  async function handle({ type, body }: QueueMessage): Promise<void> {
    const event = EventMessage.parse(JSON.parse(body));
    await (type === PENALTIES_CHANGED ? refreshPenaltyCount(deps, event) : lanes.write(event));
  }

  stack.use(await consumeRegions(deps, handle));
  stack.use(lanes);
  return stack.move();
}
