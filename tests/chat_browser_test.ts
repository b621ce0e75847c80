/**
 * The chat's socket as Chromium's own `WebSocket` speaks it: pages of an allowed origin, and of one that is not.
 *
 * What fails it, each taken out once: the look at the Origin (`requireOwnOrigin` in routes/socket.ts), taking the ticket
 * before that look, CORS for the allowed origin, CORS for that one alone.
 */
import assert from "node:assert/strict";
import type { BrowserContext, Page } from "playwright-core";
import type { ClientFrame, ServerFrame } from "../contract/chat.ts";
import { hasBrowser, openBrowser, openPage, openSite, type Site } from "./browser.ts";
import type { Frame } from "./chat_client.ts";
import { openRoom, readLog } from "./chat_world.ts";
import { type Person, poll, signUpAll, startAnotherNode, startTestService, type TestService } from "./harness.ts";

/** What a page is told: by its sockets, or that one of them has ended. */
type Told = ServerFrame | { type: "closed"; code: number; opened: boolean };

/** In the page: to the log of {@link openPage}. */
declare function told(what: Told): Promise<void>;

/** A node that allows a site's pages, and a browser to open them in. */
async function openWorld(stack: AsyncDisposableStack) {
  const site = stack.use(openSite()), environment = { ALLOWED_ORIGINS: site.origin };
  const service = stack.use(await startTestService({ environment }));
  return { site, environment, service, browser: stack.use(await openBrowser()) };
}

Deno.test({
  name:
    "Chromium's WebSocket speaks moajang.v1: welcomed by ticket or hello, it sends, is acked, and hears every entry",
  ignore: !hasBrowser,
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const { site, environment, service, browser } = await openWorld(stack);
    const other = stack.use(await startAnotherNode(service, { environment }));
    const [leader, member] = await signUpAll(service, 2) as [Person, Person];
    const partyId = await openRoom(service, leader, [member]);
    const hers = await connect(browser, site, service, { ticket: await newTicket(service, leader) });
    const his = await connect(browser, site, other);
    await poll(his.isOpen);
    await his.say({ type: "hello", accessToken: member.token });
    for (const [page, { id }] of [[hers, leader], [his, member]] as const) {
      assert.equal((await page.heard("welcome")).userId, id);
      await page.say({ type: "subscribe", partyId, after: 0 });
      await page.heard("subscribed");
    }
    await hers.say({ type: "send", partyId, clientMsgId: "first", text: "정문에서 만나요" });
    const { seq, clientMsgId } = await hers.heard("ack");
    assert.deepEqual([seq, clientMsgId], [2, "first"]);
    await his.heard("entry", (entry) => entry.seq === 2);
    await his.say({ type: "send", partyId, clientMsgId: "second", text: "네, 곧 갈게요" });
    assert.equal((await his.heard("ack")).seq, 3);
    const log = await readLog(service, leader, partyId);
    assert.deepEqual(log.map(({ text }) => text).slice(1), ["정문에서 만나요", "네, 곧 갈게요"]);
    for (const page of [hers, his]) {
      await page.heard("entry", (entry) => entry.seq === 3);
      assert.equal(await page.protocol(), "moajang.v1");
      assert.deepEqual(page.entries(), log);
    }
  },
});

Deno.test({
  name:
    "a page of an origin that is not allowed gets no socket, a good ticket in hand, and reads no answer and no stream",
  ignore: !hasBrowser,
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const { site, service, browser } = await openWorld(stack), foreign = stack.use(openSite());
    const [person] = await signUpAll(service, 1) as [Person];
    const ticket = await newTicket(service, person);
    for (const credentials of [{ ticket }, {}]) {
      const { log } = await connect(browser, foreign, service, credentials);
      await poll(() => log.length > 0);
      assert.deepEqual(log, [{ type: "closed", code: 1006, opened: false }]);
    }
    const own = await connect(browser, site, service, { ticket });
    assert.equal((await own.heard("welcome")).userId, person.id, "the ticket is still good");

    const urls = { answer: `${service.url}/api/regions`, stream: `${service.url}/api/alerts/stream` };
    for (const [from, expected] of [[site, ["200", "ready"]], [foreign, ["TypeError", "error"]]] as const) {
      const { page } = await openPage(browser, from);
      assert.deepEqual(await read(page, { ...urls, ticket: await newTicket(service, person) }), expected);
    }
  },
});

async function newTicket(service: TestService, { token }: Person): Promise<string> {
  return (await service.call("POST", "/api/auth/tickets", { token })).body.ticket;
}

/** What a page gets for an answer and for a stream. */
async function read(page: Page, urls: { answer: string; stream: string; ticket: string }): Promise<string[]> {
  return await page.evaluate(async ({ answer, stream, ticket }) => {
    const status = await fetch(answer).then(({ status }) => `${status}`, ({ name }) => name);
    const source = new EventSource(`${stream}?ticket=${ticket}`);
    const first = await new Promise<string>((resolve) => {
      for (const name of ["ready", "error"]) source.addEventListener(name, () => resolve(name));
    });
    source.close();
    return [status, first];
  }, urls);
}

/** Opens a socket on a page of the site's own, and says what it is told. */
async function connect(
  browser: BrowserContext,
  site: Site,
  { wsUrl }: TestService,
  { ticket }: { ticket?: string } = {},
) {
  const { page, log } = await openPage<Told>(browser, site);
  const socket = await page.evaluateHandle((url) => {
    const socket = new WebSocket(url, "moajang.v1");
    let opened = false;
    socket.onopen = () => opened = true;
    socket.onmessage = ({ data }) => told(JSON.parse(data));
    socket.onclose = ({ code }) => told({ type: "closed", code, opened });
    return socket;
  }, ticket ? `${wsUrl}?ticket=${ticket}` : wsUrl);
  return {
    log,
    isOpen: () => socket.evaluate(({ readyState }) => readyState === WebSocket.OPEN),
    protocol: () => socket.evaluate(({ protocol }) => protocol),
    say: (frame: ClientFrame) => socket.evaluate((socket, text) => socket.send(text), JSON.stringify(frame)),
    heard: <Type extends ServerFrame["type"]>(type: Type, check: (frame: Frame<Type>) => boolean = () => true) =>
      poll(() => log.find((each): each is Frame<Type> => each.type === type && check(each as Frame<Type>))),
    entries: () => log.filter((each) => each.type === "entry").map(({ type: _, ...entry }) => entry),
  };
}
