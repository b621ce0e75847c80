/** Keeps the view of a log where it belongs: at the end, or on what is being read, whatever comes above or below. */
import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { see } from "../live/reads.ts";
import { lastSeqOf, type RoomLog } from "../live/room_log.ts";

/** See {@link useView}. */
export interface View {
  scroller: RefObject<HTMLDivElement>;
  isAtEnd: boolean;
  toEnd(): void;
}

interface Kept {
  hasBegun: boolean;
  isAtEnd: boolean;
  ownCount: number;
  /** The line that is to stay where it is. */
  anchor: HTMLElement | null;
  anchorTop: number;
}

const END_PX = 64;
const TOP_PX = 400;

/**
 * The view begins at the unread line, else at the end; it follows new lines while it is at the end, and the person's own
 * always. What is in view is seen. `onTop` is called when the top comes near.
 */
export function useView(
  { partyId, log, ownCount, onTop }: { partyId: string; log: RoomLog; ownCount: number; onTop: () => void },
): View {
  const scroller = useRef<HTMLDivElement>(null);
  const kept = useRef<Kept>({ hasBegun: false, isAtEnd: true, ownCount, anchor: null, anchorTop: 0 });
  const [isAtEnd, setAtEnd] = useState(true);
  const lastSeq = lastSeqOf(log);

  const look = useCallback(() => {
    const view = scroller.current!, now = kept.current;
    now.isAtEnd = view.scrollHeight - view.scrollTop - view.clientHeight < END_PX;
    now.anchor = view.querySelector("[data-seq]");
    now.anchorTop = now.anchor?.offsetTop ?? 0;
    setAtEnd(now.isAtEnd);
    if (document.visibilityState === "visible") see(partyId, now.isAtEnd ? lastSeq : lastInView(view));
    if (view.scrollTop < TOP_PX) onTop();
  }, [partyId, lastSeq, onTop]);

  const toEnd = useCallback(() => {
    scroller.current!.scrollTop = scroller.current!.scrollHeight;
  }, []);

  useLayoutEffect(() => {
    const view = scroller.current!, before = kept.current;
    const isOwnNew = ownCount > before.ownCount;
    if (!before.hasBegun) begin(view);
    else if (isOwnNew || before.isAtEnd) toEnd();
    else if (before.anchor) view.scrollTop += before.anchor.offsetTop - before.anchorTop;
    before.hasBegun = true;
    before.ownCount = ownCount;
    look();
  }, [log, ownCount]);

  useEffect(() => {
    const view = scroller.current!;
    const resized = new ResizeObserver(() => kept.current.isAtEnd && toEnd());
    resized.observe(view);
    view.addEventListener("scroll", look, { passive: true });
    document.addEventListener("visibilitychange", look);
    return () => {
      resized.disconnect();
      view.removeEventListener("scroll", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [look]);

  return { scroller, isAtEnd, toEnd };
}

function begin(view: HTMLElement): void {
  const line = view.querySelector<HTMLElement>(".chat-unread");
  view.scrollTop = line ? line.offsetTop - view.clientHeight / 4 : view.scrollHeight;
}

/** The last entry that is wholly in view. */
function lastInView(view: HTMLElement): number {
  const lines = view.querySelectorAll<HTMLElement>("[data-seq]"), bottom = view.scrollTop + view.clientHeight;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i]!;
    if (line.offsetTop + line.offsetHeight <= bottom) return Number(line.dataset.seq);
  }
  return 0;
}
