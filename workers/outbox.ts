/** The outbox: publishes events until the alerts worker has retired them. Any number may run side by side. */
import type { EventMessage } from "../contract/events.ts";
import type { Deps } from "../services/ports.ts";
import { startLoop } from "./loop.ts";
import { startSweep } from "./sweep.ts";

/** Events on their way to the broker at once. */
const IN_FLIGHT_MAX = 512;
/** With no more than so many left the next are taken: a claim is a commit, and a hundred cost no more than one. */
const REFILL_AT = IN_FLIGHT_MAX / 2;
/** As many are tried at a time while the broker takes none. */
const PROBES = 8;
const POLL_MS = 1_000;
const RETRY_MS = 1_000;
/** An event not retired so long after its publication is published again; each time it gets twice as long. */
const LEASE_MS = 10_000;
const LEASE_MAX_MS = 300_000;

type OutboxDeps = Pick<Deps, "sql" | "queue" | "relay" | "clock" | "log">;

interface DueEvent {
  partyId: string;
  id: string;
  type: string;
  regionCode: string;
}

/**
 * Starts publishing, and the sweep of what is long done. Whatever the broker loses comes again: an event is due until it
 * is retired. Disposing waits for what is under way.
 */
export async function startOutbox(deps: OutboxDeps): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  stack.use(startSweep(deps));
  const inFlight = new Set<Promise<void>>();
  stack.defer(async () => void await Promise.all(inFlight));
  const registry = regionRegistry(deps);
  let isTroubled = false, hasRoom = Promise.withResolvers<void>();

  async function publishDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const room = (isTroubled ? PROBES : IN_FLIGHT_MAX) - inFlight.size;
      const events = room > 0 ? await claimDue(deps, room) : [];
      for (const event of events) track(publish(event));
      // With trouble the next try waits for the poll, and so does what is not due yet.
      if (isTroubled || events.length < room) return;
      hasRoom = Promise.withResolvers();
      if (inFlight.size > REFILL_AT) await hasRoom.promise;
    }
  }
  function track(publishing: Promise<void>): void {
    const tracked = publishing.finally(() => {
      inFlight.delete(tracked);
      if (inFlight.size <= REFILL_AT) hasRoom.resolve();
    });
    inFlight.add(tracked);
  }
  async function publish(event: DueEvent): Promise<void> {
    try {
      await registry.remember(event.regionCode);
      await deps.queue.publish(event.regionCode, messageOf(event));
      if (isTroubled) loop.wake();
      isTroubled = false;
    } catch (error) {
      isTroubled = true;
      deps.log.warn("an event was not published and comes again", { eventId: event.id, type: event.type, error });
      await giveBack(deps, event).catch((error) => deps.log.debug("its lease must run out first", { error }));
    }
  }

  const loop = stack.use(startLoop(deps, { name: "outbox", everyMs: POLL_MS, step: publishDue }));
  stack.use(await deps.relay.subscribe("outbox", loop.wake));
  return stack.move();
}

function messageOf({ partyId, id, type }: DueEvent) {
  const body: EventMessage = { partyId, eventId: id };
  return { id, type, body: JSON.stringify(body) };
}

/** Takes due events on a lease. Events that another outbox is taking are passed over. */
async function claimDue({ sql, clock }: Pick<Deps, "sql" | "clock">, limit: number): Promise<DueEvent[]> {
  const now = clock.now();
  return await sql<DueEvent[]>`
    with due as (
      select party_id, id
      from events
      where retired_at is null and publish_after <= ${now}
      order by publish_after
      limit ${limit}
      for update skip locked
    )
    update events e
    -- Not all at the same moment again.
    set publish_after = ${now}::timestamptz + (1 + random() / 4)
        * least(${LEASE_MS} * 2 ^ least(publish_count, 20), ${LEASE_MAX_MS}) * interval '1 millisecond',
      publish_count = publish_count + 1
    from due
    where e.party_id = due.party_id and e.id = due.id
    returning e.party_id as "partyId", e.id, e.type, e.region_code as "regionCode"`;
}

/** Makes an event due again soon, and takes back that it was published. */
async function giveBack(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  { partyId, id }: DueEvent,
): Promise<void> {
  await sql`
    update events
    set publish_after = ${new Date(clock.now().getTime() + RETRY_MS)},
      publish_count = greatest(publish_count - 1, 0)
    where party_id = ${partyId} and id = ${id} and retired_at is null`;
}

/** Before a region's first message the workers must know of its queue, or nobody would consume it. */
function regionRegistry({ sql, relay, clock, log }: Pick<Deps, "sql" | "relay" | "clock" | "log">) {
  const known = new Set<string>();
  return {
    async remember(regionCode: string): Promise<void> {
      if (known.has(regionCode)) return;
      const { count } = await sql`
        insert into region_queues (region_code, first_used_at)
        values (${regionCode}, ${clock.now()})
        on conflict (region_code) do nothing`;
      known.add(regionCode);
      if (count === 0) return;
      relay.publish("regions", regionCode).catch((error) =>
        log.debug("workers not woken: they look anyway", { error })
      );
    },
  };
}
