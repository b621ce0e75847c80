/** What the caller wants to be told, and how. */
import { Hono } from "hono";
import { AlertPreferences, NewAlertPreferences } from "../contract/alert_preferences.ts";
import { readAlertPreferences, saveAlertPreferences } from "../services/alert_preferences.ts";
import type { Deps } from "../services/ports.ts";
import { type EdgeEnv, jsonBody } from "./edge.ts";
import { signedIn } from "./guard.ts";

/** GET and PUT `/alert-preferences` under `/api/me`. */
export function alertPreferenceRoutes(deps: Deps) {
  return new Hono<EdgeEnv>()
    .get(
      "/alert-preferences",
      signedIn(deps, { summary: "Which alerts you want, and how", answers: { 200: AlertPreferences } }),
      async (c) => c.json(await readAlertPreferences(deps, c.get("caller").userId)),
    )
    .put(
      "/alert-preferences",
      signedIn(deps, {
        summary: "Choose which alerts you want, and how; what is left out is as by default",
        answers: { 200: AlertPreferences },
        problems: ["invalid-input"],
      }),
      jsonBody(NewAlertPreferences),
      async (c) => c.json(await saveAlertPreferences(deps, c.get("caller").userId, c.req.valid("json"))),
    );
}
