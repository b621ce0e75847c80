/**
 * The service worker: keeps the client on the device so that it opens offline, and shows what is pushed. The build puts
 * `self.FILES`, the names of the files under /client/, in front of it. It imports no code: it is one script.
 */
import type { SCREENS } from "../contract/screens.ts";
import type { FromWorker, ToWorker } from "./live/worker_words.ts";

/** What a worker has beyond what a page has. */
interface Worker {
  readonly FILES: string[];
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: "window"; includeUncontrolled: true }): Promise<WindowClient[]>;
    openWindow(url: string): Promise<unknown>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener<Type extends keyof Events>(type: Type, listener: (event: Events[Type]) => void): void;
}
interface Client {
  postMessage(message: FromWorker): void;
}
interface WindowClient extends Client {
  readonly url: string;
  readonly focused: boolean;
  focus(): Promise<unknown>;
}
interface Events {
  install: Extendable;
  activate: Extendable;
  fetch: Extendable & { readonly request: Request; respondWith(answer: Promise<Response>): void };
  message: Extendable & { readonly data: ToWorker; readonly source: Client };
  push: Extendable & { readonly data: { json(): Pushed } | null };
  notificationclick: Extendable & { readonly notification: Notification & { readonly data: Followed } };
}
interface Extendable {
  waitUntil(work: Promise<unknown>): void;
}
/** What the service pushes of an alert. */
interface Pushed {
  id: string;
  type: string;
  title: string;
  body: string;
  url: string;
}
/** What a notification leads to. */
type Followed = Pick<Pushed, "id" | "url">;

const worker = self as unknown as Worker;
/** Other files, another cache: a page is kept with the very files that it names. */
const CACHE = `client ${worker.FILES.join(" ")}`;

worker.addEventListener("install", (event) => event.waitUntil(keepShell()));
worker.addEventListener("activate", (event) => event.waitUntil(beginAnew()));
worker.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request, { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/client/")) event.respondWith(keptOrFetched(event.request));
  else if (mode === "navigate" && isScreen(pathname)) event.respondWith(page(event.request));
});
worker.addEventListener("message", (event) => event.waitUntil(meet(event.data, event.source)));
worker.addEventListener("push", (event) => {
  if (event.data) event.waitUntil(show(event.data.json()));
});
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(follow(event.notification.data));
});

/** All or nothing. The browser tries again later; a page that names other files is of another version, as while one is replaced. */
async function keepShell(): Promise<void> {
  const cache = await caches.open(CACHE);
  const shell = await fetch("/", { cache: "no-cache" }), text = await shell.clone().text();
  const named = [...text.matchAll(/\/client\/([\w.-]+)/g)].map(([, name]) => name!);
  if (!shell.ok || !named.every((name) => worker.FILES.includes(name))) {
    throw new Error("The page is of another version");
  }
  await cache.addAll(worker.FILES.map((name) => `/client/${name}`));
  await cache.put("/", shell);
}

async function beginAnew(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/**
 * Takes over where the only page that is open is of this version: one of another version may yet ask for files of its own.
 * Until then this worker waits for them to be closed.
 */
async function meet({ script }: ToWorker, page: Client): Promise<void> {
  if (!worker.FILES.includes(script)) return page.postMessage({ kind: "newer" });
  if ((await windows()).length <= 1) await worker.skipWaiting();
}

const NETWORK_MS = 3_000;

/** The service's page when it comes soon, else the one that is kept. */
async function page(request: Request): Promise<Response> {
  const fetched = fetch(request);
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, NETWORK_MS));
  const inTime = await Promise.race([fetched.catch(() => undefined), late]);
  if (inTime && inTime.status < 500) return inTime;
  return await caches.match("/", { cacheName: CACHE }) ?? await fetched;
}

async function keptOrFetched(request: Request): Promise<Response> {
  // Scripts are asked for with an Origin, on which no file depends.
  return await caches.match(request, { ignoreVary: true }) ?? await fetch(request);
}

type HeadOf<Path> = Path extends `/${infer Head}/${string}` ? Head : Path extends `/${infer Head}` ? Head : never;

/** A screen whose address begins in another way does not compile. */
const HEADS: Record<HeadOf<(typeof SCREENS)[keyof typeof SCREENS]>, true> = {
  "": true,
  admin: true,
  alerts: true,
  chats: true,
  me: true,
  neighbourhood: true,
  parties: true,
  search: true,
  signin: true,
  signup: true,
  users: true,
};

/** Other pages of the service are not the client's to stand in for. */
function isScreen(pathname: string): boolean {
  return Object.hasOwn(HEADS, pathname.split("/")[1]!);
}

/** How a party stands replaces what stood before; of what concerns persons only the same alert does, come twice. */
async function show({ id, type, title, body, url }: Pushed): Promise<void> {
  const isStateOfParty = type.startsWith("party.");
  const options = {
    body,
    tag: isStateOfParty ? url : id,
    renotify: isStateOfParty,
    data: { id, url } satisfies Followed,
    icon: `/client/${worker.FILES.find((name) => name.startsWith("icon-"))}`,
  };
  await worker.registration.showNotification(title, options);
}

/** Leads a window that is open there, so that nothing in it is lost, or opens one. */
async function follow({ id, url }: Followed): Promise<void> {
  const target = new URL(url, location.origin);
  if (target.origin !== location.origin) return;
  const open = (await windows()).filter((each) => isScreen(new URL(each.url).pathname));
  const window = open.find(({ focused }) => focused) ?? open[0];
  if (!window) return void await worker.clients.openWindow(target.href);
  window.postMessage({ kind: "follow", alertId: id, path: target.pathname + target.search });
  // Refused by some browsers where another window has the focus.
  await window.focus().catch(() => {});
}

function windows(): Promise<WindowClient[]> {
  return worker.clients.matchAll({ type: "window", includeUncontrolled: true });
}
