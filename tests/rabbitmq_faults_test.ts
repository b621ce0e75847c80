/** The region queues on a RabbitMQ that is cut off, falls silent, is away, and loses queues. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { openRabbitQueue } from "../adapters/queue_rabbitmq.ts";
import { openRabbitLink } from "../adapters/rabbitmq_connection.ts";
import { rabbitConsume } from "../adapters/rabbitmq_consumer.ts";
import { declareRegion, topologyOf } from "../adapters/rabbitmq_topology.ts";
import { within } from "../adapters/within.ts";
import { isStoreDown } from "../services/availability.ts";
import type { Queue, QueueMessage } from "../services/ports.ts";
import { type Broker, openBroker } from "./broker.ts";
import { openFaultProxy } from "./fault_proxy.ts";
import { poll } from "./poll.ts";
import { quietLog as log } from "./quiet_log.ts";

const url = Deno.env.get("AMQP_URL");
const REGION = "41135";

function test(promise: string, fn: (broker: Broker) => Promise<void>): void {
  Deno.test({
    name: `rabbitmq: ${promise}`,
    ignore: !url,
    async fn() {
      await using broker = await openBroker(url!, [REGION]);
      await fn(broker);
    },
  });
}

function message(id: string | number): QueueMessage {
  return { id: String(id), type: "party.created", body: `{"n":"${id}"}` };
}

/** The ids that a publish has promised to be in the queue. */
async function publishAll(queue: Queue, messages: QueueMessage[]): Promise<string[]> {
  const publishing = messages.map((each) => queue.publish(REGION, each));
  const results = await within(10_000, "publishing", Promise.allSettled(publishing));
  return messages.filter((_, i) => results[i]!.status === "fulfilled").map(({ id }) => id);
}

/** Takes from the queue until every id has come; fails with those that have not within 5 s. */
async function assertKept(queue: Queue, ids: string[]): Promise<void> {
  const missing = new Set(ids);
  await using _ = await queue.consume(REGION, { prefetch: 200 }, ({ id }) => Promise.resolve(void missing.delete(id)));
  await poll(() => missing.size === 0, { timeoutMs: 5_000 }).catch(() => {});
  assert.deepEqual([...missing], []);
}

test("whatever is cut while 2,000 are published, each publish that resolved is in the queue", async (broker) => {
  await using proxy = await openFaultProxy(url!);
  await using queue = await openRabbitQueue({ url: proxy.url, namespace: broker.namespace, log });
  const confirmed: string[] = [];
  let refused = 0;
  for (let batch = 0; batch < 8; batch++) {
    const messages = Array.from({ length: 250 }, (_, i) => message(`${batch}-${i}`));
    if (batch % 2) proxy.cutAfter(20_000);
    const ids = await publishAll(queue, messages);
    proxy.cutAfter(Infinity);
    confirmed.push(...ids);
    refused += messages.length - ids.length;
    await poll(() => queue.ping().then(() => true, () => false), { timeoutMs: 5_000 });
  }
  assert.ok(refused > 0, "nothing was cut");
  assert.ok(confirmed.length >= 1_000, `${confirmed.length}`);
  await using direct = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  await assertKept(direct, confirmed);
});

test("a queue deleted between publishes is declared again, and nothing published to the new one is lost", async (broker) => {
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  for (let round = 0; round < 3; round++) {
    await queue.publish(REGION, message(`old ${round}`));
    await broker.deleteQueue(REGION);
    const messages = Array.from({ length: 300 }, (_, i) => message(`${round}-${i}`));
    const ids = await publishAll(queue, messages);
    assert.equal(ids.length, 300);
    await assertKept(queue, ids);
  }
});

test("a queue deleted amid publishes stops none of those that come after, refused ones published again", async (broker) => {
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  await queue.publish(REGION, message("first"));
  const during = publishAll(queue, Array.from({ length: 500 }, (_, i) => message(`during ${i}`)));
  await broker.deleteQueue(REGION);
  const after = Array.from({ length: 500 }, (_, i) => message(`after ${i}`));
  const confirmed = new Set<string>();
  await poll(async () => {
    const ids = await publishAll(queue, after.filter(({ id }) => !confirmed.has(id)));
    for (const id of ids) confirmed.add(id);
    return confirmed.size === 500;
  });
  await during;
  await assertKept(queue, [...confirmed]);
});

test("a publish that no queue takes is not believed: the binding is made again", async (broker) => {
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  await queue.publish(REGION, message("first"));
  const region = `${broker.namespace}.region.${REGION}`;
  await broker.connection.queueUnbind({
    exchange: `${broker.namespace}.events`,
    queue: region,
    routingKey: `#.${REGION}`,
  });
  await queue.publish(REGION, message("second"));
  assert.equal(await broker.waiting(REGION), 2);
});

test("exchanges deleted under a publisher are declared again", async (broker) => {
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  await queue.publish(REGION, message("first"));
  await broker.connection.exchangeDelete({ exchange: `${broker.namespace}.events` });
  const ids = await publishAll(queue, Array.from({ length: 50 }, (_, i) => message(i)));
  assert.equal(ids.length, 50);
  await assertKept(queue, ids);
});

test("a consumer whose queue is deleted consumes again within 2 s, whoever publishes meanwhile", async (broker) => {
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  const got: string[] = [];
  await using _ = await queue.consume(REGION, { prefetch: 4 }, ({ id }) => Promise.resolve(void got.push(id)));
  for (let round = 0; round < 3; round++) {
    await queue.publish(REGION, message(`to the old one ${round}`));
    await broker.deleteQueue(REGION);
    const deleted = performance.now();
    await publishAll(queue, Array.from({ length: 20 }, (_, i) => message(`${round}-${i}`)));
    await poll(() => Array.from({ length: 20 }, (_, i) => `${round}-${i}`).every((id) => got.includes(id)));
    assert.ok(performance.now() - deleted < 2_000, `${performance.now() - deleted} ms`);
  }
});

