/** The alerts of the person signed in, as they happen: how many are unread, and which came last. */
import { computed, effect, signal, untracked } from "@preact/signals";
import type { Alert } from "../../contract/alerts.ts";
import { screenPath } from "../../contract/screens.ts";
import { Refusal } from "../http.ts";
import { call, me } from "../session.ts";
import { tell } from "../ui/toasts.tsx";
import { type InboxState, keepAlertStream } from "./alert_stream.ts";

/** How many of the person's alerts are unread. */
export const unreadAlerts = signal(0);

/** The number of the person's newest alert, and the alert itself where it came while they were here. */
export const newestAlert = signal<{ seq: number; alert?: Alert }>({ seq: 0 });

/** Reads the stream of whoever is signed in, as long as they are. */
export function watchAlerts(): void {
  const reader = computed(() => me.value?.id);
  effect(() => {
    unreadAlerts.value = 0;
    newestAlert.value = { seq: 0 };
    if (!reader.value) return undefined;
    return untracked(() => keepAlertStream({ onReady: learnInbox, onAlert: takeAlert }));
  });
}

/** Takes over what the service says of the inbox, unless more has come since. */
export function learnInbox({ lastSeq, unreadCount }: InboxState): void {
  if (lastSeq < newestAlert.peek().seq) return;
  unreadAlerts.value = unreadCount;
  if (lastSeq > newestAlert.peek().seq) newestAlert.value = { seq: lastSeq };
}

/** What is replayed after a break is new to the eye, but counted already by what the stream began with. */
function takeAlert(alert: Alert): void {
  if (alert.seq > newestAlert.peek().seq) {
    newestAlert.value = { seq: alert.seq, alert };
    if (!alert.readAt) unreadAlerts.value++;
  }
  // In the inbox it stands on top by itself.
  if (alert.readAt || location.pathname === screenPath("alerts")) return;
  tell(shorten(`${alert.title} · ${alert.body}`), { href: alert.url, onTap: () => void readAlert(alert.id) });
}

/** Marks an alert as read on the way to something else: that it could not be marked is no reason to stay. */
export async function readAlert(id: string): Promise<void> {
  await ignoringRefusal(call("PATCH", `/api/alerts/${id}`, { body: { read: true } }));
  await recount();
}

/** Asks how many are unread; without an answer it stays at what it was. */
export async function recount(): Promise<void> {
  const state = await ignoringRefusal(call<InboxState>("GET", "/api/alerts?limit=1"));
  if (state) learnInbox(state);
}

async function ignoringRefusal<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  return await asked.catch((error) => {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  });
}

const TOAST_LETTERS = 90;

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= TOAST_LETTERS ? text : `${letters.slice(0, TOAST_LETTERS - 1).join("")}…`;
}
