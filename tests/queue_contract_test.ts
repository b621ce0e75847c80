/** What `Queue` promises, kept by every adapter. */
import assert from "node:assert/strict";
import { openMemoryQueue } from "../adapters/queue_memory.ts";
import { openRabbitQueue } from "../adapters/queue_rabbitmq.ts";
import { DELIVERY_LIMIT, type Queue, type QueueMessage } from "../services/ports.ts";
import { openBroker } from "./broker.ts";
import { poll } from "./poll.ts";
import { quietLog } from "./quiet_log.ts";

const url = Deno.env.get("AMQP_URL");
const [REGION, OTHER] = ["11140", "26110"];

const adapters: Record<string, { ignore: boolean; open(): Promise<{ queue: Queue } & AsyncDisposable> }> = {
  memory: {
    ignore: false,
    open() {
      const queue = openMemoryQueue({ log: quietLog });
      return Promise.resolve({ queue, [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose]() });
    },
  },
  rabbitmq: {
    ignore: !url,
    async open() {
      const stack = new AsyncDisposableStack();
      const { namespace } = stack.use(await openBroker(url!, [REGION, OTHER]));
      const queue = stack.use(await openRabbitQueue({ url: url!, namespace, log: quietLog }));
      return { queue, [Symbol.asyncDispose]: () => stack.disposeAsync() };
    },
  },
};

function message(id: string | number, body = `{"n":"${id}"}`): QueueMessage {
  return { id: String(id), type: "party.created", body };
}

const ids = (messages: QueueMessage[]) => messages.map(({ id }) => id);

