/** The dead-letters command: what an operator does about messages that were given up. */
import { DeadLetterQuery } from "../contract/dead_letters.ts";
import { Problem } from "../contract/problems.ts";
import { dropDeadLetters, listDeadLetters, replayDeadLetters } from "../services/dead_letters.ts";
import type { Deps } from "../services/ports.ts";

const USAGE = "dead-letters list | replay [event id …] | drop <event id …>";

/**
 * Runs `list` (a line of JSON for each event), `replay` (these events, or all) or `drop` (these events). Returns the exit
 * code: 0 when it did what was asked for.
 */
export async function deadLettersCommand(
  deps: Pick<Deps, "sql" | "queue">,
  [what, ...eventIds]: string[],
  print: (line: string) => void,
): Promise<number> {
  if (what === "list" && eventIds.length === 0) {
    const { items } = await listDeadLetters(deps, DeadLetterQuery.parse({ limit: 1000 }));
    for (const item of items) print(JSON.stringify(item));
    return 0;
  }
  if (what === "replay") {
    const replayed = await replayDeadLetters(deps, eventIds.length > 0 ? eventIds : undefined);
    print(JSON.stringify({ replayed }));
    return eventIds.length > replayed ? 1 : 0;
  }
  if (what === "drop" && eventIds.length > 0) return await drop(deps, eventIds, print);
  print(USAGE);
  return 1;
}

async function drop(deps: Pick<Deps, "sql" | "queue">, eventIds: string[], print: (line: string) => void) {
  try {
    await dropDeadLetters(deps, eventIds);
    return 0;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    print(error.message);
    return 1;
  }
}
