/** Work that arrives one by one and is done together. */

interface Batch<One> {
  ones: One[];
  dealt: Promise<void>;
}

/**
 * Hands on what has arrived: while one batch is dealt with, the next ones gather, `most` in each. Resolves, for each one
 * given, when its batch has been dealt with, and rejects as that does.
 */
export function gather<One>(most: number, deal: (batch: One[]) => Promise<void>): (one: One) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Batch<One> | undefined;

  function open(): Batch<One> {
    const ones: One[] = [];
    const begin = () => {
      if (next?.ones === ones) next = undefined;
      return deal(ones);
    };
    const dealt = last.then(begin, begin);
    last = dealt;
    return { ones, dealt };
  }

  return (one) => {
    if (!next || next.ones.length === most) next = open();
    next.ones.push(one);
    return next.dealt;
  };
}
