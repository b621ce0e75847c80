/** Messages that were given up: told with their reason, put back and thrown away, by an admin or the command. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { openRabbitQueue } from "../adapters/queue_rabbitmq.ts";
import type { DeadLetter } from "../contract/dead_letters.ts";
import { listDeadLetters, replayDeadLetters } from "../services/dead_letters.ts";
import type { Queue, QueueMessage } from "../services/ports.ts";
import { startAlerts } from "../workers/alerts.ts";
import { allTold, assertTold, newRegion, partyWithFans, tell, type World } from "./alert_world.ts";
import { openFaultProxy } from "./fault_proxy.ts";
import { openIdleWorld } from "./fragile_world.ts";
import { assertProblem, environmentOf, poll, signUp } from "./harness.ts";
import { quietLog as log } from "./quiet_log.ts";
import { testService } from "./set_up.ts";

const url = Deno.env.get("AMQP_URL");
const service = testService();

async function signUpAdmin(): Promise<{ token: string }> {
  const admin = await signUp(service);
  await service.sql`update users set role = 'admin' where id = ${admin.id}`;
  return admin;
}

/** A region of a test's own that no worker consumes, known to the commands. */
async function addRegion({ sql }: World): Promise<string> {
  const regionCode = newRegion();
  await sql`insert into region_queues (region_code, first_used_at) values (${regionCode}, now())`;
  return regionCode;
}

/** Publishes messages that every delivery of fails, and waits until they are dead. */
async function park(queue: Queue, regionCode: string, messages: QueueMessage[]): Promise<void> {
  await using _ = await queue.consume(regionCode, { prefetch: 16 }, () => Promise.reject(new Error("cannot be told")));
  for (const message of messages) await queue.publish(regionCode, message);
  await poll(async () => (await queue.deadLetters(regionCode, 100)).length === messages.length);
}

const of = (regionCode: string) => ({ regionCode, limit: 100 });

Deno.test("An admin sees each poisoned message with region, type, reason and time, and throws it away by its id", async () => {
  const { token } = await signUpAdmin(), began = Date.now();
  const { party, fans, created } = await partyWithFans(service, 3, { regionCode: newRegion() });
  const eventId = await tell(service, created);
  await allTold(service, party);
  const poison = { id: v7(), type: "party.created", body: "{" };
  await service.deps.queue.publish(party.regionCode, poison);
  const path = "/api/admin/dead-letters";
  const list = async () => (await service.call("GET", `${path}?regionCode=${party.regionCode}`, { token })).body.items;
  const [letter] = await poll(async () => {
    const items: DeadLetter[] = await list();
    return items.length > 0 && items;
  });
  const { since, reason, ...rest } = letter!;
  assert.deepEqual(rest, {
    regionCode: party.regionCode,
    eventId: poison.id,
    partyId: null,
    type: "party.created",
    times: 1,
  });
  assert.match(reason, /^SyntaxError: /);
  assert.ok(Date.parse(since) > began - 1_000 && Date.parse(since) < began + 10_000, since);
  assert.equal((await service.call("DELETE", `${path}/${poison.id}`, { token })).status, 204);
  assert.deepEqual(await list(), []);
  assertProblem(await service.call("DELETE", `${path}/${poison.id}`, { token }), 404, "not-found");
  await assertTold(service, fans, [eventId]);
});

Deno.test("An event that was given up three times is one line, and replayed once by an admin; those not asked for stay", async () => {
  const { token } = await signUpAdmin(), regionCode = await addRegion(service);
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const known = await addRegion(world);
  const { queue } = world.deps;
  const body = { partyId: v7(), eventId: v7() };
  const thrice = { id: body.eventId, type: "chat.opened", body: JSON.stringify(body) };
  const other = { ...thrice, id: v7() };
  await park(queue, known, [thrice, other, thrice, thrice]);
  const told = (await listDeadLetters(world.deps, of(known))).items.map(({ eventId, partyId, times }) => ({
    eventId,
    partyId,
    times,
  }));
  assert.deepEqual(
    told.toSorted((a, b) => b.times - a.times),
    [{ eventId: thrice.id, partyId: body.partyId, times: 3 }, { eventId: other.id, partyId: body.partyId, times: 1 }],
  );
  assert.equal(await replayDeadLetters(world.deps, [thrice.id]), 1);
  const got: QueueMessage[] = [];
  await using _ = await queue.consume(known, { prefetch: 4 }, (each) => Promise.resolve(void got.push(each)));
  await poll(() => got.length > 0);
  assert.deepEqual((await listDeadLetters(world.deps, of(known))).items.map(({ eventId }) => eventId), [other.id]);
  assert.equal(await replayDeadLetters(world.deps), 1);
  await poll(() => got.length === 2);
  assert.deepEqual(got, [thrice, other]);
  // The same over HTTP.
  const answer = await service.call("POST", "/api/admin/dead-letters/replay", { token, body: { eventIds: [v7()] } });
  assert.deepEqual([answer.status, answer.body], [200, { replayed: 0 }]);
  assert.deepEqual((await listDeadLetters(service.deps, of(regionCode))).items, []);
});

