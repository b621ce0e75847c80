/** From events to people's inboxes. Told of the same event any number of times, it writes each person's alert once. */
import type { WrittenAlerts } from "../contract/alerts.ts";
import { EVENTS, EventType } from "../contract/events.ts";
import type { Locale } from "../contract/identity.ts";
import { distinct } from "./distinct.ts";
import { publishNews } from "./alert_news.ts";
import { type AlertText, pageOf, wordAlert } from "./alert_texts.ts";
import { retireEvents } from "./events.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { WITHDRAWN_NICKNAME } from "./profiles.ts";
import { enqueuePushes, wakePushers } from "./push_queue.ts";
import { type Recipient, recipientsOf, type StoredEvent } from "./recipients.ts";
import { afterCommit, inTransaction, sqlOf } from "./transaction.ts";

/** Recipients of one transaction: an event with very many keeps nobody's inbox locked for long. */
const CHUNK = 1_000;
/** Nobody waits longer for an inbox or an event that somebody else holds: there are others to be written. */
const LOCK_MS = 500;

type WritingDeps = Pick<Deps, "sql" | "relay" | "clock" | "log">;

/** An event on its way into inboxes. */
export interface Telling {
  partyId: string;
  eventId: string;
  /** Who is left; `undefined` as long as nobody has asked. */
  waiting?: Recipient[];
}

/** What has become of an event in one transaction. */
export interface Told {
  /** Alerts written. */
  count: number;
  /** Who is left. With nobody left the event is retired, or was so before, or is gone. */
  waiting: Recipient[];
}

/**
 * Writes one alert for everyone whom the events concern and who wants their type, with the person's next `seq`, and a push
 * for each browser of theirs; whose last alert is written is retired. One transaction for all of them, and for a thousand
 * alerts: of the events with the fewest recipients first, so that one with very many holds up no other. Then tells the
 * nodes, for their streams, and those who push. Answers in the order of the events. Begun again after any interruption, or
 * run twice at once, it writes what is missing. Fails with `55P03` when an inbox or an event is held elsewhere for long.
 */
export async function writeAlerts(deps: WritingDeps, tellings: Telling[]): Promise<Told[]> {
  return await inTransaction(deps.sql, async (tx) => {
    tx`select set_config('lock_timeout', ${String(LOCK_MS)}, true)`.execute();
    const now = deps.clock.now();
    const turn = takeTurn(await readWaiting(tx, tellings));
    const alerts = await numberAlerts(tx, turn);
    // In this order: a push refers to its alert.
    const [, pushes] = await Promise.all([
      insertAlerts(tx, alerts, now),
      enqueueAll(deps, tx, alerts),
      retireEvents(tx, turn.filter(({ rest }) => rest.length === 0).map(({ event }) => event), now),
    ]);
    const byEvent = Map.groupBy(alerts, ({ event }) => event);
    const told = new Map(turn.map(({ event, rest }) => {
      return [event.eventId, { count: byEvent.get(event)?.length ?? 0, waiting: rest }];
    }));
    afterCommit(tx, () => {
      if (pushes > 0) wakePushers(deps);
      publishNews(deps, [...byEvent].map(([event, alerts]) => newsOf(event, alerts, now)));
    });
    return tellings.map(({ eventId }) => told.get(eventId) ?? { count: 0, waiting: [] });
  });
}

async function readWaiting(
  tx: TransactionSql,
  tellings: Telling[],
): Promise<{ event: LockedEvent; waiting: Recipient[] }[]> {
  const events = await lockEvents(tx, tellings);
  const left = new Map(tellings.map(({ eventId, waiting }) => [eventId, waiting]));
  const unread = events.filter(({ eventId }) => !left.get(eventId));
  const read = await recipientsOf({ sql: sqlOf(tx) }, unread);
  for (const [i, { eventId }] of unread.entries()) left.set(eventId, read[i]);
  return events.map((event) => ({ event, waiting: left.get(event.eventId)! }));
}

/** In the order of events. */
function newsOf(
  { eventId, type, partyId, payload, actorName }: LockedEvent,
  alerts: NewAlert[],
  createdAt: Date,
): WrittenAlerts {
  const locales = new Set(alerts.map(({ locale }) => locale));
  const texts = Object.fromEntries(
    [...locales].map((locale): [Locale, AlertText] => [locale, wordAlert(locale, type, { ...payload, actorName })]),
  );
  const to = alerts.map(({ userId, seq, locale, streamed }) => ({ userId, seq, locale, streamed }));
  return { id: eventId, type, partyId, url: pageOf(type, partyId), createdAt: createdAt.toISOString(), texts, to };
}

interface LockedEvent extends StoredEvent {
  actorName: string;
}

