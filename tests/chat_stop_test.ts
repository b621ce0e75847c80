/** Nodes that stop, in order or not. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { connectChat, handshake } from "./chat_client.ts";
import { openRoomOf, range, readLog, seqsOf, told } from "./chat_world.ts";
import {
  createDatabase,
  type Person,
  poll,
  signUp,
  startTestService,
  type TestDatabase,
  type TestService,
} from "./harness.ts";
import { startNode } from "./node_process.ts";

/** The nodes that run as processes of their own believe the tokens of the others. */
const environment = { JWT_SECRET: "a secret of 32 bytes and more, shared by nodes" };

let database: TestDatabase;
let service: TestService;
/** Shares the database, and no relay. */
let deaf: TestService;
let leader: Person;

Deno.test.beforeAll(async () => {
  database = await createDatabase();
  service = await startTestService({ database, environment });
  deaf = await startTestService({ database, environment });
  leader = await signUp(service);
});
Deno.test.afterAll(async () => {
  for (const node of [deaf, service]) await node[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const roomOf = (members: number) => openRoomOf(service, leader, members);

Deno.test("a node that stops asks its clients to reconnect, acks what is under way, takes nothing new, and says 1001", async () => {
  const { partyId, people: [member] } = await roomOf(1);
  const stopping = await startTestService({ database, namespace: service.namespace, environment });
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectChat(stopping, { token: member!.token })));
  for (const client of clients) await client.subscribe(partyId, 0);
  const late = await connectChat(stopping);
  for (const client of clients) {
    for (let i = 0; i < 20; i++) client.say({ type: "send", partyId, clientMsgId: v7(), text: `${i}` });
  }
  await clients[0]!.heard("ack");
  const started = performance.now();
  await stopping[Symbol.asyncDispose]();
  assert.ok(performance.now() - started < 10_000);
  const waits = new Set<number>();
  for (const client of [...clients, late]) {
    assert.equal((await client.ended).code, 1001);
    const { afterMs } = await client.heard("reconnect");
    assert.ok(afterMs >= 0 && afterMs <= 5_000);
    waits.add(afterMs);
  }
  assert.ok(waits.size > 10, "spread over time");
  const log = await readLog(service, leader, partyId);
  assert.deepEqual(seqsOf(log), range(1, log.length));
  const acks = clients.flatMap((client) => client.frames.filter((frame) => frame.type === "ack"));
  assert.deepEqual(acks.map((ack) => ack.clientMsgId).sort(), log.slice(1).map((entry) => entry.clientMsgId).sort());
  const refused = clients.flatMap((client) => client.frames.filter((frame) => frame.type === "problem"));
  assert.ok(refused.every((problem) => problem.code === "unavailable"));
  for (const client of clients) {
    const seqs = seqsOf(client.entries(partyId));
    assert.deepEqual(seqs, range(1, seqs.length));
    await using resumed = await connectChat(service, { token: member!.token });
    await resumed.subscribe(partyId, seqs.length);
    if (seqs.length < log.length) await told(resumed, log.length);
    assert.deepEqual(seqsOf(resumed.entries(partyId)), range(seqs.length + 1, log.length));
  }
});

function startOwnProcess() {
  return startNode({ ...database.environment, ...environment, NAMESPACE: service.namespace });
}

Deno.test("SIGTERM ends a node within 15 s with exit code 0, even with a socket that neither reads nor answers", async () => {
  const { partyId, people: [member, silent] } = await roomOf(2);
  const node = await startOwnProcess();
  await using client = await connectChat(node, { token: member!.token });
  await client.subscribe(partyId);
  const { connection } = await handshake(node, { headers: { authorization: `Bearer ${silent!.token}` } });
  const started = performance.now();
  assert.equal(await node.stop(), 0);
  assert.ok(performance.now() - started < 15_000);
  assert.equal((await client.ended).code, 1001);
  connection.close();
});

Deno.test("SIGKILL of a node loses no acked text, and who was connected to it is offline within 20 s", async () => {
  const { partyId, people: [member] } = await roomOf(1);
  const node = await startOwnProcess();
  await using watcher = await connectChat(service, { token: leader.token });
  await watcher.subscribe(partyId);
  const client = await connectChat(node, { token: member!.token });
  await client.subscribe(partyId, 0);
  await watcher.heard("presence", (frame) => frame.online);
  const sent = Array.from({ length: 300 }, (_, i) => ({ clientMsgId: v7(), text: `${i}` }));
  for (const each of sent) client.say({ type: "send", partyId, ...each });
  await client.heard("ack");
  Deno.kill(node.pid, "SIGKILL");
  const killed = performance.now();
  await client.ended;

  // What was not acked is sent again, elsewhere: whatever was committed all the same is not written twice.
  const acks = client.frames.filter((frame) => frame.type === "ack");
  const acked = new Map(acks.map((ack) => [ack.clientMsgId, ack.seq]));
  await using elsewhere = await connectChat(service, { token: member!.token });
  for (const { clientMsgId, text } of sent) {
    if (!acked.has(clientMsgId)) acked.set(clientMsgId, (await elsewhere.send(partyId, text, clientMsgId)).seq);
  }
  const log = await readLog(service, leader, partyId);
  assert.deepEqual(seqsOf(log), range(1, 301));
  assert.deepEqual(new Map(log.slice(1).map((entry) => [entry.clientMsgId!, entry.seq])), new Map(acked));
  await watcher.heard("presence", (frame) => !frame.online, { timeoutMs: 25_000 });
  assert.ok(performance.now() - killed < 20_500);
  await assert.rejects(node.stop(), /already terminated|exited/);
});

Deno.test("presence spans the nodes, even when the relay does not, and a dead node's rows are cleared away", async () => {
  const { partyId, people: [member, other] } = await roomOf(2);
  await using hers = await connectChat(service, { token: leader.token });
  await using his = await connectChat(deaf, { token: member!.token });
  assert.deepEqual((await hers.subscribe(partyId)).online, [leader.id]);
  const both = [leader.id, member!.id].toSorted();
  await poll(async () => (await his.subscribe(partyId)).online.toSorted().join() === both.join());
  await hers.heard("presence", (frame) => frame.userId === member!.id && frame.online, { timeoutMs: 20_000 });

  const nodeId = v7();
  await service.sql`insert into chat_nodes (id, lease_until) values (${nodeId}, now() + interval '1 hour')`;
  await service.sql`
    insert into chat_presence (party_id, user_id, node_id) values (${partyId}, ${other!.id}, ${nodeId})`;
  await hers.heard("presence", (frame) => frame.userId === other!.id && frame.online, { timeoutMs: 20_000 });
  await service.sql`update chat_nodes set lease_until = now() - interval '2 minutes' where id = ${nodeId}`;
  await hers.heard("presence", (frame) => frame.userId === other!.id && !frame.online, { timeoutMs: 20_000 });
  await poll(async () => {
    const rows = await service.sql`select 1 from chat_presence where node_id = ${nodeId}`;
    return rows.length === 0;
  }, { timeoutMs: 20_000 });
});
