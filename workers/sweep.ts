/** Clears away what is long done, a little at a time, so that the tables that churn stay small. */
import type { Deps } from "../services/ports.ts";
import { eraseSettledAccounts } from "../services/settlement_accounts.ts";
import { startLoop } from "./loop.ts";

const EVERY_MS = 10 * 60_000;
/** Rows of one statement, and statements of one table and round: a sweep never holds anything up for long. */
const CHUNK = 1_000;
const CHUNKS_MAX = 50;

const HOUR_MS = 3600_000;
/** Retired events are kept for a week to look at. */
const EVENT_MS = 7 * 24 * HOUR_MS;
/** The first answer to an Idempotency-Key is replayed for a day. */
const IDEMPOTENCY_MS = 24 * HOUR_MS;
/** Sessions whose time is over are kept for a day: clocks may differ. */
const SESSION_MS = 24 * HOUR_MS;
/** Pushes that nobody could deliver, where nothing is pushed any more: else they are dropped in their turn. */
const PUSH_MS = HOUR_MS;
/** Alerts that were read or thrown away are kept for three months, the others for a year. */
const SEEN_ALERT_MS = 90 * 24 * HOUR_MS;
const ALERT_MS = 365 * 24 * HOUR_MS;

/** Sweeps each ten minutes. Any number may run side by side. */
export function startSweep(deps: Pick<Deps, "sql" | "clock" | "log">): AsyncDisposable {
  return startLoop(deps, { name: "sweep", everyMs: EVERY_MS, step: (signal) => sweep(deps, signal) });
}

/**
 * Deletes events retired a week ago, answers to Idempotency-Keys over a day old, sessions and pushes that are over, and
 * alerts: those read or thrown away after 90 days, all after a year. A person's numbers go on where they were. Erases where
 * to pay to of settlements paid a week ago.
 */
export async function sweep(deps: Pick<Deps, "sql" | "clock">, signal: AbortSignal): Promise<void> {
  const { sql, clock } = deps;
  const before = (ms: number) => new Date(clock.now().getTime() - ms);
  // As long as an event may be handled again, who has been told of it must be known.
  const isToldOf = sql`not exists (
    select from events e where e.party_id = alerts.party_id and e.id = alerts.event_id and e.retired_at is null)`;
  const over = [
    { table: "events", age: "retired_at", ms: EVENT_MS },
    { table: "idempotency_keys", age: "created_at", ms: IDEMPOTENCY_MS },
    { table: "sessions", age: "expires_at", ms: SESSION_MS },
    { table: "pushes", age: "expires_at", ms: PUSH_MS },
    {
      table: "alerts",
      age: "created_at",
      ms: SEEN_ALERT_MS,
      and: sql`and (read_at is not null or deleted_at is not null) and ${isToldOf}`,
    },
    {
      table: "alerts",
      age: "created_at",
      ms: ALERT_MS,
      and: sql`and read_at is null and deleted_at is null and ${isToldOf}`,
    },
  ];
  for (const { table, age, ms, and = sql`` } of over) {
    await inChunks(signal, () =>
      sql`
        delete from ${sql(table)}
        where ctid = any(array(
          select ctid
          from ${sql(table)}
          where ${sql(age)} < ${before(ms)} ${and}
          -- Also says to the planner that the index is the way, whatever it thinks of how many are over.
          order by ${sql(age)}
          limit ${CHUNK}
          for update skip locked))`);
  }
  await inChunks(signal, () => eraseSettledAccounts(deps, CHUNK));
}

async function inChunks(signal: AbortSignal, clearSome: () => PromiseLike<{ count: number }>): Promise<void> {
  for (let n = 0; n < CHUNKS_MAX && !signal.aborted; n++) {
    if ((await clearSome()).count < CHUNK) return;
  }
}
