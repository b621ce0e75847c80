/**
 * What waits to be pushed: a row for each alert and browser, written with the alert. A browser's rows go out in the order of
 * the alerts, under a lease of the browser's own row; many browsers side by side, on any number of workers.
 */
import type { EventPayload, EventType } from "../contract/events.ts";
import { whoMayBePushed } from "./alert_preferences.ts";
import { type AlertRow, selectAlerts } from "./alert_rows.ts";
import { distinct } from "./distinct.ts";
import type { Deps, PushTarget, TransactionSql } from "./ports.ts";
import { PUSH_LEASE_MS } from "./push_quiet.ts";
import { pushedUntil } from "./push_terms.ts";

/** The relay channel on which those who push are told that something waits. */
export const PUSHES_CHANNEL = "pushes";

/** An alert that has just been numbered, and what it tells of. */
export interface NewAlert {
  userId: string;
  seq: number;
  event: { type: EventType; payload: EventPayload };
}

/** Somebody's turn to push the first that waits for a browser, until the lease is over. */
export interface PushTurn extends PushTarget {
  userId: string;
  subscriptionId: string;
  host: string;
  /** Tries of this push that have failed. */
  attempts: number;
  leaseUntil: Date;
  /** Everything up to this has been queued. */
  queuedSeq: number;
  /** `null` when nothing is left of what waited. */
  first: FirstPush | null;
}

/** The first that waits for a browser. */
export interface FirstPush {
  seq: number;
  expiresAt: Date;
  alert: AlertRow;
  /** Whether its person wants alerts of this type pushed. */
  isWanted: boolean;
  /** Their quiet hours: not now, but then. */
  quietUntil: Date | null;
}

/**
 * Queues alerts that this transaction has written, of each person one, for all browsers of theirs whose session lives. Returns
 * how many pushes that makes.
 */
export async function enqueuePushes(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  alerts: NewAlert[],
): Promise<number> {
  const now = clock.now();
  const { values: events, places } = distinct(alerts.map(({ event }) => event));
  const until = events.map(({ type, payload }) => pushedUntil(type, payload, now));
  if (until.every((time) => time <= now)) return 0;
  const { count } = await tx`
    with told as (
      select user_id, seq, (${until.map((time) => time.toISOString())}::timestamptz[])[event] as expires_at
      from unnest(${alerts.map((each) => each.userId)}::uuid[], ${alerts.map((each) => each.seq)}::int[],
        ${places}::int[]) as told (user_id, seq, event)
    ), browsers as (
      -- In one order, so that nobody else who locks several waits for us while we wait for them.
      select b.user_id, b.id, told.seq, told.expires_at
      from push_subscriptions b
      join told using (user_id)
      join sessions s on s.id = b.session_id
      where told.expires_at > ${now}
        and s.ended_at is null
        and s.expires_at > ${now}
        and (b.expires_at is null or b.expires_at > ${now})
      order by b.user_id, b.id
      for no key update of b
    ), queued as (
      update push_subscriptions b
      set queued_seq = browsers.seq, due_at = coalesce(b.due_at, ${now})
      from browsers
      where b.user_id = browsers.user_id and b.id = browsers.id
      returning b.user_id, b.id, browsers.seq, browsers.expires_at
    )
    insert into pushes (user_id, subscription_id, seq, expires_at)
    select *
    from queued`;
  return count;
}

/** A hint: whoever pushes looks by themself, too. */
export function wakePushers({ relay, log }: Pick<Deps, "relay" | "log">): void {
  relay.publish(PUSHES_CHANNEL, "").catch((error) => log.debug("pushers not woken: they look anyway", { error }));
}

/** Takes browsers that are due on a lease, but for those of `fullHosts`. What another is taking is passed over. */
export async function claimTurns(
  deps: Pick<Deps, "sql" | "clock">,
  limit: number,
  fullHosts: string[],
): Promise<PushTurn[]> {
  const now = deps.clock.now(), leaseUntil = new Date(now.getTime() + PUSH_LEASE_MS);
  const claimed = await deps.sql<Omit<PushTurn, "first" | "leaseUntil">[]>`
    with due as (
      select user_id, id
      from push_subscriptions
      where due_at <= ${now} and host <> all(${fullHosts}::text[])
      order by due_at
      limit ${limit}
      for no key update skip locked
    )
    update push_subscriptions b
    set due_at = ${leaseUntil}
    from due
    where b.user_id = due.user_id and b.id = due.id
    returning b.user_id as "userId", b.id as "subscriptionId", b.endpoint, b.host, b.p256dh, b.auth, b.attempts,
      b.queued_seq as "queuedSeq"`;
  if (claimed.length === 0) return [];
  const turns = claimed.map((each): PushTurn => ({ ...each, leaseUntil, first: null }));
  try {
    const firsts = await readFirsts(deps, turns, now);
    return turns.map((turn, i) => ({ ...turn, first: firsts[i]! }));
  } catch (error) {
    await giveBack(deps, turns);
    throw error;
  }
}

