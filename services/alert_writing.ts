/** From an event to people's inboxes. Told of the same event any number of times, it writes each person's alert once. */
import { EVENTS, EventType } from "../contract/events.ts";
import { retireEvent } from "./events.ts";
import { newId } from "./ids.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { enqueuePushes, type NewAlert, wakePushers } from "./push_queue.ts";
import { recipientsOf, type StoredEvent } from "./recipients.ts";
import { afterCommit, inTransaction, sqlOf } from "./transaction.ts";

/** Recipients of one transaction: an event with very many keeps nobody's inbox locked for long. */
const CHUNK = 1_000;
/** Wake-ups on their way at once. */
const WAKES_AT_ONCE = 256;

type WritingDeps = Pick<Deps, "sql" | "relay" | "clock" | "log">;

/**
 * Writes one alert for everyone whom the event concerns and who wants its type, with the person's next `seq`, and a push
 * for each browser of theirs; the last of them retires the event. Then wakes their streams, and those who push. Returns how
 * many it wrote: none for an event that is retired or gone. Begun again after any interruption, or run twice at once, it
 * writes what is missing. Aborted, it ends between two chunks.
 */
export async function writeAlerts(
  deps: WritingDeps,
  message: { partyId: string; eventId: string },
  signal?: AbortSignal,
): Promise<number> {
  let written = 0, rest: string[] | undefined;
  do {
    signal?.throwIfAborted();
    const chunk = await inTransaction(deps.sql, (tx) => writeChunk(deps, tx, message, rest));
    if (!chunk) break;
    written += chunk.written;
    rest = chunk.rest;
  } while (rest.length > 0);
  return written;
}

/**
 * Writes the next thousand, of everyone when `waiting` is not known yet, and tells who is left; with nobody left the event is
 * retired. `null` for an event that is retired or gone. As few trips to the database as can be: most events have one chunk.
 */
async function writeChunk(
  deps: WritingDeps,
  tx: TransactionSql,
  message: { partyId: string; eventId: string },
  waiting?: string[],
): Promise<{ written: number; rest: string[] } | null> {
  const event = await lockEvent(tx, message);
  if (!event) return null;
  const recipients = waiting ?? await recipientsOf({ sql: sqlOf(tx) }, event);
  const chunk = recipients.slice(0, CHUNK), rest = recipients.slice(CHUNK);
  const [told] = await Promise.all([
    chunk.length > 0 ? insertAlerts(deps, tx, event, chunk) : [],
    rest.length === 0 && retireEvent(deps, tx, event),
  ]);
  const pushes = await enqueuePushes(deps, tx, event, told);
  afterCommit(tx, () => {
    if (pushes > 0) wakePushers(deps);
    wakeStreams(deps, told.map(({ userId }) => userId));
  });
  return { written: told.length, rest };
}

/** Only who holds this lock inserts alerts of the event, so that the next statement sees all there are. */
async function lockEvent(
  tx: TransactionSql,
  { partyId, eventId }: { partyId: string; eventId: string },
): Promise<StoredEvent | null> {
  const [row] = await tx<{ type: string; payload: unknown }[]>`
    select type, payload
    from events
    where party_id = ${partyId} and id = ${eventId} and retired_at is null
    for update`;
  if (!row) return null;
  const type = EventType.parse(row.type);
  return { partyId, eventId, type, payload: EVENTS[type].payload.parse(row.payload) };
}

async function insertAlerts(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  { partyId, eventId, type, payload }: StoredEvent,
  recipients: string[],
): Promise<NewAlert[]> {
  const ids = recipients.map(() => newId({ clock }));
  return await tx<NewAlert[]>`
    with missing as (
      select r.user_id, r.id, coalesce(${type} <> all(p.stream_off), true) as streamed
      from unnest(${recipients}::uuid[], ${ids}::uuid[]) as r (user_id, id)
      left join alert_preferences p on p.user_id = r.user_id
      where not exists (select from alerts a where a.user_id = r.user_id and a.event_id = ${eventId})
        -- Who wants it in no way gets none, and no number.
        and coalesce(${type} <> all(p.stream_off) or ${type} <> all(p.push_off), true)
    ), heads as (
      -- Takes the number and locks the counter until the commit: numbers become visible in order and none is lost. In the
      -- order of ids, so that two events never wait for each other.
      insert into alert_heads as h (user_id, last_seq)
      select user_id, 1
      from missing
      order by user_id
      on conflict (user_id) do update
      set last_seq = h.last_seq + 1
      returning user_id, last_seq
    )
    insert into alerts (user_id, seq, id, event_id, type, party_id, payload, streamed, created_at)
    select heads.user_id, heads.last_seq, missing.id, ${eventId}, ${type}, ${partyId}, ${tx.json(payload)},
      missing.streamed, ${clock.now()}
    from heads
    join missing using (user_id)
    returning user_id as "userId", seq`;
}

/** Hints only: a stream that gets none finds its alerts by its own poll. */
async function wakeStreams({ relay, log }: Pick<Deps, "relay" | "log">, userIds: string[]): Promise<void> {
  for (let start = 0; start < userIds.length; start += WAKES_AT_ONCE) {
    const wakes = userIds.slice(start, start + WAKES_AT_ONCE).map((id) => relay.publish(`alerts.${id}`, ""));
    const lost = (await Promise.allSettled(wakes)).filter((wake) => wake.status === "rejected").length;
    if (lost > 0) log.debug("streams not woken: their poll will see the alerts", { lost });
  }
}