Deno.test("A message that is not written by its deadline is a dead letter that says so, its neighbours go on, and replayed nobody is told twice", async () => {
  await using stack = new AsyncDisposableStack();
  const world = await openIdleWorld(stack);
  const { sql, deps } = world;
  const regionCode = await addRegion(world);
  const slow = await partyWithFans(world, 1, { regionCode }), quick = await partyWithFans(world, 1, { regionCode });
  const publish = async (party: { id: string }, eventId: string) =>
    await deps.queue.publish(regionCode, {
      id: eventId,
      type: "party.created",
      body: JSON.stringify({ partyId: party.id, eventId }),
    });
  await sql`insert into alert_heads (user_id) values (${slow.fans[0]!.id})`;
  const slowId = await tell(world, slow.created), quickId = await tell(world, quick.created);
  stack.use(await startAlerts(deps, { deadlineMs: 200 }));
  await sql.begin(async (tx) => {
    await tx`select from alert_heads where user_id = ${slow.fans[0]!.id} for update`;
    await publish(slow.party, slowId);
    await publish(quick.party, quickId);
    const began = performance.now();
    await allTold(world, quick.party, 5_000);
    const [letter] = await poll(async () => {
      const { items } = await listDeadLetters(deps, of(regionCode));
      return items.length > 0 && items;
    });
    assert.ok(performance.now() - began < 10_000);
    assert.deepEqual([letter!.eventId, letter!.partyId], [slowId, slow.party.id]);
    assert.match(letter!.reason, /TimeoutError: writing the alerts of an event took over 200 ms/);
    await assertTold(world, slow.fans, []);
  });
  assert.equal(await replayDeadLetters(deps), 1);
  await allTold(world, slow.party);
  await poll(async () => await replayDeadLetters(deps) === 0);
  await assertTold(world, slow.fans, [slowId]);
  await assertTold(world, quick.fans, [quickId]);
});

Deno.test("A replay that its queue does not confirm leaves the dead letter where it is", async () => {
  await using stack = new AsyncDisposableStack();
  const { deps, ...world } = await openIdleWorld(stack);
  const regionCode = await addRegion({ deps, ...world });
  await park(deps.queue, regionCode, [{ id: "kept", type: "chat.opened", body: "{}" }]);
  const queue: Queue = { ...deps.queue, publish: () => Promise.reject(new Error("the broker has gone")) };
  await assert.rejects(replayDeadLetters({ ...deps, queue }), /has gone/);
  assert.deepEqual((await deps.queue.deadLetters(regionCode, 10)).map(({ id }) => id), ["kept"]);
});

Deno.test({
  name:
    "A replay cut off between the confirmation and the end leaves a dead letter that is replayed again, and nothing is lost",
  ignore: !url,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const { deps, namespace, ...world } = await openIdleWorld(stack);
    const regionCode = await addRegion({ deps, ...world });
    const message = { id: v7(), type: "chat.opened", body: "{}" };
    await park(deps.queue, regionCode, [message]);
    const proxy = stack.use(await openFaultProxy(url!));
    const cut = stack.use(await openRabbitQueue({ url: proxy.url, namespace, log }));
    await cut.takeDeadLetters(regionCode, async (letter) => {
      await deps.queue.publish(regionCode, letter);
      proxy.set("away");
      return true;
    }).catch(() => {});
    const letters = await poll(async () => {
      const letters = await deps.queue.deadLetters(regionCode, 10);
      return letters.length > 0 && letters;
    });
    assert.deepEqual(letters.map(({ id }) => id), [message.id]);
    assert.equal(await replayDeadLetters(deps), 1);
    const got: QueueMessage[] = [];
    await using _ = await deps.queue.consume(
      regionCode,
      { prefetch: 4 },
      (each) => Promise.resolve(void got.push(each)),
    );
    await poll(() => got.length === 2);
    assert.deepEqual(got, [message, message]);
  },
});

Deno.test({
  name: "deno task dead-letters lists, replays and drops, and says by its exit code whether it did",
  ignore: !url,
  async fn() {
    await using stack = new AsyncDisposableStack();
    const world = await openIdleWorld(stack), regionCode = await addRegion(world);
    const environment = environmentOf({
      database: { environment: { DATABASE_URL: world.databaseUrl }, [Symbol.asyncDispose]: () => Promise.resolve() },
      namespace: world.namespace,
    });
    const run = async (...args: string[]) => await runCommand(environment, args);
    const messages = ["first", "second"].map((id) => ({ id, type: "chat.opened", body: "{}" }));
    await park(world.deps.queue, regionCode, messages);
    const listed = await run("list");
    assert.equal(listed.code, 0);
    assert.deepEqual(listed.lines.map(({ eventId, reason }) => [eventId, reason]).toSorted(), [
      ["first", "Error: cannot be told"],
      ["second", "Error: cannot be told"],
    ]);
    assert.deepEqual(await run("replay", "first"), { code: 0, lines: [{ replayed: 1 }] });
    assert.deepEqual(await run("drop", "second"), { code: 0, lines: [] });
    assert.equal((await run("drop", "second")).code, 1);
    assert.deepEqual(await run("list"), { code: 0, lines: [] });
    assert.equal((await run("bury")).code, 1);
  },
});

Deno.test("deno task dead-letters of an embedded service says where its dead letters are told", async () => {
  const { code, error } = await runCommand({ DATABASE_URL: "", REDIS_URL: "", AMQP_URL: "" }, ["list"]);
  assert.equal(code, 1);
  assert.match(error!, /AMQP_URL.*\/api\/admin\/dead-letters/);
});

async function runCommand(environment: Record<string, string>, args: string[]) {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", main, "dead-letters", ...args],
    env: { ...environment, LOG_LEVEL: "error" },
  }).output();
  const text = new TextDecoder().decode(stdout), error = new TextDecoder().decode(stderr);
  const lines = text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  return { code, lines, ...(error && { error }) };
}
