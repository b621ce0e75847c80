/** How far the person has seen each chat on this page, and telling the service of it. */
import { effect, signal } from "@preact/signals";
import { call, me } from "../session.ts";
import { failedTries, link, say, TRIES_BEFORE_REQUESTS } from "./socket.ts";

/** By party, the last seq that was seen. */
export const seen = signal<ReadonlyMap<string, number>>(new Map());

const EVERY_MS = 400;
/** What the service has not been told, or perhaps not heard. */
const untold = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;
let toldAtMs = 0;

/** Everything up to this was seen. */
export function see(partyId: string, seq: number): void {
  if (seq <= (seen.peek().get(partyId) ?? 0)) return;
  seen.value = new Map(seen.peek()).set(partyId, seq);
  untold.add(partyId);
  timer ??= setTimeout(tell, Math.max(0, toldAtMs + EVERY_MS - Date.now()));
}

function tell(): void {
  timer = undefined;
  toldAtMs = Date.now();
  for (const partyId of untold) {
    const seq = seen.peek().get(partyId)!;
    if (say({ type: "read", partyId, seq })) untold.delete(partyId);
    else if (failedTries.peek() >= TRIES_BEFORE_REQUESTS) void request(partyId, seq);
  }
}

async function request(partyId: string, seq: number): Promise<void> {
  untold.delete(partyId);
  // Who cannot be told now is told with the next connection.
  await call("PUT", `/api/parties/${partyId}/chat/read`, { body: { seq } }).catch(() => {});
}

// What was said as a connection ended may not have arrived.
effect(() => {
  if (link.value !== "open") return;
  for (const partyId of seen.peek().keys()) untold.add(partyId);
  tell();
});

let whose: string | undefined;
effect(() => {
  const { id } = me.value ?? {};
  if (id === whose) return;
  whose = id;
  seen.value = new Map();
  untold.clear();
});
