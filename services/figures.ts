/** What those who run the service want to see of it: how much is open here, and how far the work lies behind. */
import type { Deps, Metrics } from "./ports.ts";

/** Of the whole system, whichever process tells it. */
export function tellBacklogs({ metrics, sql, clock }: Pick<Deps, "sql" | "clock" | "metrics">): void {
  const count = async (query: PromiseLike<{ count: number }[]>) => (await query)[0]!.count;
  metrics.gauge(
    "moajang_events_waiting",
    "Events that are not in all inboxes yet.",
    () => count(sql`select count(*)::int as count from events where retired_at is null`),
  );
  metrics.gauge(
    "moajang_event_oldest_seconds",
    "Age of the oldest of them, 0 for none.",
    () =>
      count(sql`
        select greatest(0, coalesce(extract(epoch from ${clock.now()}::timestamptz - min(created_at)), 0))::float8 as count
        from events
        where retired_at is null`),
  );
  metrics.gauge(
    "moajang_pushes_waiting",
    "Alerts that are not pushed to a browser yet.",
    () => count(sql`select count(*)::int as count from pushes`),
  );
}

/** Of this node. */
export function tellOpen(metrics: Metrics, { hub, streams }: Record<"hub" | "streams", { count(): number }>): void {
  metrics.gauge("moajang_sockets_open", "Chat sockets that are open on this node.", hub.count);
  metrics.gauge("moajang_streams_open", "Alert streams that are open on this node.", streams.count);
}