test("a consumer that the broker has lost sight of finds the messages by itself", async (broker) => {
  await using link = openRabbitLink({ url: url!, log });
  const topology = topologyOf(broker.namespace, REGION);
  const got: string[] = [];
  const handler = ({ id }: QueueMessage) => Promise.resolve(void got.push(id));
  const deps = { link, namespace: broker.namespace, log, idleMs: 1_000 };
  await using _ = await rabbitConsume(deps, REGION, { prefetch: 4 }, handler);
  await broker.deleteQueue(REGION);
  await declareRegion(broker.connection, topology);
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  await queue.publish(REGION, message("unseen"));
  await poll(() => got.includes("unseen"), { timeoutMs: 5_000 });
});

test("a consumer that is cut off goes on within 5 s, and gets again what it had not finished", async (broker) => {
  await using proxy = await openFaultProxy(url!);
  await using queue = await openRabbitQueue({ url: proxy.url, namespace: broker.namespace, log });
  const gate = Promise.withResolvers<void>();
  const got: string[] = [];
  await using _ = await queue.consume(REGION, { prefetch: 4 }, async ({ id }) => {
    got.push(id);
    await gate.promise;
  });
  await queue.publish(REGION, message("unfinished"));
  await poll(() => got.length === 1);
  proxy.cut();
  const cut = performance.now();
  gate.resolve();
  await poll(() => got.length === 2);
  await poll(() => queue.publish(REGION, message("next")).then(() => true, () => false), { timeoutMs: 5_000 });
  await poll(() => got.length >= 3);
  assert.ok(performance.now() - cut < 5_000, `${performance.now() - cut} ms`);
  assert.deepEqual(got.slice(0, 3), ["unfinished", "unfinished", "next"]);
});

test("what is not one of ours is a dead letter at once, and its neighbours go on", async (broker) => {
  await using queue = await openRabbitQueue({ url: url!, namespace: broker.namespace, log });
  const got: string[] = [];
  await using _ = await queue.consume(REGION, { prefetch: 1 }, ({ id }) => Promise.resolve(void got.push(id)));
  const publisher = broker.connection.createPublisher({ confirm: true });
  const target = { exchange: `${broker.namespace}.events`, routingKey: `someone.elses.${REGION}` };
  await publisher.send({ ...target, type: "no id", contentEncoding: "utf-8" }, Buffer.from("{}"));
  await publisher.send({ ...target, messageId: "1", type: "no UTF-8" }, Buffer.from([0xff, 0xfe]));
  await publisher.send({ ...target, messageId: "2", type: "parsed by the driver" }, { some: "json" });
  await publisher.close();
  await queue.publish(REGION, message("ours"));
  await poll(() => got.length === 1);
  const letters = await poll(async () => {
    const all = await queue.deadLetters(REGION, 10);
    return all.length === 3 && all;
  }, { timeoutMs: 1_500 });
  assert.deepEqual(letters.map(({ type }) => type), ["no id", "no UTF-8", "parsed by the driver"]);
  assert.equal(letters[2]!.body, '{"some":"json"}');
  assert.deepEqual(got, ["ours"]);
});

test("a silent broker is told within 2 s, no publish waits longer than 5 s, and all is well 5 s after", async (broker) => {
  await using proxy = await openFaultProxy(url!);
  await using queue = await openRabbitQueue({ url: proxy.url, namespace: broker.namespace, log });
  const got: string[] = [];
  await using _ = await queue.consume(REGION, { prefetch: 4 }, ({ id }) => Promise.resolve(void got.push(id)));
  await queue.publish(REGION, message("before"));
  proxy.set("stall");
  const started = performance.now();
  const publishing = queue.publish(REGION, message("stalled")).then(
    () => "resolved",
    () => performance.now() - started,
  );
  await assert.rejects(queue.ping(), isStoreDown);
  assert.ok(performance.now() - started < 2_300, `${performance.now() - started} ms`);
  const waited = await publishing;
  assert.ok(typeof waited === "number" && waited < 5_500, `${waited}`);
  proxy.set("pass");
  const returned = performance.now();
  await poll(() => queue.publish(REGION, message("after")).then(() => true, () => false), { timeoutMs: 5_000 });
  await poll(() => got.includes("after"));
  assert.ok(performance.now() - returned < 5_000, `${performance.now() - returned} ms`);
});

test("it opens without a broker, within 3 s, refuses meanwhile, and works when it comes", async (broker) => {
  await using proxy = await openFaultProxy(url!);
  proxy.set("away");
  const started = performance.now();
  await using queue = await openRabbitQueue({ url: proxy.url, namespace: broker.namespace, log });
  assert.ok(performance.now() - started < 3_000);
  await assert.rejects(queue.publish(REGION, message("nowhere")), isStoreDown);
  await assert.rejects(queue.ping(), isStoreDown);
  const got: string[] = [];
  await using _ = await queue.consume(REGION, { prefetch: 4 }, ({ id }) => Promise.resolve(void got.push(id)));
  proxy.set("pass");
  const returned = performance.now();
  await poll(() => queue.publish(REGION, message("first")).then(() => true, () => false), { timeoutMs: 5_000 });
  await poll(() => got.length === 1);
  assert.ok(performance.now() - returned < 5_000, `${performance.now() - returned} ms`);
});
