/**
 * Who is signed in. The access token lives in memory, the refresh token in a cookie that no script can read; what is kept in
 * this browser's storage is who it was, so that the next visit knows whether to ask.
 */
import { effect, signal } from "@preact/signals";
import type { Me, Session, SignIn, SignUp } from "../contract/identity.ts";
import { Refusal, type RequestOptions, send } from "./http.ts";
import { locale } from "./words.ts";

const KEY = "me";

/** The person signed in here, as last known; `null` for nobody. */
export const me = signal<Me | null>(readStored());

/** Whether the last request found the service. */
export const isOnline = signal(navigator.onLine);

let token: { value: string; staleAt: number } | undefined;

effect(() => {
  if (me.value) localStorage.setItem(KEY, JSON.stringify(me.value));
  else localStorage.removeItem(KEY);
});

// What another tab does counts here too.
addEventListener("storage", ({ key }) => {
  if (key === KEY || key === null) me.value = readStored();
});
addEventListener("online", () => isOnline.value = true);
addEventListener("offline", () => isOnline.value = false);

/** Asks as the person signed in, renewing the session when it is due. Throws {@link Refusal}; a session that is over ends here. */
export async function call<Answer = void>(method: string, path: string, options?: RequestOptions): Promise<Answer> {
  try {
    const answer = await ask<Answer>(method, path, options);
    isOnline.value = true;
    return answer;
  } catch (error) {
    if (error instanceof Refusal) isOnline.value = error.code !== "offline";
    throw error;
  }
}

async function ask<Answer>(method: string, path: string, options?: RequestOptions): Promise<Answer> {
  try {
    return await send<Answer>(method, path, { ...options, token: await accessToken() });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "unauthenticated" || !me.value) throw error;
    token = undefined;
    return await send<Answer>(method, path, { ...options, token: await accessToken() });
  }
}

/** A token that is good for a minute at least; none when nobody is signed in. Throws {@link Refusal}. */
export async function accessToken(): Promise<string | undefined> {
  if (!me.value) return undefined;
  if (!token || token.staleAt < Date.now()) await renew();
  return token?.value;
}

let renewing: Promise<void> | undefined;

/** A refresh token works once: tabs take turns, and one of them asks once however many wait. */
function renew(): Promise<void> {
  return renewing ??= navigator.locks.request("session", askForSession).finally(() => renewing = undefined);
}

async function askForSession(): Promise<void> {
  await answerToPageLeft();
  localStorage.setItem(ASKED_AT, String(Date.now()));
  const session = await send<Session>("POST", "/api/auth/refresh", { body: {}, keepalive: true }).catch((error) => {
    if (!(error instanceof Refusal) || error.status !== 401) throw error;
    return null;
  });
  localStorage.removeItem(ASKED_AT);
  if (session) keep(session);
  else forget();
}

/** Since when a page has been asking for the next token, or has asked without an answer. */
const ASKED_AT = "session-asked-at";
/** A request ends within this; its answer is mostly there within that, once the page that asked has been left. */
const ASKING_MS = 20_000, ANSWER_MS = 2_000;

/** A page that is left while it asks loses its turn, but the browser still gets the answer: the next token is in it. */
async function answerToPageLeft(): Promise<void> {
  const sinceMs = Date.now() - Number(localStorage.getItem(ASKED_AT));
  if (sinceMs < ASKING_MS) await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
}

function keep({ accessToken, expiresInS, user }: Session): void {
  token = { value: accessToken, staleAt: Date.now() + (expiresInS - 60) * 1_000 };
  learn(user);
}

/** Takes over what the service said of the person signed in. */
export function learn(user: Me): void {
  if (JSON.stringify(user) !== JSON.stringify(me.peek())) me.value = user;
  locale.value = user.locale;
}

/** Forgets the session here. The service is not told. */
export function forget(): void {
  token = undefined;
  me.value = null;
}

/** Makes an account and signs in. Throws {@link Refusal}. */
export async function signUp(account: Omit<SignUp, "refreshTransport">): Promise<void> {
  keep(await send<Session>("POST", "/api/auth/signup", { body: { ...account, refreshTransport: "cookie" } }));
}

/** Throws {@link Refusal}. */
export async function signIn(account: Omit<SignIn, "refreshTransport">): Promise<void> {
  keep(await send<Session>("POST", "/api/auth/signin", { body: { ...account, refreshTransport: "cookie" } }));
}

/** Ends this session, or all of the person's. Throws {@link Refusal} when the service could not be told. */
export async function signOut({ everywhere = false } = {}): Promise<void> {
  await call("POST", "/api/auth/signout", { body: { everywhere } });
  forget();
}

function readStored(): Me | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}
