/** Texts on their way into the log: those that wait, of whatever rooms, share the next transaction. */
import type { Entry } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { type Appended, appendTexts, type NewText } from "./chat_append.ts";
import { openGathering } from "./gathering.ts";
import type { Deps } from "./ports.ts";

/** Takes texts from every socket and request of this node. */
export interface ChatWriter {
  /**
   * Resolves after the commit. Throws what {@link appendTexts} tells of this text, or `unavailable` when too many wait;
   * when the database fails nothing is known, and sending the same text with the same clientMsgId again settles it.
   */
  append(text: NewText): Promise<Appended>;
  /** Resolves once nothing is under way any more. */
  settled(): Promise<void>;
}

/** Transactions at once. A room is in one of them at most: one that is locked elsewhere holds up its own, not the others. */
const BATCHES = { batches: 3, gatherMs: 10 };
/** Texts in one transaction. */
const BATCH_TEXTS_MAX = 100;
/** Texts of one room that may wait. */
const WAITING_MAX = 1_000;

interface Waiting extends NewText {
  done: PromiseWithResolvers<Appended>;
}

/** Opens the writer. `onCommitted` is told of a room's new entries in the order of their seq, before the senders are. */
export function openWriter(
  deps: Pick<Deps, "sql" | "clock" | "metrics">,
  onCommitted: (partyId: string, entries: Entry[]) => void,
): ChatWriter {
  /** By room, in the order of arrival; rooms in the order in which they are served next. */
  const waiting = new Map<string, Waiting[]>();
  const busy = new Set<string>();
  const batches = openGathering(BATCHES, takeBatch, write);

  function takeBatch(): Waiting[] {
    const taken: Waiting[] = [];
    for (const [partyId, texts] of waiting) {
      if (busy.has(partyId)) continue;
      taken.push(...texts.splice(0, BATCH_TEXTS_MAX - taken.length));
      busy.add(partyId);
      // What is left goes to the end of the row.
      waiting.delete(partyId);
      if (texts.length > 0) waiting.set(partyId, texts);
      if (taken.length === BATCH_TEXTS_MAX) break;
    }
    return taken;
  }

  async function write(texts: Waiting[]): Promise<void> {
    try {
      const results = await appendTexts(deps, texts);
      const added = results.flatMap((result) => result instanceof Problem || !result.isNew ? [] : [result.entry]);
      deps.metrics.wrote("texts", added.length);
      for (const [partyId, entries] of Map.groupBy(added, (entry) => entry.partyId)) onCommitted(partyId, entries);
      texts.forEach(({ done }, i) => {
        const result = results[i]!;
        if (result instanceof Problem) done.reject(result);
        else done.resolve(result);
      });
    } catch (error) {
      for (const { done } of texts) done.reject(error);
    } finally {
      for (const { partyId } of texts) busy.delete(partyId);
    }
  }

  return {
    append(text) {
      const row = waiting.get(text.partyId) ?? [];
      if (row.length >= WAITING_MAX) {
        return Promise.reject(new Problem("unavailable", "Cannot send the text: too many wait before it"));
      }
      const done = Promise.withResolvers<Appended>();
      row.push({ ...text, done });
      waiting.set(text.partyId, row);
      batches.pump();
      return done.promise;
    },
    settled: batches.settled,
  };
}