/** Nobody waits for the leases of turns that could not be read. Apart by chance, so that one of them spoils no other's. */
async function giveBack({ sql, clock }: Pick<Deps, "sql" | "clock">, turns: PushTurn[]): Promise<void> {
  await sql`
    update push_subscriptions b
    set due_at = ${clock.now()}::timestamptz + (1 + random() * 4) * interval '1 second'
    from unnest(${turns.map((each) => each.userId)}::uuid[], ${turns.map((each) => each.subscriptionId)}::uuid[])
      as turn (user_id, id)
    where b.user_id = turn.user_id and b.id = turn.id and b.due_at = ${turns[0]!.leaseUntil}`;
}

/** After the claim, in a statement of its own: so it sees everything that `queuedSeq` counts. */
async function readFirsts(
  { sql }: Pick<Deps, "sql">,
  turns: PushTurn[],
  now: Date,
): Promise<(FirstPush | null)[]> {
  const rows = await sql<(AlertRow & { place: number; expiresAt: Date })[]>`
    select place.n::int as place, waiting.expires_at as "expiresAt", alert.*
    from unnest(${turns.map((each) => each.userId)}::uuid[], ${turns.map((each) => each.subscriptionId)}::uuid[])
      with ordinality as place (user_id, subscription_id, n)
    cross join lateral (
      select seq, expires_at
      from pushes
      where user_id = place.user_id and subscription_id = place.subscription_id
      order by seq
      limit 1) as waiting
    cross join lateral (
      ${selectAlerts(sql)}
      where a.user_id = place.user_id and a.seq = waiting.seq) as alert`;
  const answers = await whoMayBePushed({ sql }, rows, now);
  const answerOf = new Map(answers.map((answer) => [`${answer.userId} ${answer.type}`, answer]));
  const byPlace = new Map(rows.map(({ place, expiresAt, ...alert }) => {
    const answer = answerOf.get(`${alert.userId} ${alert.type}`);
    const may = { isWanted: answer !== undefined, quietUntil: answer?.quietUntil ?? null };
    return [place, { seq: alert.seq, expiresAt, alert, ...may }];
  }));
  return turns.map((_, i) => byPlace.get(i + 1) ?? null);
}

/** The push is done with, sent or not: its row goes, and the browser is due for the next one, if there is one. */
export async function finishTurn(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  { userId, subscriptionId, leaseUntil, queuedSeq, first }: PushTurn,
): Promise<void> {
  const seq = first?.seq ?? queuedSeq;
  await sql`
    with done as (
      delete from pushes
      where user_id = ${userId} and subscription_id = ${subscriptionId} and seq = ${seq}
    )
    -- Whether more waits is told by the row itself: a queue looked at would be that of before an alert written meanwhile.
    update push_subscriptions
    set due_at = case when queued_seq > ${seq} then ${clock.now()}::timestamptz end, attempts = 0
    where user_id = ${userId} and id = ${subscriptionId} and due_at = ${leaseUntil}`;
}

/** The push, and what is behind it, waits until `dueAt`. */
export async function postponeTurn(
  { sql }: Pick<Deps, "sql">,
  { userId, subscriptionId, leaseUntil }: PushTurn,
  { dueAt, attempts }: { dueAt: Date; attempts: number },
): Promise<void> {
  await sql`
    update push_subscriptions
    set due_at = ${dueAt}, attempts = ${attempts}
    where user_id = ${userId} and id = ${subscriptionId} and due_at = ${leaseUntil}`;
}

/** The browser is gone, and all that waited for it. */
export async function forgetBrowser(
  { sql }: Pick<Deps, "sql">,
  { userId, subscriptionId, leaseUntil }: PushTurn,
): Promise<void> {
  await sql`
    delete from push_subscriptions
    where user_id = ${userId} and id = ${subscriptionId} and due_at = ${leaseUntil}`;
}
