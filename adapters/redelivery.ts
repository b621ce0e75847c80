/** When a queue gives a rejected message again, the same in both queues. */

/** 0.2, 0.4, 0.8 and 1.6 s, less some jitter: a poisoned message is a dead letter within 3 s plus its handling. */
export function redeliveryDelayMs(delivery: number): number {
  return 200 * 2 ** (delivery - 1) * (0.8 + Math.random() * 0.2);
}
