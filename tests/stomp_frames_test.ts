/** Reading STOMP frames, whatever comes, and writing them once for all. */
import assert from "node:assert/strict";
import { FrameImpl, Parser } from "@stomp/stompjs";
import fc from "fast-check";
import { v7 } from "uuid";
import type { Entry } from "../contract/chat.ts";
import { createRoom, type Follower } from "../services/chat_room.ts";
import { createStompReader, encodeStomp, openingOf, type StompFrame } from "../services/stomp_frames.ts";
import { quietLog } from "./quiet_log.ts";
import { anything } from "./stomp_arbitrary.ts";

type Read = ReturnType<ReturnType<typeof createStompReader>>[number];

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Reads the bytes in these parts. */
function readAll(bytes: Uint8Array<ArrayBuffer>, cuts: number[] = []): Read[] {
  const read = createStompReader(), places = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).flatMap((end, i) => read(bytes.slice(places[i], end).buffer));
}

const readText = (text: string) => readAll(bytesOf(text));

function soundFrame(read: Read | undefined): StompFrame {
  if (!read || "problem" in read) assert.fail(`no frame but ${JSON.stringify(read)}`);
  return read;
}

Deno.test("any bytes, split anyhow, read the same as whole, and after what is no frame nothing more is read", () => {
  let broken = 0, frames = 0;
  fc.assert(
    fc.property(anything, fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
      const whole = readAll(bytes);
      assert.deepEqual(readAll(bytes, cuts), whole);
      const problems = whole.filter((each) => "problem" in each);
      assert.ok(problems.length <= 1 && whole.slice(0, -1).every((each) => !("problem" in each)));
      broken += problems.length;
      frames += whole.length - problems.length;
    }),
    { numRuns: 3_000 },
  );
  assert.ok(broken > 100 && frames > 100, `${broken} broken, ${frames} frames`);
});

Deno.test("whatever frames a client of @stomp/stompjs writes are read as they were meant, in one message or in many", () => {
  // Without blanks at the ends, which its client cuts off on its own side, and with all that must be escaped.
  const value = fc.string({
    unit: fc.constantFrom("a", "가", "🧅", ":", "\\", "\n", "\r", " ", "c", "n"),
    maxLength: 30,
  });
  const name = fc.stringMatching(/^[a-z-]{1,12}$/).filter((text) => text !== "content-length");
  const headers = fc.dictionary(name, value, { maxKeys: 8 });
  const written = fc.record({ headers, body: fc.string({ unit: "binary", maxLength: 200 }) });
  fc.assert(
    fc.property(fc.array(written, { minLength: 1, maxLength: 5 }), fc.array(fc.nat()), (all, cuts) => {
      const text = all.map((each) => FrameImpl.marshall({ command: "SEND", ...each, escapeHeaderValues: true }));
      const read = readAll(bytesOf(text.join("\n")), cuts).map(soundFrame);
      assert.deepEqual(
        read.map(({ headers, body }) => ({
          headers,
          body: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body),
        })),
        all.map(({ headers, body }) => ({ headers: { ...headers, ...lengthOf(body) }, body: toSound(body) })),
      );
    }),
    { numRuns: 200 },
  );
});

/** Lone halves of surrogate pairs are no UTF-8. */
const toSound = (text: string) => text.toWellFormed();
const lengthOf = (body: string): Record<string, string> =>
  body === "" ? {} : { "content-length": `${bytesOf(body).length}` };

Deno.test("lines may end with CR LF, ends of line between frames are passed over, and of a repeated header the first counts", () => {
  const read = readText("\n\r\n\0SUBSCRIBE\r\nid:1\r\nid:2\r\ndestination: /a\r\n\r\n\0\n\nDISCONNECT\n\n\0\n").map(
    soundFrame,
  );
  assert.deepEqual(read.map(({ command, headers }) => [command, headers]), [
    ["SUBSCRIBE", { id: "1", destination: " /a" }],
    ["DISCONNECT", {}],
  ]);
});

Deno.test("a body goes on for content-length bytes, NULs and all, and else to the first NUL", () => {
  const [counted, ended] = readText("SEND\ncontent-length:5\n\na\0b\0c\0SEND\n\nab\n\0").map(soundFrame);
  assert.deepEqual([counted!.body, ended!.body], [bytesOf("a\0b\0c"), bytesOf("ab\n")]);
});

Deno.test("escapes are undone one by one but for CONNECT and STOMP, where there are none", () => {
  const [sent, connect, stomp] = readText(
    "SEND\na\\cb:\\\\n\\\\\\n\\r\\c\n\n\0CONNECT\na:\\c\\t\n\n\0STOMP\na:b:c\\c\n\n\0",
  ).map(soundFrame);
  assert.deepEqual(sent!.headers, { "a:b": "\\n\\\n\r:" });
  assert.deepEqual([connect!.headers, stomp!.headers], [{ a: "\\c\\t" }, { a: "b:c\\c" }]);
});