for (const [name, { ignore, open }] of Object.entries(adapters)) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test({ name: `queue (${name}): ${promise}`, ignore, fn });

  test("a message comes to its region's consumer as it was, and to no other", async () => {
    await using opened = await open();
    const { queue } = opened;
    const here: QueueMessage[] = [], there: QueueMessage[] = [];
    const sent = { id: "018f-1", type: "chat.opened", body: '{"품목":"감자 🥔","s":"\\u0000:\\n"}' };
    await using _ = await queue.consume(REGION, { prefetch: 8 }, (got) => Promise.resolve(void here.push(got)));
    await using __ = await queue.consume(OTHER, { prefetch: 8 }, (got) => Promise.resolve(void there.push(got)));
    await queue.publish(REGION, sent);
    await queue.publish(OTHER, message("elsewhere"));
    await poll(() => here.length && there.length);
    assert.deepEqual([here, there], [[sent], [message("elsewhere")]]);
  });

  test("what is published before anyone consumes waits, in order", async () => {
    await using opened = await open();
    const { queue } = opened;
    for (let i = 0; i < 20; i++) await queue.publish(REGION, message(i));
    const got: QueueMessage[] = [];
    await using _ = await queue.consume(REGION, { prefetch: 1 }, (each) => Promise.resolve(void got.push(each)));
    await poll(() => got.length === 20);
    assert.deepEqual(ids(got), Array.from({ length: 20 }, (_, i) => `${i}`));
  });

  test("five hundred published at once, and to two consumers, come once each", async () => {
    await using opened = await open();
    const { queue } = opened;
    const first: QueueMessage[] = [], second: QueueMessage[] = [];
    await using _ = await queue.consume(REGION, { prefetch: 5 }, (each) => Promise.resolve(void first.push(each)));
    await using __ = await queue.consume(REGION, { prefetch: 5 }, (each) => Promise.resolve(void second.push(each)));
    await Promise.all(Array.from({ length: 500 }, (_, i) => queue.publish(REGION, message(i))));
    await poll(() => first.length + second.length >= 500);
    assert.equal(new Set(ids([...first, ...second])).size, 500);
    assert.equal(first.length + second.length, 500);
    assert.ok(first.length > 0 && second.length > 0, "one consumer got everything");
  });

  test("no more than the prefetch are unfinished at a time", async () => {
    await using opened = await open();
    const { queue } = opened;
    let unfinished = 0, most = 0, finished = 0;
    const gate = Promise.withResolvers<void>();
    await using _ = await queue.consume(REGION, { prefetch: 3 }, async () => {
      most = Math.max(most, ++unfinished);
      await gate.promise;
      unfinished--;
      finished++;
    });
    await Promise.all(Array.from({ length: 12 }, (_, i) => queue.publish(REGION, message(i))));
    await poll(() => unfinished === 3);
    gate.resolve();
    await poll(() => finished === 12);
    assert.equal(most, 3);
  });

  test("a handler that rejects once gets the message again, later, and nothing is dead", async () => {
    await using opened = await open();
    const { queue } = opened;
    const at: number[] = [];
    await using _ = await queue.consume(REGION, { prefetch: 2 }, () => {
      at.push(performance.now());
      if (at.length === 1) throw new Error("not even a promise");
      return Promise.resolve();
    });
    await queue.publish(REGION, message("again"));
    await poll(() => at.length === 2);
    assert.ok(at[1]! - at[0]! > 100, `redelivered after ${at[1]! - at[0]!} ms`);
    assert.deepEqual(await queue.deadLetters(REGION, 10), []);
  });

  test("a poisoned message is dead within 10 s after its deliveries, and its neighbours go on, even one at a time", async () => {
    await using opened = await open();
    const { queue } = opened;
    const started = performance.now();
    let poisoned = 0;
    const got: string[] = [];
    await using _ = await queue.consume(REGION, { prefetch: 1 }, ({ id }) => {
      if (id !== "poison") return Promise.resolve(void got.push(id));
      poisoned++;
      return Promise.reject(new Error("poisoned"));
    });
    for (const id of ["before", "poison", "after"]) await queue.publish(REGION, message(id));
    const dead = await poll(async () => {
      const letters = await queue.deadLetters(REGION, 10);
      return letters.length > 0 && letters;
    });
    await poll(() => got.length === 2);
    assert.ok(performance.now() - started < 10_000);
    assert.deepEqual(dead.map(({ id, type, body }) => ({ id, type, body })), [message("poison")]);
    assert.equal(dead[0]!.reason, "Error: poisoned");
    assert.ok(Math.abs(Date.now() - dead[0]!.parkedAt.getTime()) < 15_000, `${dead[0]!.parkedAt}`);
    assert.equal(poisoned, DELIVERY_LIMIT);
    assert.deepEqual(got, ["before", "after"]);
  });

  test("neighbours do not wait for a poisoned message when there is room for them", async () => {
    await using opened = await open();
    const { queue } = opened;
    let poisoned = 0;
    const got: string[] = [];
    await using _ = await queue.consume(REGION, { prefetch: 2 }, ({ id }) => {
      if (id !== "poison") return Promise.resolve(void got.push(id));
      poisoned++;
      return Promise.reject(new Error("poisoned"));
    });
    await queue.publish(REGION, message("poison"));
    await poll(() => poisoned === 1);
    for (let i = 0; i < 10; i++) await queue.publish(REGION, message(i));
    await poll(() => got.length === 10);
    assert.ok(poisoned < DELIVERY_LIMIT, "the poisoned message was dead before its neighbours went on");
  });

  test("dead letters are read oldest first, as many as asked for, as often as wanted", async () => {
    await using opened = await open();
    const { queue } = opened;
    assert.deepEqual(await queue.deadLetters(REGION, 10), []);
    await using _ = await queue.consume(REGION, { prefetch: 1 }, () => Promise.reject(new Error("poisoned")));
    for (const id of ["a", "b"]) {
      await queue.publish(REGION, message(id));
      await poll(async () => (await queue.deadLetters(REGION, 10)).some((letter) => letter.id === id));
    }
    for (let i = 0; i < 30; i++) {
      const [one, all] = await Promise.all([queue.deadLetters(REGION, 1), queue.deadLetters(REGION, 10)]);
      assert.deepEqual([ids(one), ids(all)], [["a"], ["a", "b"]]);
    }
    assert.deepEqual(await queue.deadLetters(REGION, 0), []);
    assert.deepEqual(await queue.deadLetters(OTHER, 10), []);
  });

  test("a dead letter is gone when it has been taken, and no sooner; those that are not taken stay, in order", async () => {
    await using opened = await open();
    const { queue } = opened;
    const rejecter = await queue.consume(REGION, { prefetch: 8 }, () => Promise.reject(new Error("poisoned")));
    for (const id of ["a", "b", "c"]) await queue.publish(REGION, message(id));
    await poll(async () => (await queue.deadLetters(REGION, 10)).length === 3);
    await rejecter[Symbol.asyncDispose]();
    const sorted = async () => ids(await queue.deadLetters(REGION, 10)).toSorted();
    assert.equal(await queue.takeDeadLetters(REGION, () => Promise.resolve(false)), 0);
    assert.equal(await queue.takeDeadLetters(OTHER, () => Promise.resolve(true)), 0);
    const refused = queue.takeDeadLetters(REGION, ({ id }) => id === "b" ? Promise.resolve(true) : Promise.reject(id));
    await assert.rejects(refused, (error) => error === "a" || error === "c");
    assert.deepEqual(await sorted(), ["a", "c"]);
    const seen: string[] = [];
    const taken = await queue.takeDeadLetters(REGION, async (letter) => {
      seen.push(letter.id);
      if (letter.id === "a") await queue.publish(OTHER, letter);
      return letter.id === "a";
    });
    assert.deepEqual([taken, seen.toSorted(), await sorted()], [1, ["a", "c"], ["c"]]);
    const got: QueueMessage[] = [];
    await using _ = await queue.consume(OTHER, { prefetch: 1 }, (each) => Promise.resolve(void got.push(each)));
    await poll(() => got.length === 1);
    assert.deepEqual(got, [message("a")]);
  });

  test("disposing waits for handlers under way, delivers nothing more, and leaves the rest to others", async () => {
    await using opened = await open();
    const { queue } = opened;
    const gate = Promise.withResolvers<void>();
    const started: string[] = [], finished: string[] = [];
    const leaver = await queue.consume(REGION, { prefetch: 2 }, async ({ id }) => {
      started.push(id);
      await gate.promise;
      finished.push(id);
    });
    for (let i = 0; i < 6; i++) await queue.publish(REGION, message(i));
    await poll(() => started.length === 2);
    let isLeft = false;
    const leaving = leaver[Symbol.asyncDispose]().then(() => isLeft = true);
    const rest: string[] = [];
    await using _ = await queue.consume(REGION, { prefetch: 2 }, ({ id }) => Promise.resolve(void rest.push(id)));
    await poll(() => rest.length === 4);
    assert.equal(isLeft, false, "it did not wait");
    gate.resolve();
    await leaving;
    assert.deepEqual(finished, ["0", "1"]);
    assert.deepEqual(started, ["0", "1"]);
    assert.deepEqual(rest.toSorted(), ["2", "3", "4", "5"]);
  });

  test("disposing does not wait for the delay of a redelivery: another consumer gets the message", async () => {
    await using opened = await open();
    const { queue } = opened;
    let refusals = 0;
    const refuser = await queue.consume(REGION, { prefetch: 1 }, () => {
      refusals++;
      return Promise.reject(new Error("not by me"));
    });
    await queue.publish(REGION, message("handed on"));
    await poll(() => refusals === 4, { timeoutMs: 5_000 });
    const left = performance.now();
    await refuser[Symbol.asyncDispose]();
    const taken = Promise.withResolvers<QueueMessage>();
    await using _ = await queue.consume(REGION, { prefetch: 1 }, (got) => Promise.resolve(taken.resolve(got)));
    assert.deepEqual(await taken.promise, message("handed on"));
    assert.ok(performance.now() - left < 1_000, `${performance.now() - left} ms`);
  });

  test("it answers while open, and refuses once closed", async () => {
    const opened = await open();
    await opened.queue.ping();
    await opened[Symbol.asyncDispose]();
    await assert.rejects(opened.queue.ping());
    await assert.rejects(opened.queue.publish(REGION, message("too late")));
  });
}

Deno.test("queue (memory): it is bounded, and refuses what it cannot hold", async () => {
  await using queue = openMemoryQueue({ log: quietLog });
  for (let i = 0; i < 10_000; i++) await queue.publish(REGION, message(i));
  await assert.rejects(queue.publish(REGION, message("one too many")), /full/);
  await queue.publish(OTHER, message("elsewhere there is room"));
});
