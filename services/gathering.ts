/** Batches: what arrives while one is under way shares the next, for each costs the less, the more share its batch. */

/** Batches under way. */
export interface Gathering {
  /** Something waits: begins what may begin. */
  pump(): void;
  /** Resolves once nothing is under way any more. */
  settled(): Promise<void>;
}

/**
 * Writes what `take` gives, an empty array for nothing, until it gives nothing. One batch is waited for, for `gatherMs`, in which
 * more gathers; what takes longer waits for a lock, or is large, and the next begins beside it: up to `batches` at once.
 */
export function openGathering<Each>(
  { batches, gatherMs }: { batches: number; gatherMs: number },
  take: () => Each[],
  write: (batch: Each[]) => Promise<void>,
): Gathering {
  const underWay = new Set<Promise<void>>();
  let awaited: Promise<void> | undefined;

  function pump(): void {
    while (!awaited && underWay.size < batches) {
      const taken = take();
      if (taken.length === 0) return;
      const late = setTimeout(() => goOnWithout(batch), gatherMs);
      const batch = write(taken).finally(() => {
        clearTimeout(late);
        underWay.delete(batch);
        goOnWithout(batch);
      });
      underWay.add(batch);
      awaited = batch;
    }
  }
  function goOnWithout(batch: Promise<void>): void {
    if (awaited === batch) awaited = undefined;
    pump();
  }

  return {
    pump,
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
