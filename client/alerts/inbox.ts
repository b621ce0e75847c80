/** The inbox as a screen shows it: read page by page, what comes meanwhile added on top. */
import { useEffect, useRef } from "preact/hooks";
import type { Alert, AlertList } from "../../contract/alerts.ts";
import { type AskedPages, usePages } from "../ask.tsx";
import { Refusal } from "../http.ts";
import { learnInbox, newestAlert, readAlert, recount } from "../live/alerts.ts";
import { call } from "../session.ts";

/** The inbox, and what can be done in it. */
export interface Inbox extends AskedPages<Alert, AlertList> {
  /** Marks an alert as read at once, whatever the service says. */
  read(alert: Alert): void;
  /** Throws Refusal. */
  readAll(): Promise<void>;
  /** Throws Refusal. */
  remove(alert: Alert): Promise<void>;
}

/** Reads the inbox. */
export function useInbox(): Inbox {
  const pages = usePages<Alert, AlertList>("/api/alerts"), { data, set, reload } = pages;
  const latest = useRef(data), own = useRef<AlertList>();
  latest.current = data;
  const change = (to: (items: Alert[]) => Alert[], lastSeq?: number) => {
    const list = latest.current;
    if (!list) return;
    latest.current = own.current = { ...list, items: to(list.items), lastSeq: lastSeq ?? list.lastSeq };
    set(latest.current);
  };

  useEffect(() => {
    // What was changed here says nothing new of how many are unread.
    if (data && data !== own.current) learnInbox(data);
  }, [data]);
  const { seq, alert } = newestAlert.value;
  useEffect(() => {
    if (!data || seq <= data.lastSeq) return;
    if (alert && seq === data.lastSeq + 1) change((items) => [alert, ...items], seq);
    else void reload();
  }, [data, seq]);

  return {
    ...pages,
    read(alert) {
      change(asRead((each) => each.id === alert.id));
      void readAlert(alert.id);
    },
    async readAll() {
      await call("POST", "/api/alerts/read-all");
      change(asRead(() => true));
      await recount();
    },
    async remove({ id }) {
      await call("DELETE", `/api/alerts/${id}`).catch(unlessGone);
      change((items) => items.filter((each) => each.id !== id));
      await recount();
    },
  };
}

const asRead = (which: (alert: Alert) => boolean) => (items: Alert[]) =>
  items.map((each) => which(each) && !each.readAt ? { ...each, readAt: new Date().toISOString() } : each);

/** Deleted elsewhere is deleted. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Refusal) || error.code !== "not-found") throw error;
}
