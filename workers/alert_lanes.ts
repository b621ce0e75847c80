/** Events on their way into inboxes: those that wait share the next transaction, unless one of them would spoil it. */
import type { EventMessage } from "../contract/events.ts";
import { type Telling, writeAlerts } from "../services/alert_writing.ts";
import { isStoreDown } from "../services/availability.ts";
import { openGathering } from "../services/gathering.ts";
import type { Deps } from "../services/ports.ts";
import { within } from "../services/within.ts";

/** Transactions at once: within the database pool, so that requests find a connection too. */
const LANES = { batches: 4, gatherMs: 10 };
/** Events of one transaction. */
const SHARED_MAX = 64;
/** From an event's turn to write on. Its wait for a turn does not count: a long line is no fault of the event's. */
const DEADLINE_MS = 30_000;
/** The first pause, then twice as long each time, while the database is away. */
const PAUSE_MS = 200, PAUSE_MAX_MS = 2_000;

/** Takes events of all regions. Disposed, it waits for no database that is away. */
export interface AlertLanes extends Disposable {
  /**
   * Resolves when the event is in all inboxes. It rejects when it cannot be written, or not by its deadline, up to which it
   * waits for a database that is away and for inboxes that are held. What has failed among others is tried by itself first.
   */
  write(event: EventMessage): Promise<void>;
}

interface Waiting extends Telling {
  begun: PromiseWithResolvers<void>;
  done: PromiseWithResolvers<void>;
  isOver: boolean;
  isAlone: boolean;
}

/** Opens them, with nothing under way. */
export function openAlertLanes(
  deps: Pick<Deps, "sql" | "relay" | "clock" | "log" | "metrics">,
  { deadlineMs = DEADLINE_MS }: { deadlineMs?: number } = {},
): AlertLanes {
  const queue: Waiting[] = [];
  /** One that comes again while it is being written is written once. */
  const outcomes = new Map<string, Promise<void>>();
  const stopped = Promise.withResolvers<void>();
  const lanes = openGathering(LANES, takeTurn, write);
  let failures = 0, isStopping = false;

  function takeTurn(): Waiting[] {
    const turn: Waiting[] = [];
    while (queue.length > 0 && turn.length < SHARED_MAX && !turn[0]?.isAlone) {
      if (turn.length > 0 && queue[0]!.isAlone) break;
      const next = queue.shift()!;
      if (!next.isOver) turn.push(next);
    }
    return turn;
  }

  async function write(turn: Waiting[]): Promise<void> {
    for (const { begun } of turn) begun.resolve();
    try {
      const told = await writeAlerts(deps, turn);
      failures = 0;
      deps.metrics.wrote("alerts", told.reduce((sum, { count }) => sum + count, 0));
      for (const [i, event] of turn.entries()) {
        event.waiting = told[i]!.waiting;
        if (event.waiting.length === 0) event.done.resolve();
        else queue.push(event);
      }
    } catch (error) {
      await comeAgain(turn, error);
    }
  }

  async function comeAgain(turn: Waiting[], error: unknown): Promise<void> {
    if (isStoreDown(error) && !isStopping) {
      await pause(Math.min(PAUSE_MS * 2 ** failures++, PAUSE_MAX_MS));
      queue.unshift(...turn);
    } else if (turn.length > 1) {
      deps.log.debug("events are written one by one", { count: turn.length, error });
      for (const event of turn) event.isAlone = true;
      queue.unshift(...turn);
    } else if (isHeld(error) && !isStopping) {
      // Somebody holds an inbox of it: the lane is free for others meanwhile.
      pause(PAUSE_MS).then(() => {
        queue.push(...turn);
        lanes.pump();
      });
    } else {
      turn[0]!.done.reject(error);
    }
  }

  async function pause(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms * (1 + Math.random()));
    await Promise.race([over.promise, stopped.promise]);
    clearTimeout(timer);
  }

  async function follow({ begun, done }: Waiting): Promise<void> {
    await begun.promise;
    await within(deadlineMs, "writing the alerts of an event", done.promise);
  }

  return {
    write({ partyId, eventId }) {
      const current = outcomes.get(eventId);
      if (current) return current;
      const event: Waiting = {
        ...{ partyId, eventId, isOver: false, isAlone: false },
        ...{ begun: Promise.withResolvers<void>(), done: Promise.withResolvers<void>() },
      };
      const outcome = follow(event).finally(() => {
        event.isOver = true;
        outcomes.delete(eventId);
      });
      outcomes.set(eventId, outcome);
      queue.push(event);
      lanes.pump();
      return outcome;
    },
    [Symbol.dispose]() {
      isStopping = true;
      stopped.resolve();
    },
  };
}

/** What a wait for a lock ends with. */
function isHeld(error: unknown): boolean {
  return (error as { code?: unknown }).code === "55P03";
}
