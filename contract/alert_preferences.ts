/** What a person wants to be told, and how. */
import { z } from "zod";
import { EVENT_TYPES, type EventType } from "./events.ts";

/**
 * The ways in which alerts of a type reach a person. `stream`: in the inbox and in its streams. `push`: on their devices, and
 * in the inbox to be found there later. In neither way: not at all.
 */
export const AlertWays = z.object({ stream: z.boolean(), push: z.boolean() }).meta({ id: "AlertWays" });
/** See the schema. */
export type AlertWays = z.infer<typeof AlertWays>;

/** As long as a person has not chosen: all types, in both ways. */
export const EVERY_WAY: AlertWays = { stream: true, push: true };

const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 21:00");
/** By place, as the time zone database names them: offsets and abbreviations are read in different ways. */
const Timezone = z.string().max(64).regex(/^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/, "must be a zone such as Asia/Seoul")
  .refine((name) => isZone(name), "must be a known zone");

/** When nothing is pushed: from one time of day to another, over midnight when `to` is the earlier. */
export const QuietHours = z.strictObject({ from: TimeOfDay, to: TimeOfDay, timezone: Timezone })
  .refine(({ from, to }) => from !== to, { path: ["to"], message: "must differ from from" })
  .meta({ id: "QuietHours" });
/** See the schema. */
export type QuietHours = z.infer<typeof QuietHours>;

/** As long as a person has not chosen. */
export const NIGHT: QuietHours = { from: "21:00", to: "08:00", timezone: "Asia/Seoul" };

/** Answer of GET and PUT /api/me/alert-preferences. */
export const AlertPreferences = z.object({
  types: z.object(forEachType(AlertWays)),
  quietHours: QuietHours.nullable(),
}).meta({ id: "AlertPreferences" });
/** See the schema. */
export type AlertPreferences = z.infer<typeof AlertPreferences>;

const ChosenWays = z.strictObject({ stream: z.boolean().default(true), push: z.boolean().default(true) });

/** Body of PUT /api/me/alert-preferences: the whole of it. What is left out is as by default; `quietHours: null` is none. */
export const NewAlertPreferences = z.strictObject({
  types: z.strictObject(forEachType(ChosenWays.default(EVERY_WAY))).prefault({}),
  quietHours: QuietHours.nullable().default(NIGHT),
});

function forEachType<Schema extends z.ZodType>(schema: Schema) {
  return Object.fromEntries(EVENT_TYPES.map((type) => [type, schema])) as Record<EventType, Schema>;
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