Deno.test("what is no frame is told as soon as it is seen", () => {
  const long = "h".repeat(8 * 1024);
  for (
    const [text, code, why] of [
      ["DANCE\n\n", "invalid-input", /command/],
      ["MESSAGE\n\n", "invalid-input", /command/],
      ["send\n\n", "invalid-input", /command/],
      [" SEND\n\n", "invalid-input", /command/],
      ["\ufeffSEND\n\n", "invalid-input", /command/],
      ["SEND\0", "invalid-input", /blank line/],
      ["SEND\na:b\0", "invalid-input", /blank line/],
      ["SEND\na\n\n", "invalid-input", /header/],
      ["SEND\n:a\n\n", "invalid-input", /header/],
      ["SEND\na:b\rc\n\n", "invalid-input", /header/],
      ["SEND\ncontent-length:\n\n", "invalid-input", /content-length/],
      ["SEND\ncontent-length:-1\n\n", "invalid-input", /content-length/],
      ["SEND\ncontent-length:1e3\n\n", "invalid-input", /content-length/],
      ["SEND\ncontent-length:16385\n\n", "too-large", /bytes/],
      ["SEND\ncontent-length:99999999999999999999\n\n", "too-large", /bytes/],
      ["SEND\ncontent-length:1\n\nab", "invalid-input", /NUL/],
      ["SEND\na:\\t\n\n\0", "invalid-input", /escape/],
      ["SEND\na:\\\n\n\0", "invalid-input", /escape/],
      ["SEND\n\\x:a\n\n\0", "invalid-input", /escape/],
      ["SUBSCRIBE\nid:1\n\nbody\0", "invalid-input", /body/],
      [`SEND\n${"a:b\n".repeat(65)}\n`, "invalid-input", /64 headers/],
      [`SEND\n${long}:\n\n`, "invalid-input", /8192 letters/],
      ["SEND\na:b\n".padEnd(16 * 1024 + 1, "c"), "too-large", /bytes/],
      ["SEND\n\n".padEnd(16 * 1024 + 1, "c"), "too-large", /bytes/],
    ] as const
  ) {
    const [read, ...more] = readText(`${text}`);
    assert.ok(read && "problem" in read && more.length === 0, text.slice(0, 40));
    assert.deepEqual([read.problem.code, why.test(read.problem.detail)], [code, true], `${text}: ${read.problem}`);
  }
  const [notUtf8] = readAll(new Uint8Array([...bytesOf("SEND\na:"), 0xff, 10, 10]));
  assert.ok(notUtf8 && "problem" in notUtf8);
});

Deno.test("frames up to the bounds are read: 64 headers, one of 8,192 letters, 16 KiB together", () => {
  const headers = Array.from({ length: 63 }, (_, i) => `h${i}:\n`).join("") + `${"h".repeat(8 * 1024 - 1)}:\n`;
  assert.equal(Object.keys(soundFrame(readText(`SEND\n${headers}\n\0`)[0]).headers).length, 64);
  const [largest] = readText("SEND\n\n".padEnd(16 * 1024 - 1, "c") + "\0");
  assert.equal(soundFrame(largest).body.length, 16 * 1024 - "SEND\n\n\0".length);
});

Deno.test("an entry is made JSON once for all readers of both protocols, and every subscription's MESSAGE is whole", () => {
  const partyId = v7();
  let made = 0;
  const text = "양파 10 kg\n🧅 반씩", sender = { id: v7(), nickname: "미나" }, sentAt = "2026-11-27T00:00:00.000Z";
  const plain: Entry = { partyId, seq: 1, id: v7(), kind: "text", sender, text, clientMsgId: "a", sentAt };
  const counted = { ...plain, toJSON: () => (made++, plain) };
  const room = createRoom({ log: quietLog, readOn: () => Promise.resolve([]) }, {
    partyId,
    head: 0,
    online: new Set(),
  });
  const got: string[] = [], ids = ["sub-0", "a:b\\c\nd"];
  const follow = (take: Follower["take"]) => room.followers.add({ userId: v7(), take, hear: () => {} });
  for (const id of ids) follow(({ message }) => got.push(openingOf(id) + message));
  for (let i = 0; i < 3; i++) follow(({ frame }) => assert.deepEqual(JSON.parse(frame), { type: "entry", ...plain }));
  room.offer([counted]);
  room.close();
  assert.equal(made, 1);
  const headers = {
    "message-id": plain.id,
    destination: `/topic/parties.${partyId}.chat`,
    "content-type": "application/json",
    seq: "1",
  };
  const parsed: FrameImpl[] = [];
  const parser = new Parser((raw) => parsed.push(FrameImpl.fromRawFrame(raw, true)), () => {});
  got.forEach((each) => parser.parseChunk(each));
  assert.deepEqual(
    got,
    ids.map((id) => encodeStomp("MESSAGE", { subscription: id, ...headers }, JSON.stringify(plain))),
  );
  assert.deepEqual(parsed.map(({ body }) => JSON.parse(body)), [plain, plain]);
});
