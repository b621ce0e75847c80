/** The service worker in a real browser: the client offline, newer versions of it, and pushes. */
import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import { fanAndLeader } from "./client_fans.ts";
import { assertAccessible, clientTest, openPhone, testClient } from "./client_world.ts";
import { poll, signUp } from "./harness.ts";
import { openPushService } from "./push_world.ts";

const pushes = openPushService();
Deno.test.afterAll(async () => await pushes[Symbol.asyncDispose]());
const world = testClient({ PUSH_LOCAL_HOSTS: pushes.host }), { service } = world;

clientTest(
  "after one visit the client opens offline at any of its screens, and no answer of the API is kept",
  async () => {
    await using phone = await openPhone(world, { person: await signUp(service) });
    const { page } = phone;
    await phone.open("/alerts");
    await page.evaluate("navigator.serviceWorker.ready");
    await page.context().setOffline(true);
    await phone.open("/alerts/preferences");
    await page.getByText("오프라인이에요").waitFor();
    assert.equal(await page.evaluate("getComputedStyle(document.querySelector('nav')).position"), "fixed");
    const kept = await page.evaluate<string[]>(`
    caches.keys().then((names) => Promise.all(names.map(async (name) => await (await caches.open(name)).keys())))
      .then((all) => all.flat().map(({ url }) => new URL(url).pathname))`);
    assert.ok(kept.includes("/") && kept.every((path) => path === "/" || path.startsWith("/client/")), kept.join());
    await page.context().setOffline(false);
    await page.getByRole("checkbox", { name: "파티 취소 · 푸시" }).waitFor();
  },
);

clientTest(
  "a newer version is offered to a page that is open, and taken over once no other page needs the old one",
  async () => {
    await using site = openReleases(service.url);
    await using phone = await openPhone({ ...world, service: { ...service, url: site.url } });
    const { page } = phone, other = await page.context().newPage();
    await phone.open("/signin");
    await other.goto("/signin");
    await page.evaluate("navigator.serviceWorker.ready");
    const [old] = await cachesOf(page);
    site.release();
    await page.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.update())");
    await page.getByRole("button", { name: "새 버전이 준비됐어요" }).click();
    await page.waitForFunction(`document.querySelector("script[src]").src.includes("newer")`);
    await phone.open("/signin");
    await phone.open("/signup");
    assert.equal((await cachesOf(page)).length, 2);
    await other.close();
    await page.reload();
    await poll(async () => (await cachesOf(page)).length === 1);
    assert.notDeepEqual(await cachesOf(page), [old]);
    await page.context().setOffline(true);
    await phone.open("/signup");
  },
);

clientTest(
  "pushes come to whoever asked for them by a tap, are shown by the worker, lead to their page, and end",
  async () => {
    const { fan, name, open, cancel } = await fanAndLeader(service), device = await pushes.addBrowser();
    const quiet = { types: {}, quietHours: null };
    await service.call("PUT", "/api/me/alert-preferences", { token: fan.token, body: quiet });
    await using phone = await openPhone(world, { person: fan });
    const { page } = phone;
    await standInForBrowser(page, device.json);
    await phone.open("/alerts/preferences");
    await page.getByRole("button", { name: "푸시 켜기" }).waitFor();
    assert.equal(await page.evaluate("Notification.permission"), "default");
    await page.getByRole("button", { name: "푸시 켜기" }).click();
    await page.getByRole("button", { name: "푸시 끄기" }).waitFor();
    await assertAccessible(page);
    const shown = await standInForNotifications(page.context());
    const party = await open();
    await poll(() => device.received.length === 1);
    await deliver(page, device.received[0]!.payload);
    await poll(async () => (await shown.titles()).join() === `${name} 파티가 열렸어요`);
    await cancel(party);
    await poll(() => device.received.length === 2);
    await deliver(page, device.received[1]!.payload);
    // How the party stands now, in place of how it stood.
    await poll(async () => (await shown.titles()).join() === "파티가 취소됐어요");
    await shown.tap();
    await page.waitForURL(`**/parties/${party.id}`);
    const inbox = async () => (await service.call("GET", "/api/alerts?unread=true", { token: fan.token })).body;
    await poll(async () => (await inbox()).unreadCount === 1);

    await phone.open("/alerts");
    await page.getByRole("button", { name: "푸시 끄기" }).click();
    await page.getByRole("button", { name: "푸시 켜기" }).waitFor();
    const [row] = await service.sql`select count(*)::int as count from push_subscriptions where user_id = ${fan.id}`;
    assert.equal(row!.count, 0);
  },
);

