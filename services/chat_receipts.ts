/** What a room's followers are told of how far others have read: never less than before, never beyond what they were given. */

/** See {@link createReceipts}. */
export interface Receipts {
  /** Takes where a person's pointer is said to be, in whatever order that comes from the nodes. */
  take(userId: string, seq: number): void;
  /** The room has handed on its entries up to its head: what waited for one of them may be told. */
  release(): void;
}

/** Opens them, with nothing told yet. `head` is the last entry that the room has handed on. */
export function createReceipts(head: () => number, tell: (userId: string, seq: number) => void): Receipts {
  const told = new Map<string, number>();
  const due = new Map<string, number>();

  function take(userId: string, seq: number): void {
    if (seq <= (told.get(userId) ?? 0)) return;
    if (seq > head()) return void due.set(userId, Math.max(seq, due.get(userId) ?? 0));
    told.set(userId, seq);
    tell(userId, seq);
  }

  function release(): void {
    for (const [userId, seq] of due) {
      if (seq > head()) continue;
      due.delete(userId);
      take(userId, seq);
    }
  }

  return { take, release };
}
