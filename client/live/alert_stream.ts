/**
 * The alert stream, opened again whenever it breaks: after a while that grows, at once when the network or the machine is
 * back. Each opening takes a ticket of its own and goes on behind the alert that came last.
 */
import type { Alert, AlertList } from "../../contract/alerts.ts";
import { Refusal } from "../http.ts";
import { call } from "../session.ts";

/** Where an inbox stood at a moment. */
export type InboxState = Pick<AlertList, "lastSeq" | "unreadCount">;

/** Who listens. Each alert comes once, in order. */
export interface AlertListener {
  onReady(state: InboxState): void;
  onAlert(alert: Alert): void;
}

const RETRY_MS = { first: 1_000, most: 30_000 };
/** A hidden page needs no stream, and a browser has few connections for all its pages; a short look away changes nothing. */
const HIDDEN_MS = 30_000;
/** Where the clock has moved on by several of these between two ticks, the machine slept and the stream may be dead. */
const TICK_MS = 10_000;

/** Keeps the stream open while the page is looked at. Answers how to end it. */
export function keepAlertStream(listener: AlertListener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined, hiding: ReturnType<typeof setTimeout> | undefined;
  let lastSeq: number | undefined, failures = 0, opening = 0, tickedAt = Date.now();

  function close(): void {
    opening++;
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }
  async function open(): Promise<void> {
    close();
    const turn = opening;
    try {
      const { ticket } = await call<{ ticket: string }>("POST", "/api/auth/tickets");
      if (turn === opening) source = listen(ticket);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (turn === opening) openLater(backoffMs(failures++));
    }
  }
  function openLater(afterMs: number): void {
    close();
    timer = setTimeout(open, afterMs);
  }
  function listen(ticket: string): EventSource {
    const query = new URLSearchParams({ ticket, ...(lastSeq !== undefined && { lastEventId: String(lastSeq) }) });
    const stream = new EventSource(`/api/alerts/stream?${query}`);
    stream.addEventListener("ready", ({ data }) => {
      const state: InboxState = JSON.parse(data);
      failures = 0;
      // A service that has begun anew counts from the start.
      lastSeq = Math.min(lastSeq ?? state.lastSeq, state.lastSeq);
      listener.onReady(state);
    });
    stream.addEventListener("alert", ({ data }) => {
      const alert: Alert = JSON.parse(data);
      if (lastSeq !== undefined && alert.seq <= lastSeq) return;
      lastSeq = alert.seq;
      listener.onAlert(alert);
    });
    stream.addEventListener("reconnect", ({ data }) => openLater(JSON.parse(data).afterMs));
    stream.addEventListener("error", () => openLater(backoffMs(failures++)));
    return stream;
  }
  function look(): void {
    clearTimeout(hiding);
    if (isHidden()) hiding = setTimeout(close, HIDDEN_MS);
    else if (!source) void open();
  }
  function wake(): void {
    if (!isHidden()) void open();
  }
  function tick(): void {
    const now = Date.now(), hasSlept = now - tickedAt > 3 * TICK_MS;
    tickedAt = now;
    if (hasSlept) wake();
  }

  const ticking = setInterval(tick, TICK_MS);
  addEventListener("online", wake);
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    close();
    clearInterval(ticking);
    clearTimeout(hiding);
    removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", look);
  };
}

const isHidden = () => document.visibilityState === "hidden";

/** Half of it by chance, so that not all come back at the same moment. */
function backoffMs(failures: number): number {
  const most = Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** failures);
  return most / 2 + Math.random() * most / 2;
}
