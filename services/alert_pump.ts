/**
 * Moves alerts into open streams, each from its own place: those that come fresh from their writing at once, and out of the
 * inboxes, many streams by one query, whatever a stream has not got yet.
 */
import { type AlertRow, selectAlerts, toAlert } from "./alert_rows.ts";
import { eventFrame, type EventStream } from "./event_stream.ts";
import type { Deps } from "./ports.ts";

/** Streams read on by one query, and alerts of each. */
const BATCH = 200;
const PAGE = 50;

/** A stream and its place in its person's inbox. */
export interface AlertReader {
  userId: string;
  out: EventStream;
  /** The number of the last alert sent; `null` before the stream has begun. */
  cursor: number | null;
  /** There was no room for what may come after the cursor. */
  isBehind: boolean;
}

/** Reads streams on. */
export interface AlertPump extends AsyncDisposable {
  /**
   * Something may have come for these: reads them on, in order and without a gap, until nothing is left or there is no room.
   * A reading that fails is logged; whoever wakes them next makes it good.
   */
  wake(readers: Iterable<AlertReader>): void;
  /** Sends number `seq`, `null` when it is not for streams, to those of one person who have all before it; the others are read on. */
  pass(readers: Iterable<AlertReader>, seq: number, frame: string | null): void;
}

/** Starts a pump. One reading is under way at a time; what is woken meanwhile shares the next. */
export function startPump(deps: Pick<Deps, "sql" | "log">): AlertPump {
  const due = new Set<AlertReader>();
  let isPumping = false;
  let pumping = Promise.resolve();

  function wake(readers: Iterable<AlertReader>): void {
    for (const reader of readers) {
      if (reader.cursor === null) continue;
      reader.isBehind = !reader.out.hasRoom();
      if (!reader.isBehind) due.add(reader);
    }
    if (!isPumping && due.size > 0) pumping = pump();
  }
  function pass(readers: Iterable<AlertReader>, seq: number, frame: string | null): void {
    wake([...readers].filter((reader) => {
      const { cursor, out } = reader;
      if (cursor === null || cursor >= seq) return false;
      if (cursor < seq - 1 || !out.hasRoom()) return true;
      if (frame) out.send(frame);
      reader.cursor = seq;
      return false;
    }));
  }
  async function pump(): Promise<void> {
    isPumping = true;
    try {
      while (due.size > 0) wake(await readOn(deps, takeBatch(due)));
    } catch (error) {
      deps.log.warn("streams not read on", { error });
    } finally {
      isPumping = false;
    }
  }
  return { wake, pass, [Symbol.asyncDispose]: () => pumping };
}

function takeBatch(due: Set<AlertReader>): AlertReader[] {
  const batch = [...due.values().take(BATCH)];
  for (const reader of batch) due.delete(reader);
  return batch;
}

/** Sends each reader its next page. Answers those who may have more to come. */
async function readOn({ sql }: Pick<Deps, "sql">, readers: AlertReader[]): Promise<AlertReader[]> {
  const rows = await sql<(Place & (AlertRow | { seq: null }))[]>`
    select place.n::int as place, head.last_seq as "lastSeq", page.*
    from unnest(${readers.map((each) => each.userId)}::uuid[], ${readers.map((each) => each.cursor)}::int[])
      with ordinality as place (user_id, after_seq, n)
    join alert_heads head on head.user_id = place.user_id
    left join lateral (
      ${selectAlerts(sql)}
      where a.user_id = place.user_id and a.seq > place.after_seq
      order by a.seq
      limit ${PAGE}) as page on true
    order by place.n, page.seq`;
  const pages = Map.groupBy(rows, (row) => row.place);
  return readers.filter((reader, i) => {
    const rows = pages.get(i + 1) ?? [];
    const page = rows.filter((row): row is Place & AlertRow => row.seq !== null);
    // Some may have been passed on meanwhile.
    sendPage(reader, page.filter(({ seq }) => seq > reader.cursor!));
    const isWhole = page.length < PAGE;
    // What the inbox has counted and has no more was cleared away for its age: nothing of it can come.
    const upTo = isWhole ? rows[0]?.lastSeq : page.at(-1)!.seq;
    reader.cursor = Math.max(reader.cursor!, upTo ?? 0);
    return !isWhole;
  });
}

interface Place {
  place: number;
  lastSeq: number;
}

/** In one piece. What was thrown away, or is not wanted in streams, is passed over, and its number with it. */
function sendPage({ out }: AlertReader, page: AlertRow[]): void {
  const kept = page.filter((row) => row.deletedAt === null && row.streamed);
  if (kept.length > 0) out.send(kept.map((row) => eventFrame("alert", toAlert(row), row.seq)).join(""));
}
