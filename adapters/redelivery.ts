/** When a queue gives a rejected message again, why it gives up, and who takes that: the same in both queues. */

/** 0.2, 0.4, 0.8 and 1.6 s, less some jitter: a poisoned message is a dead letter within 3 s plus its handling. */
export function redeliveryDelayMs(delivery: number): number {
  return 200 * 2 ** (delivery - 1) * (0.8 + Math.random() * 0.2);
}

const REASON_MAX = 500;

/** What is kept of the last error of a dead letter: one line. */
export function reasonOf(error: unknown): string {
  const told = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return told.replaceAll(/\s+/g, " ").slice(0, REASON_MAX);
}

/** How many dead letters were taken; throws the first error there was in taking them. */
export function countTaken(verdicts: PromiseSettledResult<boolean>[]): number {
  const failed = verdicts.find((verdict) => verdict.status === "rejected");
  if (failed) throw failed.reason;
  return verdicts.filter((verdict) => verdict.status === "fulfilled" && verdict.value).length;
}
