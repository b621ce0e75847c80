/** Alerts: the caller's inbox, and its stream. */
import { type Context, Hono } from "hono";
import { Alert, AlertChange, AlertList, AlertQuery, AlertStreamQuery, LastEventId } from "../contract/alerts.ts";
import { invalid } from "../contract/problems.ts";
import type { AlertStreams } from "../services/alert_streams.ts";
import { deleteAlert, listAlerts, markAllRead, markRead } from "../services/alerts.ts";
import { LIMITS } from "../services/limits.ts";
import type { LiveSessions } from "../services/live_sessions.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids, jsonBody, noBody, query } from "./edge.ts";
import { signedIn, signedInOrTicket } from "./guard.ts";
import { answerPage } from "./page.ts";

/** GET `/`, PATCH and DELETE `/{id}`, POST `/read-all`, and GET `/stream` (server-sent events). */
export function alertRoutes(deps: Deps & { streams: AlertStreams; live: LiveSessions }) {
  return new Hono<EdgeEnv>()
    .get(
      "/",
      signedIn(deps, { summary: "The caller's alerts", answers: { 200: AlertList }, problems: ["invalid-input"] }),
      query(AlertQuery),
      async (c) => answerPage(c, await listAlerts(deps, c.get("caller").userId, c.req.valid("query"))),
    )
    .get(
      "/stream",
      signedInOrTicket(deps, {
        summary: "The caller's alerts as server-sent events: ready, alert, reconnect",
        answers: { 200: "text/event-stream" },
        problems: ["invalid-input"],
        limit: LIMITS.connections,
      }),
      query(AlertStreamQuery),
      async (c) =>
        c.body(
          await deps.streams.open(deps, c.get("caller"), lastEventId(c) ?? c.req.valid("query").lastEventId),
          200,
          STREAM_HEADERS,
        ),
    )
    .patch(
      "/:id",
      signedIn(deps, {
        summary: "Mark an alert as read",
        answers: { 200: Alert },
        problems: ["invalid-input", "not-found"],
      }),
      ids("id"),
      jsonBody(AlertChange),
      async (c) => c.json(await markRead(deps, c.get("caller").userId, c.req.valid("param").id)),
    )
    .post(
      "/read-all",
      signedIn(deps, { summary: "Mark all alerts as read", answers: { 204: null }, problems: ["invalid-input"] }),
      noBody,
      async (c) => {
        await markAllRead(deps, c.get("caller").userId);
        return c.body(null, 204);
      },
    )
    .delete(
      "/:id",
      signedIn(deps, {
        summary: "Delete an alert",
        answers: { 204: null },
        problems: ["invalid-input", "not-found"],
      }),
      ids("id"),
      noBody,
      async (c) => {
        await deleteAlert(deps, c.get("caller").userId, c.req.valid("param").id);
        return c.body(null, 204);
      },
    );
}

/** Neither stored, nor compressed, nor held back by a proxy. */
const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

/** What a browser sends by itself when it connects again: newer than the address it keeps asking. Throws `invalid-input`. */
function lastEventId(c: Context): number | undefined {
  const header = c.req.header("last-event-id");
  if (!header) return undefined;
  const { data, error } = LastEventId.safeParse(header);
  if (error) throw invalid("/header/last-event-id", error.issues[0]!.message);
  return data;
}
