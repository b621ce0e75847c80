/** The alerts worker: takes events from the region queues and writes them into inboxes. Any number may run side by side. */
import { EventMessage } from "../contract/events.ts";
import type { Deps } from "../services/ports.ts";
import { openAlertLanes } from "./alert_lanes.ts";
import { consumeRegions } from "./region_consumers.ts";

/**
 * Consumes its share of the regions. A message is acknowledged after the commit; one that cannot be read, or is not written
 * by its deadline, is rejected: it comes again, and goes to the dead letters in the end. While the database is away it is
 * held up to the deadline. Disposing finishes what is under way.
 */
export async function startAlerts(
  deps: Pick<Deps, "sql" | "queue" | "relay" | "clock" | "log">,
  options: { deadlineMs?: number } = {},
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const lanes = openAlertLanes(deps, options);
  stack.use(await consumeRegions(deps, async ({ body }) => await lanes.write(EventMessage.parse(JSON.parse(body)))));
  stack.use(lanes);
  return stack.move();
}