/** Only who holds these locks inserts alerts of the events, so that the next statement sees all there are. */
async function lockEvents(tx: TransactionSql, tellings: Telling[]): Promise<LockedEvent[]> {
  const rows = await tx<{ partyId: string; eventId: string; type: string; payload: unknown; actorName: string }[]>`
    select e.party_id as "partyId", e.id as "eventId", e.type, e.payload,
      coalesce((select nickname from users where id = (e.payload ->> 'actorId')::uuid), ${WITHDRAWN_NICKNAME}) as "actorName"
    from events e
    join unnest(${tellings.map((each) => each.partyId)}::uuid[], ${tellings.map((each) => each.eventId)}::uuid[])
      as told (party_id, id) on told.party_id = e.party_id and told.id = e.id
    where e.retired_at is null
    order by e.party_id, e.id
    for update of e`;
  return rows.map((row) => {
    const type = EventType.parse(row.type);
    return { ...row, type, payload: EVENTS[type].payload.parse(row.payload) };
  });
}

/** An event's share of a transaction. */
interface Part {
  event: LockedEvent;
  recipients: Recipient[];
  /** Recipients of later ones. */
  rest: Recipient[];
}

function takeTurn(events: { event: LockedEvent; waiting: Recipient[] }[]): Part[] {
  let room = CHUNK;
  return events.toSorted((a, b) => a.waiting.length - b.waiting.length).map(({ event, waiting }) => {
    const recipients = waiting.slice(0, room);
    room -= recipients.length;
    return { event, recipients, rest: waiting.slice(recipients.length) };
  });
}

/** An alert with its number. */
interface NewAlert extends Recipient {
  event: LockedEvent;
  seq: number;
  streamed: boolean;
}

/**
 * Numbers the alerts that are missing, a person's own in the order of the events. It takes the numbers from the counters, which
 * stay locked until the commit: numbers become visible in order, and none is lost.
 */
async function numberAlerts(tx: TransactionSql, turn: Part[]): Promise<NewAlert[]> {
  const rows = turn.flatMap(({ event, recipients }) => recipients.map((each) => ({ ...each, event })));
  if (rows.length === 0) return [];
  const { values: events, places } = distinct(rows.map(({ event }) => event));
  // Heads first, then the last of the missing: they are put together here, for PostgreSQL cannot tell how many there are, and
  // would compare each with each.
  const found = await tx<({ place: number; streamed: boolean } | { place: null; userId: string; lastSeq: number })[]>`
    with missing as (
      select r.place::int - 1 as place, r.user_id, coalesce(type <> all(p.stream_off), true) as streamed
      from unnest(${rows.map((each) => each.userId)}::uuid[], ${places}::int[])
        with ordinality as r (user_id, event, place)
      cross join lateral (select (${events.map(({ type }) => type)}::text[])[r.event]) as e (type)
      left join alert_preferences p on p.user_id = r.user_id
      where not exists (
          select from alerts a
          where a.user_id = r.user_id and a.event_id = (${events.map(({ eventId }) => eventId)}::uuid[])[r.event])
        -- Who wants it in no way gets none, and no number.
        and coalesce(type <> all(p.stream_off) or type <> all(p.push_off), true)
    ), heads as (
      insert into alert_heads as h (user_id, last_seq)
      -- In the order of ids, so that two transactions never wait for each other.
      select user_id, count(*)
      from missing
      group by user_id
      order by user_id
      on conflict (user_id) do update
      set last_seq = h.last_seq + excluded.last_seq
      returning user_id, last_seq
    )
    select place, streamed, null as "userId", null as "lastSeq"
    from missing
    union all
    select null, null, user_id, last_seq
    from heads
    order by place desc nulls first`;
  const next = new Map<string, number>(), alerts: NewAlert[] = [];
  for (const each of found) {
    if (each.place === null) next.set(each.userId, each.lastSeq);
    else {
      const row = rows[each.place]!, seq = next.get(row.userId)!;
      next.set(row.userId, seq - 1);
      alerts.push({ ...row, seq, streamed: each.streamed });
    }
  }
  return alerts.reverse();
}

async function insertAlerts(tx: TransactionSql, alerts: NewAlert[], now: Date): Promise<void> {
  if (alerts.length === 0) return;
  const { values: events, places } = distinct(alerts.map(({ event }) => event));
  await tx`
    insert into alerts (user_id, seq, id, event_id, type, party_id, payload, streamed, created_at)
    select a.user_id, a.seq, e.id, e.id, e.type, e.party_id, e.payload, a.streamed = 1, ${now}
    from unnest(${alerts.map((each) => each.userId)}::uuid[], ${alerts.map((each) => each.seq)}::int[],
      ${alerts.map(({ streamed }) => Number(streamed))}::int[], ${places}::int[]) as a (user_id, seq, streamed, event)
    join events e on e.party_id = (${events.map(({ partyId }) => partyId)}::uuid[])[a.event]
      and e.id = (${events.map(({ eventId }) => eventId)}::uuid[])[a.event]`;
}

/** One statement takes one alert of each person: those who get several get them in as many. */
async function enqueueAll(deps: Pick<Deps, "clock">, tx: TransactionSql, alerts: NewAlert[]): Promise<number> {
  const rounds: NewAlert[][] = [], countOf = new Map<string, number>();
  for (const alert of alerts) {
    const round = countOf.get(alert.userId) ?? 0;
    countOf.set(alert.userId, round + 1);
    (rounds[round] ??= []).push(alert);
  }
  const counts = await Promise.all(rounds.map((round) => enqueuePushes(deps, tx, round)));
  return counts.reduce((sum, count) => sum + count, 0);
}
