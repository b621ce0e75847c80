/** What goes on by itself while a screen is looked at. */
import { useEffect, useRef, useState } from "preact/hooks";

/** Does something every so many milliseconds, as long as the page can be seen. */
export function useEvery(ms: number, what: () => unknown): void {
  const newest = useRef(what);
  newest.current = what;
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && newest.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}

/** The time in milliseconds, told anew as often. */
export function useNow(everyMs: number): number {
  const [nowMs, setNow] = useState(Date.now());
  useEvery(everyMs, () => setNow(Date.now()));
  return nowMs;
}
