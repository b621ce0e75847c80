/** A person's inbox: reading it, marking what was read, throwing away. Nobody else's is ever touched. */
import { z } from "zod";
import type { Alert, AlertList, AlertQuery } from "../contract/alerts.ts";
import { Problem } from "../contract/problems.ts";
import { type AlertRow, selectAlerts, toAlert } from "./alert_rows.ts";
import { cutPage, readCursor } from "./cursor.ts";
import type { Deps } from "./ports.ts";

/** Where a person's inbox stands. `lastSeq` is 0 before the first alert. */
export interface InboxState {
  lastSeq: number;
  unreadCount: number;
}

/** How far the person's numbers have got, and how many alerts are unread: both of one moment. */
export async function readInboxState({ sql }: Pick<Deps, "sql">, userId: string): Promise<InboxState> {
  const [state] = await sql<InboxState[]>`
    select
      coalesce((select last_seq from alert_heads where user_id = ${userId}), 0) as "lastSeq",
      (select count(*)::int from alerts where user_id = ${userId} and read_at is null and deleted_at is null)
        as "unreadCount"`;
  return state!;
}

/** A page of the inbox, newest first, of everything or of the unread. A stream opened with its `lastSeq` goes on exactly where it ends. */
export async function listAlerts(
  { sql }: Pick<Deps, "sql">,
  userId: string,
  { unread, limit, cursor }: AlertQuery,
): Promise<AlertList> {
  const state = await readInboxState({ sql }, userId);
  // What arrived after the state was read belongs to the stream: the page stays below `lastSeq`.
  const before = readCursor(z.int32().min(1), cursor);
  const upTo = before === undefined ? state.lastSeq : before - 1;
  const rows = await sql<AlertRow[]>`
    ${selectAlerts(sql)}
    where a.user_id = ${userId}
      and a.seq <= ${upTo}
      and a.deleted_at is null
      ${unread === "true" ? sql`and a.read_at is null` : sql``}
    order by a.seq desc
    limit ${limit + 1}`;
  const { items, nextCursor } = cutPage(rows, limit, (row) => row.seq);
  return { items: items.map(toAlert), nextCursor, ...state };
}

/** Marks an alert as read, and answers it. Reading it again changes nothing. Throws `not-found`. */
export async function markRead(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  userId: string,
  alertId: string,
): Promise<Alert> {
  await sql`
    update alerts
    set read_at = ${clock.now()}
    where user_id = ${userId} and event_id = ${alertId} and read_at is null and deleted_at is null`;
  const [row] = await sql<AlertRow[]>`
    ${selectAlerts(sql)}
    where a.user_id = ${userId} and a.event_id = ${alertId} and a.deleted_at is null`;
  if (!row) throw noSuchAlert("read");
  return toAlert(row);
}

/** Marks everything as read. */
export async function markAllRead({ sql, clock }: Pick<Deps, "sql" | "clock">, userId: string): Promise<void> {
  await sql`
    update alerts
    set read_at = ${clock.now()}
    where user_id = ${userId} and read_at is null and deleted_at is null`;
}

/** Throws an alert away. Its number stays taken, so that a stream's place in the inbox stays true. Throws `not-found`. */
export async function deleteAlert(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  userId: string,
  alertId: string,
): Promise<void> {
  const { count } = await sql`
    update alerts
    set deleted_at = ${clock.now()}
    where user_id = ${userId} and event_id = ${alertId} and deleted_at is null`;
  if (count === 0) throw noSuchAlert("delete");
}

function noSuchAlert(action: string): Problem {
  return new Problem("not-found", `Cannot ${action} the alert: no such id`);
}
