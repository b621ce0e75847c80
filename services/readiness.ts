/** Whether this node should be sent traffic. */
import type { Deps } from "./ports.ts";
import { within } from "./within.ts";

/** Asked by `/readyz`, told by the orderly stop. */
export interface Readiness {
  /** Names of the stores that do not answer within 2 s, and `draining` once the stop has begun. Empty: ready. */
  down(): Promise<string[]>;
  /** From now on this node is not ready. */
  drain(): void;
}

/** Watches the stores. Answers are shared by callers within the same second, so that probes cost nothing. */
export function watchReadiness(
  { sql, relay, queue, clock }: Pick<Deps, "sql" | "relay" | "queue" | "clock">,
): Readiness {
  let draining = false;
  let asked = { at: 0, answer: Promise.resolve<string[]>([]) };
  const checks: [string, () => Promise<unknown>][] = [
    ["database", () => sql`select 1`],
    ["relay", () => relay.ping()],
    ["queue", () => queue.ping()],
  ];
  async function ask(): Promise<string[]> {
    const answers = await Promise.allSettled(checks.map(([name, check]) => within(2_000, name, check())));
    return checks.filter((_, i) => answers[i]?.status === "rejected").map(([name]) => name);
  }
  return {
    async down() {
      const now = clock.now().getTime();
      if (asked.at === 0 || Math.abs(now - asked.at) > 1_000) asked = { at: now, answer: ask() };
      return [...(draining ? ["draining"] : []), ...await asked.answer];
    },
    drain: () => void (draining = true),
  };
}
