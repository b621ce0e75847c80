/** Readers that stop reading: cut off, while nobody else notices. */
import assert from "node:assert/strict";
import { connectChat, handshake, writeText } from "./chat_client.ts";
import { openRoomOf, range, seqsOf, told } from "./chat_world.ts";
import { type Person, poll } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";
import { readFrames } from "./socket_frames.ts";

const service = testService();
const [leader] = testPeople(service, 1);

/** 6,000 bytes. */
const LONG = "느".repeat(2_000);

const roomOf = (members: number) => openRoomOf(service, leader, members);

Deno.test("a reader that stops reading is cut off with 4408, nobody else notices, and it resumes whole", async () => {
  const { partyId, people: [slow, quick] } = await roomOf(2);
  const { connection } = await handshake(service, { headers: { authorization: `Bearer ${slow!.token}` } });
  await writeText(connection, JSON.stringify({ type: "subscribe", partyId }));
  await using reader = await connectChat(service, { token: quick!.token });
  await using writer = await connectChat(service, { token: leader.token });
  await reader.subscribe(partyId);
  await poll(() =>
    reader.frames.some((frame) => frame.type === "subscribed" && frame.online.includes(slow!.id)) ||
    reader.frames.some((frame) => frame.type === "presence" && frame.userId === slow!.id && frame.online)
  );

  // The kernel takes some MiB for a reader that does not read; then the service's own bound is met.
  const total = 2_000;
  const tookMs: number[] = [];
  for (let sent = 0; sent < total; sent += 20) {
    const started = performance.now();
    const acks = await Promise.all(Array.from({ length: 20 }, () => writer.send(partyId, LONG)));
    await told(reader, Math.max(...acks.map((ack) => ack.seq)));
    tookMs.push(performance.now() - started);
  }
  await reader.heard("presence", (frame) => frame.userId === slow!.id && !frame.online);
  assert.deepEqual(seqsOf(reader.entries(partyId)), range(3, total + 2));
  const p99 = tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length * 0.99)]!;
  assert.ok(p99 < 1_000, `twenty texts to everyone else took ${p99} ms`);

  const { texts, closeCode } = await readFrames(connection);
  connection.close();
  assert.equal(closeCode, 4408);
  const got = texts.map((each) => JSON.parse(each)).filter((frame) => frame.type === "entry");
  assert.deepEqual(seqsOf(got), range(3, got.length + 2));
  assert.ok(got.length < total, "it was cut off before the end");

  await using resumed = await connectChat(service, { token: slow!.token });
  await resumed.subscribe(partyId, got.length + 2);
  await told(resumed, total + 2);
  assert.deepEqual(seqsOf(resumed.entries(partyId)), range(got.length + 3, total + 2));
});

/** A room with a log of about 12 MB, more than the kernel takes in for a reader that does not read. */
async function roomWithLongLog(): Promise<{ partyId: string; slow: Person; last: number }> {
  const { partyId, people: [slow] } = await roomOf(1);
  await using writer = await connectChat(service, { token: leader.token });
  for (let sent = 0; sent < 2_000; sent += 100) {
    await Promise.all(Array.from({ length: 100 }, () => writer.send(partyId, LONG)));
  }
  return { partyId, slow: slow!, last: 2_001 };
}

async function catchUpByHand(partyId: string, { token }: Person): Promise<Deno.TcpConn> {
  const { connection } = await handshake(service, { headers: { authorization: `Bearer ${token}` } });
  await writeText(connection, JSON.stringify({ type: "subscribe", partyId, after: 0 }));
  return connection;
}

Deno.test("a reader that pauses for three seconds while it catches up is waited for, and gets everything", async () => {
  const { partyId, slow, last } = await roomWithLongLog();
  const connection = await catchUpByHand(partyId, slow);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const { texts } = await readFrames(connection, (text) => JSON.parse(text).seq === last);
  connection.close();
  const got = texts.map((each) => JSON.parse(each)).filter((frame) => frame.type === "entry");
  assert.deepEqual(seqsOf(got), range(1, last));
});

Deno.test("a reader that stops reading while it catches up is cut off with 4408 before it is given everything", async () => {
  const { partyId, slow, last } = await roomWithLongLog();
  const connection = await catchUpByHand(partyId, slow);
  await using watcher = await connectChat(service, { token: leader.token });
  await watcher.subscribe(partyId);
  await watcher.heard("presence", (frame) => frame.userId === slow.id && !frame.online, { timeoutMs: 30_000 });
  const { texts, closeCode } = await readFrames(connection);
  connection.close();
  assert.equal(closeCode, 4408);
  assert.ok(texts.length < last, `${texts.length} frames`);
});
