/** What people want to be told, and how: their choice, and what it means for a push at a given moment. */
import { type AlertPreferences, EVERY_WAY, NIGHT } from "../contract/alert_preferences.ts";
import { EVENT_TYPES, type EventType } from "../contract/events.ts";
import { invalid } from "../contract/problems.ts";
import type { Deps } from "./ports.ts";
import { endQuiet } from "./push_quiet.ts";

/** The person's choice, or what is so by default. */
export async function readAlertPreferences({ sql }: Pick<Deps, "sql">, userId: string): Promise<AlertPreferences> {
  const [row] = await sql<
    { streamOff: string[]; pushOff: string[]; from: string | null; to: string; timezone: string }[]
  >`
    select stream_off as "streamOff", push_off as "pushOff", to_char(quiet_from, 'HH24:MI') as "from",
      to_char(quiet_to, 'HH24:MI') as "to", quiet_timezone as timezone
    from alert_preferences
    where user_id = ${userId}`;
  if (!row) return preferences(() => EVERY_WAY, NIGHT);
  const { streamOff, pushOff, from, to, timezone } = row;
  return preferences(
    (type) => ({ stream: !streamOff.includes(type), push: !pushOff.includes(type) }),
    from === null ? null : { from, to, timezone },
  );
}

/**
 * Replaces the person's choice, for what is written from now on and for what waits to be pushed. Throws `invalid-input` for a time zone that the database
 * does not know.
 */
export async function saveAlertPreferences(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  userId: string,
  { types, quietHours }: AlertPreferences,
): Promise<AlertPreferences> {
  const off = (way: "stream" | "push") => EVENT_TYPES.filter((type) => !types[type][way]);
  const { from = null, to = null, timezone = null } = quietHours ?? {};
  await sql`
    insert into alert_preferences (user_id, stream_off, push_off, quiet_from, quiet_to, quiet_timezone)
    -- The zone is tried out: one that the database refused later would keep everybody in the same question from an answer.
    select ${userId}, ${off("stream")}::text[], ${off("push")}::text[], ${from}::time, ${to}::time, ${timezone}::text
    where now() at time zone coalesce(${timezone}, 'UTC') is not null
    on conflict (user_id) do update
    set stream_off = excluded.stream_off, push_off = excluded.push_off, quiet_from = excluded.quiet_from,
      quiet_to = excluded.quiet_to, quiet_timezone = excluded.quiet_timezone`.catch(refuseUnknownZone);
  await endQuiet({ sql, clock }, userId);
  return await readAlertPreferences({ sql }, userId);
}

/** Someone, and what they would be told of. */
export interface PushQuestion {
  userId: string;
  type: EventType;
}

/** Someone who wants this type pushed. `quietUntil`: not now, but then; `null`: now. */
export interface PushAnswer extends PushQuestion {
  quietUntil: Date | null;
}

/**
 * Who of these wants the type pushed, and from when, as their choices and quiet hours stand at this instant. Whoever does
 * not want it, has withdrawn or does not exist is left out. One statement for any number, each question answered once.
 */
export async function whoMayBePushed(
  { sql }: Pick<Deps, "sql">,
  questions: PushQuestion[],
  at: Date,
): Promise<PushAnswer[]> {
  if (questions.length === 0) return [];
  return await sql<PushAnswer[]>`
    with wanting as (
      select asked.user_id, asked.type,
        -- A choice of no quiet hours is a row without them; only whoever has no row has those of everybody.
        case when p.user_id is null then ${NIGHT.from}::time else p.quiet_from end as quiet_from,
        case when p.user_id is null then ${NIGHT.to}::time else p.quiet_to end as quiet_to,
        coalesce(p.quiet_timezone, ${NIGHT.timezone}) as timezone
      from (
        select distinct user_id, type
        from unnest(${questions.map((each) => each.userId)}::uuid[], ${questions.map((each) => each.type)}::text[])
          as question (user_id, type)) asked
      join users u on u.id = asked.user_id and u.withdrawn_at is null
      left join alert_preferences p on p.user_id = asked.user_id
      where asked.type <> all(coalesce(p.push_off, '{}'))
    ), by_their_clock as (
      select wanting.*, ${at}::timestamptz at time zone timezone as local
      from wanting
    )
    select user_id as "userId", type,
      case
        when quiet_from < quiet_to and local::time >= quiet_from and local::time < quiet_to
          then (local::date + quiet_to) at time zone timezone
        when quiet_from > quiet_to and local::time >= quiet_from
          then (local::date + 1 + quiet_to) at time zone timezone
        when quiet_from > quiet_to and local::time < quiet_to
          then (local::date + quiet_to) at time zone timezone
      end as "quietUntil"
    from by_their_clock`;
}

function preferences(
  waysOf: (type: EventType) => AlertPreferences["types"][EventType],
  quietHours: AlertPreferences["quietHours"],
): AlertPreferences {
  const types = Object.fromEntries(EVENT_TYPES.map((type) => [type, waysOf(type)])) as AlertPreferences["types"];
  return { types, quietHours };
}

function refuseUnknownZone(error: unknown): never {
  if ((error as { code?: unknown }).code !== "22023") throw error;
  throw invalid("/quietHours/timezone", "must be a known zone");
}
