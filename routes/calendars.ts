/** Parties for people's calendars. */
import { type Context, Hono } from "hono";
import { ownCalendar, partyCalendar } from "../services/calendar.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, ids } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** Under a party: GET `/{id}/calendar.ics`. */
export function partyCalendarRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/:id/calendar.ics",
    signedIn(deps, {
      summary: "The party for a calendar",
      answers: { 200: "text/calendar" },
      problems: ["invalid-input", "not-found"],
    }),
    ids("id"),
    async (c) => answerCalendar(c, await partyCalendar(deps, c.req.valid("param").id, c.get("caller").userId)),
  );
}

/** GET `/calendar.ics` under `/api/me`. */
export function myCalendarRoutes(deps: Deps) {
  return new Hono<EdgeEnv>().get(
    "/calendar.ics",
    signedIn(deps, {
      summary: "The parties that the caller is in, for a calendar",
      answers: { 200: "text/calendar" },
    }),
    async (c) => answerCalendar(c, await ownCalendar(deps, c.get("caller").userId)),
  );
}

function answerCalendar(c: Context, calendar: string): Response {
  return c.body(calendar, 200, {
    "content-type": "text/calendar; charset=utf-8",
    "content-disposition": 'attachment; filename="moajang.ics"',
  });
}
