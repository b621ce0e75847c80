/** Texts on their way into the log: one queue a room, whose waiting texts share the next transaction. */
import type { Entry } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { type Appended, appendTexts, type NewText } from "./chat_append.ts";
import type { Deps } from "./ports.ts";

/** Takes texts from every socket and request of this node. */
export interface ChatWriter {
  /**
   * Resolves after the commit. Throws what {@link appendTexts} tells of this text, or `unavailable` when too many wait;
   * when the database fails nothing is known, and sending the same text with the same clientMsgId again settles it.
   */
  append(partyId: string, text: NewText): Promise<Appended>;
  /** Resolves once nothing is under way any more. */
  settled(): Promise<void>;
}

/** Texts in one transaction. */
const BATCH_MAX = 64;
/** Texts of one room that may wait for theirs. */
const WAITING_MAX = 1_000;

interface Waiting extends NewText {
  done: PromiseWithResolvers<Appended>;
}

/** Opens the writer. `onCommitted` is told of new entries in the order of their seq, before the senders are. */
export function openWriter(
  deps: Pick<Deps, "sql" | "clock">,
  onCommitted: (partyId: string, entries: Entry[]) => void,
): ChatWriter {
  const queues = new Map<string, Waiting[]>();
  const underWay = new Set<Promise<void>>();

  async function writeAll(partyId: string, queue: Waiting[]): Promise<void> {
    while (queue.length > 0) await writeTogether(partyId, queue.splice(0, BATCH_MAX));
    queues.delete(partyId);
  }

  async function writeTogether(partyId: string, texts: Waiting[]): Promise<void> {
    try {
      const results = await appendTexts(deps, partyId, texts);
      const added = results.flatMap((result) => result instanceof Problem || !result.isNew ? [] : [result.entry]);
      if (added.length > 0) onCommitted(partyId, added);
      texts.forEach(({ done }, i) => {
        const result = results[i]!;
        if (result instanceof Problem) done.reject(result);
        else done.resolve(result);
      });
    } catch (error) {
      for (const { done } of texts) done.reject(error);
    }
  }

  return {
    append(partyId, text) {
      const waiting = { ...text, done: Promise.withResolvers<Appended>() };
      const queue = queues.get(partyId);
      if (queue && queue.length >= WAITING_MAX) {
        return Promise.reject(new Problem("unavailable", "Cannot send the text: too many wait before it"));
      }
      if (queue) {
        queue.push(waiting);
      } else {
        const started = [waiting];
        queues.set(partyId, started);
        const written = writeAll(partyId, started);
        underWay.add(written);
        written.finally(() => underWay.delete(written));
      }
      return waiting.done.promise;
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
