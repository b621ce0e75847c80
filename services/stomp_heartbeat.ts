/** STOMP's heart-beats: each side says something at least as often as was agreed, or it is taken for dead. */

/** How often the server can speak, and how often it would like to hear something. */
const CAN_MS = 1_000, WANT_MS = 5_000;
/** A client is given up when it has been silent for twice the agreed time, at the latest half of it later. */
const SILENT_HALVES = 4;

/** The server's side of the bargain, as the header has it. */
export const HEART_BEAT = `${CAN_MS},${WANT_MS}`;

/** A connection's heart. */
export interface HeartBeat extends Disposable {
  /** Something was sent. */
  said(): void;
  /** Something came. */
  heard(): void;
}

/**
 * Beats when nothing was said in the time that the client wants, and tells when the client, if it can beat at all, was
 * silent for too long. Looks twice in an agreed time instead of setting a timer a frame.
 */
export function startHeartBeat(
  { canMs, wantMs }: { canMs: number; wantMs: number },
  { beat, onSilent }: { beat: () => void; onSilent: () => void },
): HeartBeat {
  let hasSaid = true, silentHalves = 0;
  const timers = new DisposableStack();
  function each(ms: number, look: () => void): void {
    if (ms === 0) return;
    const timer = setInterval(look, ms / 2);
    timers.defer(() => clearInterval(timer));
  }
  each(wantMs && Math.max(wantMs, CAN_MS), () => {
    const isDue = !hasSaid;
    // A beat is something said, too: the next one is due after two more looks.
    hasSaid = isDue;
    if (isDue) beat();
  });
  each(canMs && Math.max(canMs, WANT_MS), () => {
    if (++silentHalves > SILENT_HALVES) onSilent();
  });
  return {
    said: () => void (hasSaid = true),
    heard: () => void (silentHalves = 0),
    [Symbol.dispose]: () => timers.dispose(),
  };
}
