/** A party's seats, shares and queue as they should be, worked out the plain way: one thing after the other, in memory. */
import type { divideFairly } from "../services/fair_shares.ts";
import type { BookRow } from "./queue_world.ts";

/** What the model is told; `who` is an index of its people. */
export type ModelAct =
  | { type: "join"; who: number; wish: number; min: number; waits: boolean }
  | { type: "decide"; who: number; status: "accepted" | "rejected" | "removed" }
  | { type: "leave" | "withdraw"; who: number }
  | { type: "answer"; who: number; accept: boolean }
  | { type: "expire" | "confirm" };

interface Row {
  userId: string;
  status: "pending" | "waiting" | "accepted" | "rejected" | "left" | "removed";
  quantity: number;
  wish: number;
  min: number;
  offered: number | null;
}

/** The model of a party that has just been opened. */
export function createQueueModel(
  pack: { quantity: number; capacity: number; leaderQuantity: number; autoAccept: boolean },
  people: string[],
  divide: typeof divideFairly,
) {
  const rows = new Map<number, Row>();
  /** Who waits, the first first. */
  let queue: Row[] = [];
  let status: "open" | "confirmed" = "open";

  const members = () => [...rows.values()].filter((row) => row.status === "accepted");
  const offered = () => queue.filter((row) => row.offered !== null);
  const seats = () => pack.capacity - 1 - members().length - offered().length;
  const left = () =>
    pack.quantity - pack.leaderQuantity - members().reduce((sum, row) => sum + row.quantity, 0) -
    offered().reduce((sum, row) => sum + row.offered!, 0);

  function offer(): void {
    const next = seats() > 0 ? queue.find((row) => row.offered === null && row.min <= left()) : undefined;
    if (!next) return;
    next.offered = Math.min(next.wish, left());
    offer();
  }

  function close(): void {
    status = "confirmed";
    const inside = members(), has = inside.reduce((sum, row) => sum + row.quantity, 0);
    const shares = divide(left() + has, inside);
    for (const row of inside) row.quantity = shares.get(row.userId)!;
    for (const row of rows.values()) if (row.status === "pending") row.status = "rejected";
  }

  function letIn(row: Row, quantity: number): void {
    Object.assign(row, { status: "accepted", quantity, offered: null });
    queue = queue.filter((each) => each !== row);
    if (status === "open" && members().length === pack.capacity - 1) close();
  }

  function takeOut(row: Row, as: Row["status"]): void {
    Object.assign(row, { status: as, offered: null });
    queue = queue.filter((each) => each !== row);
    offer();
  }

  function join({ who, wish, min, waits }: Extract<ModelAct, { type: "join" }>): number {
    const before = rows.get(who);
    if (before && before.status !== "left") return 409;
    const hasRoom = seats() > 0 && min <= left();
    const row: Row = { userId: people[who]!, status: "pending", quantity: wish, wish, min, offered: null };
    if (!hasRoom && waits) {
      if (min > pack.quantity - pack.leaderQuantity) return 409;
      rows.set(who, row);
      row.status = "waiting";
      queue.push(row);
      return 201;
    }
    if (!hasRoom || status !== "open") return 409;
    rows.set(who, row);
    if (pack.autoAccept) letIn(row, Math.min(wish, left()));
    return 201;
  }

  function decide({ who, status: as }: Extract<ModelAct, { type: "decide" }>): number {
    const row = rows.get(who);
    if (!row) return 404;
    if (row.status === as) return 200;
    if (as === "rejected" && row.status === "waiting") return takeOut(row, as), 200;
    if (status !== "open" || row.status !== (as === "removed" ? "accepted" : "pending")) return 409;
    if (as === "accepted") {
      if (seats() <= 0 || row.min > left()) return 409;
      letIn(row, Math.min(row.wish, left()));
    } else if (as === "removed") takeOut(row, as);
    else row.status = as;
    return 200;
  }

  function leave(who: number): number {
    const row = rows.get(who);
    if (!row) return 404;
    if (row.status === "pending") return row.status = "left", 204;
    if (row.status === "waiting") return takeOut(row, "left"), 204;
    if (row.status !== "accepted") return 404;
    if (status !== "open") return 409;
    return takeOut(row, "left"), 204;
  }

  function withdraw(who: number): number {
    const row = rows.get(who);
    if (row?.status === "pending") row.status = "left";
    else if (row?.status === "waiting" || row?.status === "accepted") takeOut(row, "left");
    return 200;
  }

  return {
    /** Does it, and tells the status that the answer has to have. */
    apply(act: ModelAct): number {
      switch (act.type) {
        case "join":
          return join(act);
        case "decide":
          return decide(act);
        case "leave":
          return leave(act.who);
        case "withdraw":
          return withdraw(act.who);
        case "answer": {
          const row = rows.get(act.who);
          if (!row) return 404;
          if (row.offered === null) return 409;
          if (act.accept) letIn(row, row.offered);
          else takeOut(row, "left");
          return 200;
        }
        case "expire":
          for (const row of offered()) takeOut(row, "left");
          return 200;
        case "confirm":
          if (status !== "open") return 409;
          close();
          return 200;
      }
    },
    status: () => status,
    left,
    /** As {@link booksOf} reads them. */
    books(): BookRow[] {
      const others = [...rows.values()].filter((row) => row.status !== "waiting")
        .toSorted((a, b) => a.userId < b.userId ? -1 : 1);
      return [...queue, ...others].map(({ userId, status, quantity, offered }) => ({
        ...{ userId, status, quantity, offered },
        place: status === "waiting" ? queue.findIndex((row) => row.userId === userId) + 1 : null,
      }));
    },
  };
}
