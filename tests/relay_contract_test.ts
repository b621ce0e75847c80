/** What `Relay` promises, kept by every adapter. */
import assert from "node:assert/strict";
import { openMemoryRelay } from "../adapters/relay_memory.ts";
import { openRedisRelay } from "../adapters/relay_redis.ts";
import { within } from "../adapters/within.ts";
import type { Log, Relay } from "../services/ports.ts";
import { quietLog } from "./quiet_log.ts";

const url = Deno.env.get("REDIS_URL");

/** Two nodes of one system; embedded there is but one. */
interface Nodes extends AsyncDisposable {
  here: Relay;
  there: Relay;
}

const adapters: Record<string, { ignore: boolean; open(log?: Log): Promise<Nodes> }> = {
  memory: {
    ignore: false,
    open(log = quietLog) {
      const relay = openMemoryRelay({ log });
      return Promise.resolve({ here: relay, there: relay, [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() });
    },
  },
  redis: {
    ignore: !url,
    async open(log = quietLog) {
      const stack = new AsyncDisposableStack();
      const namespace = `test-${crypto.randomUUID()}`;
      const [here, there] = await Promise.all([
        openRedisRelay({ url: url!, namespace, log }),
        openRedisRelay({ url: url!, namespace, log }),
      ]);
      stack.use(here);
      stack.use(there);
      return { here, there, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    },
  },
};

/** Collects messages, and waits for them. */
function inbox() {
  const messages: string[] = [];
  let arrived = Promise.withResolvers<void>();
  return {
    messages,
    listener(message: string) {
      messages.push(message);
      arrived.resolve();
    },
    async until(last: string): Promise<string[]> {
      while (messages.at(-1) !== last) {
        arrived = Promise.withResolvers();
        await within(5_000, last, arrived.promise);
      }
      return messages;
    },
  };
}

for (const [name, { ignore, open }] of Object.entries(adapters)) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test({ name: `relay (${name}): ${promise}`, ignore, fn });

  test("a message reaches every subscriber of its channel on every node, in the publisher's order", async () => {
    await using nodes = await open();
    const boxes = [inbox(), inbox(), inbox(), inbox()];
    for (const [i, box] of boxes.entries()) {
      await (i % 2 ? nodes.here : nodes.there).subscribe("chat.1", box.listener);
    }
    const messages = Array.from({ length: 500 }, (_, i) => `${i} 안녕`);
    await Promise.all(messages.map((message) => nodes.here.publish("chat.1", message)));
    for (const box of boxes) assert.deepEqual(await box.until(messages.at(-1)!), messages);
  });

  test("no other channel hears a message", async () => {
    await using nodes = await open();
    const [mine, other] = [inbox(), inbox()];
    await nodes.here.subscribe("chat.1", mine.listener);
    await nodes.here.subscribe("chat.11", other.listener);
    await nodes.there.publish("chat.1", "one");
    await mine.until("one");
    await nodes.there.publish("chat.11", "eleven");
    assert.deepEqual(await other.until("eleven"), ["eleven"]);
    assert.deepEqual(mine.messages, ["one"]);
  });

  test("a message never arrives within the publish call itself", async () => {
    await using nodes = await open();
    const box = inbox();
    await nodes.here.subscribe("chat.1", box.listener);
    const published = nodes.here.publish("chat.1", "hello");
    assert.deepEqual(box.messages, []);
    await Promise.all([published, box.until("hello")]);
  });

  test("what was published before a subscription, or after its end, does not arrive", async () => {
    await using nodes = await open();
    const [box, witness] = [inbox(), inbox()];
    await nodes.there.subscribe("chat.1", witness.listener);
    await nodes.there.publish("chat.1", "too early");
    const subscription = await nodes.here.subscribe("chat.1", box.listener);
    await nodes.there.publish("chat.1", "in time");
    await box.until("in time");
    await subscription[Symbol.asyncDispose]();
    await nodes.there.publish("chat.1", "too late");
    await witness.until("too late");
    assert.deepEqual(box.messages, ["in time"]);
  });

  test("a message on its way does not reach who has left meanwhile", async () => {
    await using nodes = await open();
    const [box, witness] = [inbox(), inbox()];
    const subscription = await nodes.here.subscribe("chat.1", box.listener);
    await nodes.here.subscribe("chat.1", witness.listener);
    const published = nodes.here.publish("chat.1", "hello");
    await subscription[Symbol.asyncDispose]();
    await Promise.all([published, witness.until("hello")]);
    assert.deepEqual(box.messages, []);
  });

  test("one listener given twice hears twice, and each of the two ends alone", async () => {
    await using nodes = await open();
    const box = inbox();
    const first = await nodes.here.subscribe("chat.1", box.listener);
    const second = await nodes.here.subscribe("chat.1", box.listener);
    await nodes.there.publish("chat.1", "both");
    await box.until("both");
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await nodes.there.publish("chat.1", "one");
    await box.until("one");
    await second[Symbol.asyncDispose]();
    assert.deepEqual(box.messages, ["both", "both", "one"]);
  });

  test("a listener that throws is logged and harms nobody", async () => {
    const errors: unknown[] = [];
    await using nodes = await open({ ...quietLog, error: (_, fields) => errors.push(fields?.error) });
    const box = inbox();
    const fault = new Error("a listener's own fault");
    await nodes.here.subscribe("chat.1", () => {
      throw fault;
    });
    await nodes.here.subscribe("chat.1", box.listener);
    await nodes.here.publish("chat.1", "one");
    await nodes.here.publish("chat.1", "two");
    assert.deepEqual(await box.until("two"), ["one", "two"]);
    assert.deepEqual(errors, [fault, fault]);
  });

  test("a listener may leave, and another come, while a message is being delivered", async () => {
    await using nodes = await open();
    const [leaver, comer, witness] = [inbox(), inbox(), inbox()];
    const own: AsyncDisposable = await nodes.here.subscribe("chat.1", (message) => {
      leaver.listener(message);
      void own[Symbol.asyncDispose]();
      void nodes.here.subscribe("chat.1", comer.listener).then(() => nodes.here.publish("chat.1", "two"));
    });
    await nodes.here.subscribe("chat.1", witness.listener);
    await nodes.here.publish("chat.1", "one");
    assert.deepEqual(await comer.until("two"), ["two"]);
    assert.deepEqual(await witness.until("two"), ["one", "two"]);
    assert.deepEqual(leaver.messages, ["one"]);
  });

  test("a storm of coming and going on one channel leaves exactly those who stayed", async () => {
    await using nodes = await open();
    const boxes = Array.from({ length: 60 }, inbox);
    const subscriptions: (AsyncDisposable | undefined)[] = [];
    await Promise.all(boxes.map(async ({ listener }, i) => {
      for (let round = 0; round < 5; round++) {
        await (await nodes.here.subscribe("chat.1", listener))[Symbol.asyncDispose]();
      }
      if (i % 3 === 0) subscriptions[i] = await nodes.here.subscribe("chat.1", listener);
    }));
    await nodes.there.publish("chat.1", "who is there");
    await Promise.all(boxes.filter((_, i) => subscriptions[i]).map((box) => box.until("who is there")));
    assert.deepEqual(boxes.map(({ messages }) => messages.length), boxes.map((_, i) => i % 3 === 0 ? 1 : 0));
    for (const subscription of subscriptions) await subscription?.[Symbol.asyncDispose]();
    const late = inbox();
    await nodes.here.subscribe("chat.1", late.listener);
    await nodes.there.publish("chat.1", "the last");
    await late.until("the last");
    assert.deepEqual(boxes.flatMap(({ messages }) => messages), boxes.flatMap((_, i) => i % 3 ? [] : ["who is there"]));
  });

  test("it answers while open, and refuses once closed", async () => {
    const nodes = await open();
    await nodes.here.ping();
    await nodes[Symbol.asyncDispose]();
    await assert.rejects(nodes.here.ping());
    await assert.rejects(nodes.here.publish("chat.1", "nobody hears"));
  });
}
