/** Work that arrives one by one and is done together. */
import PQueue from "p-queue";

interface Batch<One> {
  ones: One[];
  dealt: Promise<void>;
}

/**
 * Hands on what has arrived: while `atOnce` batches are dealt with, the next ones gather, `most` in each. Resolves, for each
 * one given, when its batch has been dealt with, and rejects as that does.
 */
export function gather<One>(
  { most, atOnce = 1 }: { most: number; atOnce?: number },
  deal: (batch: One[]) => Promise<void>,
): (one: One) => Promise<void> {
  const dealing = new PQueue({ concurrency: atOnce });
  let next: Batch<One> | undefined;

  function open(): Batch<One> {
    const ones: One[] = [];
    const batch = { ones, dealt: dealing.add(begin) };
    async function begin(): Promise<void> {
      // The queue may begin before the batch is there.
      await Promise.resolve();
      if (next === batch) next = undefined;
      await deal(ones);
    }
    return batch;
  }

  return (one) => {
    if (!next || next.ones.length === most) next = open();
    next.ones.push(one);
    return next.dealt;
  };
}
