/** Work that arrives one by one and is done together. */

/**
 * Hands on what has arrived: while one batch is dealt with, the next one gathers. Resolves, for each one given, when its
 * batch has been dealt with, and rejects as that does.
 */
export function gather<One>(deal: (batch: One[]) => Promise<void>): (one: One) => Promise<void> {
  let waiting: One[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  function begin(): Promise<void> {
    const batch = waiting;
    waiting = [];
    next = undefined;
    return deal(batch);
  }
  return (one) => {
    waiting.push(one);
    if (!next) last = next = last.then(begin, begin);
    return next;
  };
}
