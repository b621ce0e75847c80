/** The events table: what has happened to parties, written with the change itself, so that neither is ever without the other. */
import type { EventFacts, EventType, PENALTIES_CHANGED } from "../contract/events.ts";
import { newId } from "./ids.ts";
import type { Deps, Sql, TransactionSql } from "./ports.ts";
import { afterCommit } from "./transaction.ts";

/** What happened. `actorId` caused it, `null` when nobody did; the rest is what events of the type tell. */
export type NewEvent<Type extends EventType = EventType> = {
  [Each in Type]: { type: Each; partyId: string; actorId: string | null } & EventFacts<Each>;
}[Type];

/** What nobody is told of. */
interface UntoldEvent {
  type: typeof PENALTIES_CHANGED;
  partyId: string;
  actorId: null;
  userId: string;
}

/**
 * Writes an event in the transaction of its change, worded from the party as that transaction sees it, and wakes the
 * outbox after the commit. The party must exist.
 */
export async function recordEvent(
  { clock, relay, log }: Pick<Deps, "clock" | "relay" | "log">,
  tx: TransactionSql,
  { type, partyId, actorId, ...facts }: NewEvent | UntoldEvent,
): Promise<void> {
  const now = clock.now();
  const { count } = await tx`
    insert into events (party_id, id, type, region_code, payload, created_at, publish_after)
    select p.id, ${newId({ clock })}, ${type}, m.region_code,
      jsonb_build_object(
        'v', 1,
        'partyTitle', p.title,
        'itemId', i.id,
        'itemName', i.name,
        'marketId', m.id,
        'marketName', m.name,
        'startsAt', to_char(p.starts_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'actorId', ${actorId}::uuid) || ${tx.json(facts)},
      ${now}, ${now}
    from parties p
    join markets m on m.id = p.market_id
    join items i on i.id = p.item_id
    where p.id = ${partyId}`;
  if (count !== 1) throw new Error(`no party ${partyId} to record ${type} of`);
  afterCommit(tx, () => {
    relay.publish("outbox", type).catch((error) =>
      log.debug("outbox not woken: its poll will see the event", { error })
    );
  });
}

/** Notes that what these events ask for is done: they are not published again. */
export async function retireEvents(
  sql: Sql | TransactionSql,
  events: { partyId: string; eventId: string }[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  await sql`
    update events e
    set retired_at = ${now}
    from unnest(${events.map((each) => each.partyId)}::uuid[], ${events.map((each) => each.eventId)}::uuid[])
      as done (party_id, id)
    where e.party_id = done.party_id and e.id = done.id`;
}
