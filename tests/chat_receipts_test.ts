/** What followers of a room are told of how far others have read, in whatever order nodes and log bring it. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { createRoom } from "../services/chat_room.ts";
import { followRoom } from "../services/chat_subscription.ts";
import { quietLog } from "./quiet_log.ts";

const PARTY = v7();

function entryOf(seq: number, kind: Entry["kind"], id: string): Entry {
  const said = { text: "", clientMsgId: null, targetSeq: null, sentAt: "2026-11-27T00:00:00.000Z" };
  return { partyId: PARTY, seq, id: v7(), kind, sender: { id, nickname: "이웃" }, ...said };
}

/** A listener that writes down the type and the seq of what it is told. */
function writeDown(heard: string[]): Parameters<typeof followRoom>[3] {
  const tell = (frame: string) => {
    const { type, seq } = JSON.parse(frame);
    heard.push(`${type} ${seq}`);
  };
  return {
    entry: ({ frame }) => tell(frame),
    aside: tell,
    end: () => void heard.push("end"),
    drained: () => Promise.resolve(),
  };
}

/** A room at its third entry with one person who follows it live, and what they were told: seqs of entries, and of marks. */
async function openWorld() {
  const reader = v7(), other = v7(), heard: string[] = [];
  const readOn = () => Promise.resolve([]);
  const room = createRoom({ log: quietLog, readOn }, { partyId: PARTY, head: 3, online: new Set() });
  const access = { isOpen: true, lastSeq: 3, joinedSeq: 1 };
  followRoom({ log: quietLog, readOn }, room, { userId: reader, access, after: undefined }, writeDown(heard));
  await Promise.resolve();
  return { reader, other, room, heard, [Symbol.dispose]: () => room.close() };
}

Deno.test("a pointer that comes before its entry is told after it, and only the furthest of several", async () => {
  using world = await openWorld();
  const { room, other, heard } = world;
  room.tellRead(other, 4);
  room.tellRead(other, 5);
  room.tellRead(other, 4);
  assert.deepEqual(heard, []);
  room.offer([entryOf(5, "text", other), entryOf(4, "text", other)]);
  assert.deepEqual(heard, ["entry 4", "entry 5", "read 5"]);
});

Deno.test("a pointer is never told back, whichever node's message comes last", async () => {
  using world = await openWorld();
  const { room, other, heard } = world;
  for (const seq of [2, 3, 1, 3, 2]) room.tellRead(other, seq);
  assert.deepEqual(heard, ["read 2", "read 3"]);
});

Deno.test("who is removed hears of no pointer beyond their removal, even when it comes first", async () => {
  using world = await openWorld();
  const { room, reader, other, heard } = world;
  room.tellRead(other, 5);
  room.offer([entryOf(4, "removed", reader), entryOf(5, "text", other)]);
  room.tellRead(other, 5);
  assert.deepEqual(heard, ["entry 4", "end"]);
});

Deno.test("who is still being given what they missed hears of no pointer beyond it", async () => {
  using world = await openWorld();
  const { room, other } = world;
  const heard: string[] = [], page = Promise.withResolvers<Entry[]>();
  const late = { userId: v7(), access: { isOpen: true, lastSeq: 3, joinedSeq: 1 }, after: 1 };
  followRoom({ log: quietLog, readOn: () => page.promise }, room, late, writeDown(heard));
  room.tellRead(other, 1);
  room.tellRead(other, 3);
  page.resolve([entryOf(2, "text", other), entryOf(3, "text", other)]);
  await page.promise;
  await Promise.resolve();
  assert.deepEqual(heard, ["read 1", "entry 2", "entry 3"]);
  room.offer([entryOf(4, "text", other)]);
  room.tellRead(other, 4);
  assert.deepEqual(heard.slice(3), ["entry 4", "read 4"]);
});

Deno.test("nobody is told of their own pointer", async () => {
  using world = await openWorld();
  world.room.tellRead(world.reader, 3);
  assert.deepEqual(world.heard, []);
});
