/**
 * The alert stream as Chromium's own `EventSource` reads it, on a page of an allowed origin, over the death of its node.
 * It cannot send headers of its own. So one page has its requests signed on their way, and leaves all the rest to the
 * browser; the other takes tickets, which work once, and so opens a stream of its own accord each time, at the next node.
 *
 * What fails it, each taken out once: the header Last-Event-ID (`lastEventId(c) ??` in routes/alerts.ts), the address'
 * parameter of that name, CORS for the allowed origin.
 */
import assert from "node:assert/strict";
import type { BrowserContext } from "playwright-core";
import { v7 } from "uuid";
import { readConfig } from "../adapters/config.ts";
import { openDeps } from "../main.ts";
import { allTold, leaderWithAlerts, type Neighbour, type World } from "./alert_world.ts";
import { hasBrowser, openBrowser, openPage, openSite, type Site } from "./browser.ts";
import { clearQueues, createDatabase, environmentOf, movableClock, poll } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { quietLog as log } from "./quiet_log.ts";

/** What a page has been told by its stream. */
interface Told {
  event: "open" | "ready" | "alert";
  seq?: number;
  id?: string;
}

/** In the page: to the log of {@link openPage}. */
declare function told(what: Told): Promise<void>;

/** Three processes and a browser start and die here, beside other tests. */
const PATIENCE = { timeoutMs: 40_000 };

Deno.test({
  name: "Chromium's EventSource goes on where it was when its node is killed, with each alert once and in order",
  ignore: !hasBrowser,
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const site = stack.use(openSite());
    const { world, node, other } = await openNodes(stack, site);
    const browser = stack.use(await openBrowser());
    const { leader, alert, party } = await leaderWithAlerts(world, 2);
    const signed = await readSigned(browser, site, node.url, leader);
    const moving = await readByTickets(browser, site, [node.url, other.url], leader);
    const hear = (count: number, ...logs: Told[][]) =>
      poll(() => logs.every((each) => alertsOf(each).length >= count), PATIENCE);

    await alert(3);
    await hear(5, signed, moving);
    await node.kill();
    await alert(4);
    await allTold(world, party, PATIENCE.timeoutMs);
    await hear(9, moving);
    assert.equal(alertsOf(signed).length, 5);
    await node.start();
    await hear(9, signed);
    await alert(2);
    await hear(11, signed, moving);

    const rows = await world.sql<{ seq: number; id: string }[]>`
      select seq, event_id as id from alerts where user_id = ${leader.id} order by seq`;
    const inbox = rows.map(({ seq, id }) => ({ event: "alert", seq, id }));
    assert.deepEqual([alertsOf(signed), alertsOf(moving)], [inbox, inbox]);
    const openings = signed.map(({ event }) => event).filter((event) => event !== "alert");
    assert.deepEqual(openings, ["open", "ready", "open", "ready"]);
  },
});

const alertsOf = (log: Told[]) => log.filter(({ event }) => event === "alert");

/** A node that dies and comes back where it was, another that stays, and with RabbitMQ a worker; the world looks on. */
async function openNodes(stack: AsyncDisposableStack, { origin }: Site) {
  const database = stack.use(await createDatabase()), namespace = `browser-${v7().slice(-12)}`;
  const environment = { ...environmentOf({ database, namespace }), ALLOWED_ORIGINS: origin };
  const config = readConfig(environment);
  const deps = await openDeps(config, stack, { log });
  if (config.AMQP_URL) stack.defer(() => clearQueues(config.AMQP_URL!, namespace, database));
  const [first, other, worker] = await Promise.all([
    startNode(environment),
    startNode(environment),
    ...(config.AMQP_URL ? [startNode(environment, "worker")] : []),
  ]);
  for (const each of [other, worker]) stack.use(each);
  let current = first;
  stack.defer(() => current[Symbol.asyncDispose]());
  const { url } = first, { port } = new URL(url);
  const world: World = { deps, sql: deps.sql, clock: movableClock() };
  const start = async () => void (current = await startNode({ ...environment, PORT: port }));
  return { world, node: { url, kill: () => current.kill(), start }, other };
}

/** Opens one stream, which the browser opens again as it sees fit. */
async function readSigned(browser: BrowserContext, site: Site, url: string, { token }: Neighbour): Promise<Told[]> {
  const { page, log } = await openPage<Told>(browser, site, { authorization: `Bearer ${token}` });
  await page.evaluate((url) => {
    const source = new EventSource(`${url}/api/alerts/stream?lastEventId=0`);
    source.onopen = () => told({ event: "open" });
    source.addEventListener("ready", () => told({ event: "ready" }));
    source.addEventListener("alert", ({ data, lastEventId }) => {
      told({ event: "alert", seq: Number(lastEventId), id: JSON.parse(data).id });
    });
  }, url);
  return log;
}

/** Opens a stream at the first node, and whenever one breaks, another at the next with a new ticket. */
async function readByTickets(
  browser: BrowserContext,
  site: Site,
  urls: string[],
  { token }: Neighbour,
): Promise<Told[]> {
  const { page, log } = await openPage<Told>(browser, site);
  await page.evaluate(({ urls, token }) => {
    let opened = 0, last = "0";
    async function open() {
      const url = urls[opened++ % urls.length], headers = { authorization: `Bearer ${token}` };
      const { ticket } = await (await fetch(`${url}/api/auth/tickets`, { method: "POST", headers })).json();
      const source = new EventSource(`${url}/api/alerts/stream?ticket=${ticket}&lastEventId=${last}`);
      source.addEventListener("alert", ({ data, lastEventId }) => {
        last = lastEventId;
        told({ event: "alert", seq: Number(lastEventId), id: JSON.parse(data).id });
      });
      source.onerror = () => {
        source.close();
        open();
      };
    }
    return open();
  }, { urls, token });
  return log;
}
