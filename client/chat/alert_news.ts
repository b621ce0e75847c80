/** What alerts may have changed on a screen. */
import { useEffect, useRef } from "preact/hooks";
import { unreadAlerts } from "../live/alerts.ts";

/** Reads anew when an alert has come. */
export function useAlertNews(reload: () => Promise<void>): void {
  const known = useRef(unreadAlerts.value);
  useEffect(() => {
    if (unreadAlerts.value > known.current) void reload();
    known.current = unreadAlerts.value;
  }, [unreadAlerts.value, reload]);
}
