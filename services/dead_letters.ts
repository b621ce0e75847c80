/** Messages that were given up: told by event, put back on their queues, or thrown away. */
import { EventMessage } from "../contract/events.ts";
import type { DeadLetter, DeadLetterList, DeadLetterQuery } from "../contract/dead_letters.ts";
import { Problem } from "../contract/problems.ts";
import type { DeadLetter as Letter, Deps } from "./ports.ts";
import { allRegions } from "./region_shares.ts";

/** Letters read of one region. */
const READ_MAX = 1_000;

type LetterDeps = Pick<Deps, "sql" | "queue">;

/** The dead letters by event, those first that have been dead for longest. Throws what the broker is down with. */
export async function listDeadLetters(deps: LetterDeps, query: DeadLetterQuery): Promise<DeadLetterList> {
  const events: DeadLetter[] = [];
  for (const regionCode of query.regionCode ? [query.regionCode] : await allRegions(deps)) {
    const letters = await deps.queue.deadLetters(regionCode, READ_MAX);
    events.push(...Map.groupBy(letters, ({ id }) => id).values().map((copies) => tellOf(regionCode, copies)));
  }
  events.sort((a, b) => a.since < b.since ? -1 : a.since > b.since ? 1 : 0);
  return { items: events.slice(0, query.limit) };
}

/**
 * Puts the dead letters of these events, or all, back on the queues of their regions, each event once. A letter is gone only
 * when its queue has confirmed it: stopped at any point nothing is lost, and one that is replayed again does no harm. Returns
 * how many events are on their queues.
 */
export async function replayDeadLetters(deps: LetterDeps, eventIds?: string[]): Promise<number> {
  let replayed = 0;
  for (const regionCode of await allRegions(deps)) {
    const published = new Map<string, Promise<void>>();
    await deps.queue.takeDeadLetters(regionCode, async (letter) => {
      if (eventIds && !eventIds.includes(letter.id)) return false;
      await published.getOrInsertComputed(letter.id, () => deps.queue.publish(regionCode, letter));
      return true;
    });
    replayed += published.size;
  }
  return replayed;
}

/**
 * Throws the dead letters of these events away. The events stay due: those that nobody wrote are published again. Throws
 * `not-found` when there is none of them.
 */
export async function dropDeadLetters(deps: LetterDeps, eventIds: string[]): Promise<void> {
  let dropped = 0;
  for (const regionCode of await allRegions(deps)) {
    dropped += await deps.queue.takeDeadLetters(regionCode, ({ id }) => Promise.resolve(eventIds.includes(id)));
  }
  if (dropped === 0) throw new Problem("not-found", "Cannot drop the dead letter: no such id");
}

/** One line for all copies: an event that is not retired is published, and given up, again and again. */
function tellOf(regionCode: string, copies: Letter[]): DeadLetter {
  const byTime = copies.toSorted((a, b) => a.parkedAt.getTime() - b.parkedAt.getTime());
  const first = byTime[0]!, last = byTime.at(-1)!;
  return {
    regionCode,
    eventId: last.id,
    partyId: partyOf(last),
    type: last.type,
    reason: last.reason,
    since: first.parkedAt.toISOString(),
    times: copies.length,
  };
}

function partyOf({ body }: Letter): string | null {
  try {
    return EventMessage.parse(JSON.parse(body)).partyId;
  } catch {
    return null;
  }
}
