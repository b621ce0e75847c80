/**
 * Pushing alerts to this browser. The service pushes to it until the session ends, so that whoever is remembered here as having
 * asked for it is subscribed again when they come back; nobody else is.
 */
import { computed, effect, signal, untracked } from "@preact/signals";
import { call, me } from "../session.ts";

/** `unknown` until it is looked at; `impossible` in this browser; `blocked` by the person, in the browser's settings. */
export type PushState = "unknown" | "impossible" | "blocked" | "off" | "on";

/** Whether the person's alerts are pushed to this browser. */
export const pushState = signal<PushState>("unknown");

const KEY = "push";

/** Looks whenever somebody signs in, and has the service know of their new session. */
export function watchPush(): void {
  const reader = computed(() => me.value?.id);
  effect(() => {
    const userId = reader.value;
    if (userId) untracked(() => void look(userId));
  });
}

async function look(userId: string): Promise<void> {
  pushState.value = stateOfLeave();
  if (pushState.value !== "off" || localStorage.getItem(KEY) !== userId) return;
  const subscription = await (await manager()).getSubscription();
  if (!subscription) return;
  pushState.value = "on";
  // Refused or offline, the next visit tries again.
  await submit(subscription).catch(() => {});
}

/** Asks the person for leave, unless they have given it, and subscribes. Throws Refusal, and what the browser fails with. */
export async function switchPushOn(publicKey: string): Promise<void> {
  await Notification.requestPermission();
  pushState.value = stateOfLeave();
  if (Notification.permission !== "granted") return;
  const pushes = await manager();
  // One that was made with another key could not be pushed to.
  await (await pushes.getSubscription())?.unsubscribe();
  await submit(await pushes.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey }));
  localStorage.setItem(KEY, me.value!.id);
  pushState.value = "on";
}

/** Throws Refusal. */
export async function switchPushOff(): Promise<void> {
  const subscription = await (await manager()).getSubscription();
  if (subscription) {
    await call("DELETE", "/api/push-subscriptions", { body: { endpoint: subscription.endpoint } });
    await subscription.unsubscribe();
  }
  localStorage.removeItem(KEY);
  pushState.value = "off";
}

async function submit(subscription: PushSubscription): Promise<void> {
  await call("POST", "/api/push-subscriptions", { body: subscription });
}

function stateOfLeave(): PushState {
  if (!("PushManager" in globalThis && "Notification" in globalThis)) return "impossible";
  return Notification.permission === "denied" ? "blocked" : "off";
}

async function manager(): Promise<PushManager> {
  return (await navigator.serviceWorker.ready).pushManager;
}
