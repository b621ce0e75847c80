/**
 * The page's one connection to the chat. It is there while anybody holds it and somebody is signed in, and comes back
 * whatever ends it. What was said before it ended may or may not have arrived.
 */
import { effect, signal } from "@preact/signals";
import type { ClientFrame, ServerFrame } from "../../contract/chat.ts";
import { accessToken, call, me } from "../session.ts";

/** `open`: welcomed. `waiting`: until the next try. `idle`: nobody needs it. */
export const link = signal<"idle" | "connecting" | "open" | "waiting">("idle");

/** How many tries in a row have not come to a welcome. */
export const failedTries = signal(0);

/** Without a welcome after so many tries there may be no way for sockets here: requests have to do. */
export const TRIES_BEFORE_REQUESTS = 2;

const WELCOME_MS = 10_000;
const ANSWER_MS = 5_000;
const LOOK_MS = 5_000;
const STEADY_MS = 5_000;
const LINGER_MS = 2_000;
const [RETRY_MS, RETRY_MAX_MS, SLOW_MS, OFFLINE_MS] = [500, 10_000, 10_000, 30_000];
/** The service's close codes for a token that is over, and for who should come back later. */
const [UNAUTHENTICATED, TOO_SLOW, TOO_MANY] = [4401, 4408, 4429];

const listeners = new Set<(frame: ServerFrame) => void>();
let holders = 0;
/** Counts the connections: what belongs to an older one is over. */
let turn = 0;
let socket: WebSocket | undefined;
let saidToken: string | undefined;
let heartbeatMs = 25_000;
let heardAtMs = 0;
/** How often it has failed to come or to last. */
let setbacks = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let looking: ReturnType<typeof setInterval> | undefined;

/** Keeps the connection up until the answer is called. */
export function holdSocket(): () => void {
  if (holders++ === 0) connect();
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    if (--holders === 0) setTimeout(() => holders === 0 && hangUp(), LINGER_MS);
  };
}

/** Is told every frame of the service until the answer is called. */
export function hearFrames(listener: (frame: ServerFrame) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Says a frame; `false` when there is nobody to say it to. */
export function say(frame: ClientFrame): boolean {
  if (link.peek() !== "open") return false;
  socket!.send(JSON.stringify(frame));
  return true;
}

/** Gives a connection up that does not answer, and makes another. */
export function reconnect(): void {
  if (socket) lose(socket);
}

async function connect(): Promise<void> {
  clearTimeout(timer);
  if (holders === 0 || socket || link.peek() === "connecting") return;
  if (!me.peek()) return void (link.value = "idle");
  link.value = "connecting";
  const mine = ++turn, token = await accessToken().catch(() => undefined);
  if (mine !== turn) return;
  if (token) open(token);
  else if (me.peek()) retry(0);
  else link.value = "idle";
}

function open(token: string): void {
  const opening = socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/ws`, "moajang.v1");
  saidToken = token;
  timer = setTimeout(() => lose(opening), WELCOME_MS);
  opening.onopen = () => opening.send(JSON.stringify({ type: "hello", accessToken: token }));
  opening.onclose = ({ code }) => lose(opening, code);
  opening.onmessage = ({ data }) => socket === opening && hear(JSON.parse(data));
}

function hear(frame: ServerFrame): void {
  heardAtMs = Date.now();
  if (frame.type === "welcome") beginWith(frame.heartbeatS);
  if (frame.type === "reconnect") leaveIn(frame.afterMs);
  for (const listener of [...listeners]) listener(frame);
}

function leaveIn(afterMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(reconnect, afterMs);
}

/** The first welcome of a connection; another one answers a prolonging `hello`. */
function beginWith(heartbeatS: number): void {
  if (link.peek() === "open") return;
  clearTimeout(timer);
  heartbeatMs = heartbeatS * 1_000;
  timer = setTimeout(() => setbacks = 0, STEADY_MS);
  looking = setInterval(look, LOOK_MS);
  failedTries.value = 0;
  link.value = "open";
}

/** Pings before the service would have been silent too long, and prolongs with the token of now. */
function look(): void {
  const silentMs = Date.now() - heardAtMs;
  if (silentMs > heartbeatMs + ANSWER_MS) return reconnect();
  if (silentMs > heartbeatMs - 2 * LOOK_MS) say({ type: "ping" });
  void prolong();
}

async function prolong(): Promise<void> {
  const mine = turn, token = await accessToken().catch(() => undefined);
  if (!token || mine !== turn || token === saidToken) return;
  saidToken = token;
  say({ type: "hello", accessToken: token });
}

function lose(lost: WebSocket, code?: number): void {
  if (lost !== socket) return;
  const wasOpen = link.peek() === "open";
  letGo();
  if (!wasOpen) failedTries.value++;
  if (code === UNAUTHENTICATED) void renew();
  else retry(code === TOO_SLOW || code === TOO_MANY ? SLOW_MS : 0);
}

/** A request whose token is refused makes the session get another, or ends it. */
async function renew(): Promise<void> {
  link.value = "waiting";
  const mine = turn;
  await call("GET", "/api/me").catch(() => {});
  if (mine === turn) retry(0);
}

/** Tries again after a while that grows, never in step with others. */
function retry(leastMs: number): void {
  link.value = "waiting";
  const growingMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** setbacks++);
  const waitMs = leastMs + (navigator.onLine ? growingMs : OFFLINE_MS) * (1 + Math.random()) / 2;
  clearTimeout(timer);
  timer = setTimeout(connect, waitMs);
}

function letGo(): void {
  turn++;
  clearTimeout(timer);
  clearInterval(looking);
  const old = socket;
  socket = undefined;
  if (!old) return;
  old.onopen = old.onclose = old.onmessage = null;
  old.close();
}

function hangUp(): void {
  letGo();
  failedTries.value = setbacks = 0;
  link.value = "idle";
}

function comeBack(): void {
  if (link.peek() === "open") return probe();
  setbacks = 0;
  if (link.peek() === "waiting") void connect();
}

/** A connection that slept may be dead and not know it. */
function probe(): void {
  const mine = turn, askedAtMs = Date.now();
  say({ type: "ping" });
  setTimeout(() => mine === turn && heardAtMs < askedAtMs && reconnect(), ANSWER_MS);
}

addEventListener("online", comeBack);
addEventListener("offline", reconnect);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && comeBack());

let whose: string | undefined;
effect(() => {
  const { id } = me.value ?? {};
  if (id === whose) return;
  whose = id;
  hangUp();
  void connect();
});