const cachesOf = (page: Page) => page.evaluate<string[]>("caches.keys()");

/** The service, of which there is a newer version from some moment on: its script has another name. */
function openReleases(url: string) {
  let isNewer = false;
  const newer = (text: string) => isNewer ? text.replaceAll(/app-\w+\.js/g, "app-newer12345.js") : text;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    const page = await (await fetch(`${url}/`)).text(), [script] = page.match(/app-\w+\.js/)!;
    const path = pathname.replace("app-newer12345.js", script);
    const answer = await fetch(url + path + search, { method: request.method, headers: request.headers });
    const isText = path === "/sw.js" || answer.headers.get("content-type")?.startsWith("text/html");
    const headers = new Headers(answer.headers);
    for (const name of ["content-length", "content-encoding"]) headers.delete(name);
    return new Response(isText ? newer(await answer.text()) : answer.body, { status: answer.status, headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    release: () => void (isNewer = true),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/**
 * What a headless browser lacks: somebody who is asked for leave, and a push service. The subscription is one of the test's
 * own push service, as a browser makes it.
 */
async function standInForBrowser(page: Page, subscription: { endpoint: string }): Promise<void> {
  await page.addInitScript(`{
    const json = ${JSON.stringify(subscription)}, kept = (key) => localStorage.getItem(key);
    const subscription = {
      ...json,
      toJSON: () => json,
      unsubscribe: () => Promise.resolve(localStorage.removeItem("subscribed")),
    };
    Object.defineProperty(Notification, "permission", { get: () => kept("leave") ?? "default" });
    Notification.requestPermission = () => Promise.resolve(localStorage.setItem("leave", "granted"));
    PushManager.prototype.subscribe = () => {
      localStorage.setItem("subscribed", "yes");
      return Promise.resolve(subscription);
    };
    PushManager.prototype.getSubscription = () => Promise.resolve(kept("subscribed") ? subscription : null);
  }`);
}

/** What else it lacks: it shows no notifications. Those of the worker are kept by their tags, and the last is tapped. */
async function standInForNotifications(context: BrowserContext) {
  const [worker] = context.serviceWorkers();
  await worker!.evaluate(`{
    self.shown = new Map();
    registration.showNotification = (title, options) => Promise.resolve(shown.set(options.tag, { title, ...options }));
  }`);
  return {
    titles: () => worker!.evaluate<string[]>("[...shown.values()].map(({ title }) => title)"),
    tap: () =>
      worker!.evaluate(`{
        const notification = { ...[...shown.values()].at(-1), close: () => shown.clear() };
        dispatchEvent(Object.assign(new Event("notificationclick"), { notification, waitUntil: () => {} }));
      }`),
  };
}

/** Delivers a push to the worker as a push service would. */
async function deliver(page: Page, payload: unknown): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const { promise, resolve } = Promise.withResolvers<string>();
  cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: [registration] }) => {
    if (registration) resolve(registration.registrationId);
  });
  await cdp.send("ServiceWorker.enable");
  const message = { origin: new URL(page.url()).origin, registrationId: await promise, data: JSON.stringify(payload) };
  await cdp.send("ServiceWorker.deliverPushMessage", message);
  await cdp.detach();
}
