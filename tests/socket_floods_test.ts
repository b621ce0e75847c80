/** Clients that fill memory with messages that never end, and clients that do not go: a node in a process of its own. */
import assert from "node:assert/strict";
import { connectChat, handshake } from "./chat_client.ts";
import { quiet } from "./chat_world.ts";
import {
  createDatabase,
  environmentOf,
  type Person,
  poll,
  signUp,
  startTestService,
  type TestDatabase,
  type TestService,
} from "./harness.ts";
import { type NodeProcess, startNode } from "./node_process.ts";

const MIB = 1024 * 1024;

let database: TestDatabase;
let service: TestService;
let node: NodeProcess;
let person: Person;

Deno.test.beforeAll(async () => {
  database = await createDatabase();
  service = await startTestService({ database });
  node = await startNode({ ...environmentOf({ database, namespace: service.namespace }), PORT: "0" });
  person = await signUp(service);
});
Deno.test.afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** What the node holds in memory, in MiB. */
async function residentMib(): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${node.pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}

/** The highest of it from now on, until stopped. */
function watchResident() {
  let peak = 0;
  const timer = setInterval(async () => peak = Math.max(peak, await residentMib().catch(() => 0)), 50);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** A frame by hand, masked with zeros. */
function frameOf(opcode: number, isLast: boolean, payload: Uint8Array, claimedBytes = payload.length): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set([(isLast ? 128 : 0) | opcode, 128 | 127]);
  new DataView(frame.buffer).setBigUint64(2, BigInt(claimedBytes));
  frame.set(payload, 14);
  return frame;
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Answers the server's pings for as long as it can, as a client does that wants to be taken for alive. */
async function answerPings(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(1024);
  for (let read; (read = await connection.read(buffer).catch(() => null)) !== null;) {
    if (buffer[0] === 0x89) await writeAll(connection, frameOf(10, true, buffer.slice(2, read))).catch(() => {});
  }
}

const PIECE = new Uint8Array(64 * 1024).fill(97);

/** Sends a message of this many MiB that does not end, and stays. Resolves with the MiB that went out before it was cut off. */
async function flood(mib: number, { token }: Person, asOneFrame = false): Promise<Disposable & { sent: number }> {
  const { connection } = await handshake(node, { headers: { authorization: `Bearer ${token}` } });
  if (!asOneFrame) answerPings(connection);
  let sent = 0;
  try {
    if (asOneFrame) await writeAll(connection, frameOf(1, true, new Uint8Array(), mib * MIB));
    while (sent < mib - 1) {
      await writeAll(connection, asOneFrame ? PIECE : frameOf(sent === 0 ? 1 : 0, false, PIECE));
      sent += PIECE.length / MIB;
    }
  } catch { /* cut off */ }
  return { sent, [Symbol.dispose]: () => connection.close() };
}

Deno.test("a client that sends fragments without an end is cut off, nobody else is, and the memory comes back", async () => {
  const others = await Promise.all(Array.from({ length: 20 }, () => connectChat(node, { token: person.token })));
  const flooding = await signUp(service);
  // Who came at the same moment as the flood could not be told from it.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = await residentMib(), peak = watchResident();
  using flooder = await flood(1_500, flooding);
  const { sent } = flooder, most = peak();
  assert.ok(sent < 1_200, `${sent} MiB went in`);
  assert.ok(most - before < 256 + 700, `from ${before} to ${most} MiB`);
  await poll(async () => await residentMib() < before + 96);
  for (const other of others) {
    await quiet(other);
    await other[Symbol.asyncDispose]();
  }
});

Deno.test("many clients that each send most of a message are cut off together before memory runs out", async () => {
  const people = await Promise.all(Array.from({ length: 24 }, () => signUp(service)));
  const before = await residentMib(), peak = watchResident();
  const talker = await connectChat(node, { token: person.token });
  const talking = setInterval(() => talker.say({ type: "ping" }), 50);
  // 63 MiB is the largest frame that the runtime takes; what is held of it is not told of either.
  const flooders = await Promise.all(people.map((each) => flood(63, each, true)));
  const most = peak();
  clearInterval(talking);
  assert.ok(most - before < 256 + 700, `from ${before} to ${most} MiB, of 1,512`);
  for (const flooder of flooders) flooder[Symbol.dispose]();
  await quiet(talker);
  await talker[Symbol.asyncDispose]();
});

Deno.test("a client that does not answer the goodbye is cut off 10 s later, even if it goes on with fragments", async () => {
  const { connection } = await handshake(node);
  const started = performance.now();
  let isOver = false;
  const answering = answerPings(connection).then(() => isOver = true);
  await writeAll(connection, frameOf(1, false, PIECE));
  const talking = setInterval(() => writeAll(connection, frameOf(0, false, PIECE)).catch(() => {}), 200);
  try {
    await poll(() => isOver, { timeoutMs: 25_000, everyMs: 100 });
  } finally {
    clearInterval(talking);
  }
  await answering;
  connection.close();
  const tookMs = performance.now() - started;
  // 5 s for hello, then 10 for the answer.
  assert.ok(tookMs > 14_000 && tookMs < 18_000, `${tookMs} ms`);
});
