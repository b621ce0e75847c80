/** Where a STOMP connection ends: every violation, refusal and silence, told by one ERROR before the close. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { v7 } from "uuid";
import { openRoom, readLog } from "./chat_world.ts";
import { signUp } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";
import { anything } from "./stomp_arbitrary.ts";
import { app, connectFrame, connectStock, connectStomp, frame, openStomp, topic } from "./stomp_client.ts";

const service = testService();
const [leader, member] = testPeople(service, 2);
let partyId: string;
Deno.test.beforeAll(async () => void (partyId = await openRoom(service, leader, [member])));

Deno.test("who does not connect as one should hears an ERROR with the version spoken, and is closed", async () => {
  const { token } = member;
  const ended = await signUp(service);
  await service.call("POST", "/api/auth/signout", { token: ended.token, body: {} });
  const cases: [string, string, number, RegExp, { token?: string }?][] = [
    [connectFrame({}), "unauthenticated", 4401, /access token/],
    [connectFrame({ token: "nonsense" }), "unauthenticated", 4401, /access token/],
    [connectFrame({ Authorization: `Basic ${token}` }), "unauthenticated", 4401, /access token/],
    [connectFrame({ token: ended.token }), "unauthenticated", 4401, /ended/],
    [connectFrame({ token: "nonsense" }), "unauthenticated", 4401, /access token/, { token }],
    [connectFrame({ Authorization: "Basic YTpi" }), "unauthenticated", 4401, /access token/, { token }],
    [connectFrame({ token: leader.token }), "unauthenticated", 4401, /access token/, { token }],
    [frame("SUBSCRIBE", { id: "1", destination: topic(partyId) }), "unauthenticated", 4401, /CONNECT/, { token }],
    [frame("SEND", { destination: app(partyId) }, '{"text":"a"}'), "unauthenticated", 4401, /CONNECT/],
    [frame("DISCONNECT"), "unauthenticated", 4401, /CONNECT/],
    [frame("CONNECT", { Authorization: `Bearer ${token}` }), "invalid-input", 1002, /accept-version: must have 1.2/],
    [connectFrame({ token, "accept-version": "1.0,1.1,1.20" }), "invalid-input", 1002, /accept-version/],
    [connectFrame({ token, "heart-beat": "1" }), "invalid-input", 1002, /heart-beat/],
    [connectFrame({ token, "heart-beat": "-1,0" }), "invalid-input", 1002, /heart-beat/],
    [connectFrame({ token, "heart-beat": "0,99999999999" }), "invalid-input", 1002, /heart-beat/],
    ["GET /ws HTTP/1.1\r\nhost: a\r\n\r\n", "invalid-input", 1002, /command/],
  ];
  for (const [said, code, closeCode, told, options] of cases) {
    const client = await openStomp(service, options);
    client.say(said);
    const { error, problem, code: closed } = await client.failed();
    assert.deepEqual([problem.code, closed, error.headers.version], [code, closeCode, "1.2"], said);
    assert.match(`${problem.detail}`, told);
    assert.equal(error.headers.message, problem.detail);
    assert.equal(error.headers["content-type"], "application/json");
    assert.equal(client.frames.length, 1);
  }
});

Deno.test("who says nothing, or never to an end, for 5 s is closed with 4401, signed in by the handshake or not", async () => {
  const started = performance.now();
  const silent = await openStomp(service), known = await openStomp(service, { token: member.token });
  known.say("\n\nCONNECT\naccept-version:1.2\n");
  for (const client of [silent, known]) {
    const { problem, code } = await client.failed();
    assert.deepEqual([problem.code, code], ["unauthenticated", 4401]);
  }
  assert.ok(performance.now() - started > 4_500);
});

Deno.test("every violation is answered with one ERROR that has the receipt's id, and the close; what follows is not obeyed", async () => {
  const topicOf = { destination: topic(partyId) }, appOf = { destination: app(partyId) };
  const body = (value: unknown) => JSON.stringify(value);
  const cases: [string, string, number, RegExp][] = [
    [connectFrame({ token: member.token, receipt: "r" }), "invalid-input", 1002, /CONNECT: the connection is there/],
    [
      frame("STOMP", { "accept-version": "1.2", receipt: "r" }),
      "invalid-input",
      1002,
      /STOMP: the connection is there/,
    ],
    ...["ACK", "NACK", "BEGIN", "COMMIT", "ABORT"].map((command): [string, string, number, RegExp] => [
      frame(command, { id: "1", transaction: "t", receipt: "r" }),
      "invalid-input",
      1002,
      /acknowledged|transactions/,
    ]),
    [frame("SUBSCRIBE", { ...topicOf, receipt: "r" }), "invalid-input", 1002, /id/],
    [frame("SUBSCRIBE", { id: "", ...topicOf, receipt: "r" }), "invalid-input", 1002, /id/],
    [frame("SUBSCRIBE", { id: "x".repeat(256), ...topicOf, receipt: "r" }), "invalid-input", 1002, /id/],
    [frame("SUBSCRIBE", { id: "1", receipt: "r" }), "invalid-input", 1002, /destination/],
    [frame("SUBSCRIBE", { id: "taken", ...topicOf, receipt: "r" }), "invalid-input", 1002, /id/],
    [
      frame("SUBSCRIBE", { id: "1", ...topicOf, ack: "client", receipt: "r" }),
      "invalid-input",
      1002,
      /ack: must be auto/,
    ],
    [frame("SUBSCRIBE", { id: "1", ...topicOf, ack: "client-individual", receipt: "r" }), "invalid-input", 1002, /ack/],
    [frame("SUBSCRIBE", { id: "1", ...topicOf, after: "-1", receipt: "r" }), "invalid-input", 1002, /after/],
    [frame("SUBSCRIBE", { id: "1", ...topicOf, after: "1e3", receipt: "r" }), "invalid-input", 1002, /after/],
    [frame("UNSUBSCRIBE", { receipt: "r" }), "invalid-input", 1002, /id/],
    [frame("SEND", { receipt: "r" }, body({ text: "a" })), "invalid-input", 1002, /destination/],
    [frame("SEND", { ...appOf, receipt: "r" }), "invalid-input", 1002, /JSON/],
    [frame("SEND", { ...appOf, receipt: "r" }, "null"), "invalid-input", 1002, /object/],
    [frame("SEND", { ...appOf, receipt: "r" }, body({ text: " " })), "invalid-input", 1002, /text/],
    [frame("SEND", { ...appOf, receipt: "r" }, body({ text: "가".repeat(2_001) })), "invalid-input", 1002, /text/],
    [
      frame("SEND", { ...appOf, receipt: "r" }, body({ text: "a", clientMsgId: "" })),
      "invalid-input",
      1002,
      /clientMsgId/,
    ],
    [frame("SEND", { ...appOf, receipt: "r" }, body({ text: "a", kind: "join" })), "invalid-input", 1002, /kind/],
    [
      frame("SEND", { ...appOf, transaction: "t", receipt: "r" }, body({ text: "a" })),
      "invalid-input",
      1002,
      /transactions/,
    ],
    ...[
      "/",
      "/queue/a",
      `/topic/parties.${v7()}`,
      `/topic/parties.${v7()}.chat.more`,
      "/topic/parties.1.chat",
      "/topic/parties.*.chat",
      app(partyId),
    ].map((destination): [string, string, number, RegExp] => [
      frame("SUBSCRIBE", { id: "1", destination, receipt: "r" }),
      "not-found",
      1008,
      /destination/,
    ]),
    [
      frame("SEND", { destination: topic(partyId), receipt: "r" }, body({ text: "a" })),
      "not-found",
      1008,
      /destination/,
    ],
  ];
  const before = (await readLog(service, leader, partyId)).length;
  for (const [said, code, closeCode, told] of cases) {
    const client = await connectStomp(service, member);
    client.say(frame("SUBSCRIBE", { id: "taken", ...topicOf }));
    client.say(said + frame("SEND", { ...appOf, receipt: "after" }, body({ text: "너무 늦었어요" })));
    const { error, problem, code: closed } = await client.failed();
    assert.deepEqual([problem.code, closed, error.headers["receipt-id"]], [code, closeCode, "r"], said);
    assert.match(`${problem.detail}`, told, said);
    assert.deepEqual(client.frames.map(({ command }) => command), ["CONNECTED", "ERROR"], said);
  }
  assert.equal((await readLog(service, leader, partyId)).length, before);
});

Deno.test("of several refused texts the first is told of, also when DISCONNECT has come after them", async () => {
  const destination = app(v7());
  const send = (receipt: string) => frame("SEND", { destination, receipt }, '{"text":"a"}');
  for (const rest of [send("second"), send("second") + frame("DISCONNECT", { receipt: "bye" })]) {
    const client = await connectStomp(service, member);
    client.say(send("first") + rest);
    const { error, problem, code } = await client.failed();
    assert.deepEqual([problem.code, error.headers["receipt-id"], code], ["not-found", "first", 1008]);
    assert.deepEqual(client.frames.map(({ command }) => command), ["CONNECTED", "ERROR"]);
  }
});

Deno.test("bytes that are no frame end in an ERROR after whatever came before them was answered", async () => {
  const receipted = frame("UNSUBSCRIBE", { id: "1", receipt: "r" });
  const cases: [(string | Uint8Array<ArrayBuffer>)[], string, number][] = [
    [[`${receipted}DANCE\n\n\0`], "invalid-input", 1002],
    [[receipted, "SUBSCRIBE\nno header\n\n\0"], "invalid-input", 1002],
    [[receipted, "SEND\ncontent-length:1\n", "\nab\0"], "invalid-input", 1002],
    [[receipted, "SEND\na:\\t\n\n\0"], "invalid-input", 1002],
    [[receipted, new Uint8Array([...new TextEncoder().encode("SEND\na:"), 0xff, 10, 10, 0])], "invalid-input", 1002],
    [[receipted, "SEND\n\n", ...Array.from({ length: 5 }, () => "x".repeat(4 * 1024))], "too-large", 1009],
    [[receipted, "x".repeat(16 * 1024 + 1)], "too-large", 1009],
  ];
  for (const [said, code, closeCode] of cases) {
    const client = await connectStomp(service, member);
    for (const each of said) {
      client.say(each);
      await client.heard("RECEIPT");
    }
    const { problem, code: closed } = await client.failed();
    assert.deepEqual([problem.code, closed], [code, closeCode], `${said[0]}`);
    assert.deepEqual(client.frames.map(({ command }) => command), ["CONNECTED", "RECEIPT", "ERROR"]);
  }
});

Deno.test("a frame of 16 KiB is taken, byte by byte too, as are several in one message, in CR LF and with binary messages", async () => {
  const room = await openRoom(service, leader, [member]);
  const padded = JSON.stringify({ text: "가득" });
  const head = frame("SEND", { destination: app(room), receipt: "full" }).slice(0, -1);
  const largest = new TextEncoder().encode(`${head}${padded.padEnd(16 * 1024 - 1 - head.length - 4)}\0`);
  assert.equal(largest.length, 16 * 1024);
  await using client = await connectStomp(service, member);
  for (const byte of largest) client.say(new Uint8Array([byte]));
  await client.heard("RECEIPT", ({ headers }) => headers["receipt-id"] === "full");
  client.say(largest);
  client.say(
    `\r\nSUBSCRIBE\r\nid:1\r\ndestination:${topic(room)}\r\nafter:0\r\n\r\n\0\n\n` +
      frame("UNSUBSCRIBE", { id: "1", receipt: "u" }),
  );
  await client.heard("RECEIPT", ({ headers }) => headers["receipt-id"] === "u");
  await using stock = await connectStock(service, member, { splitLargeFrames: true, maxWebSocketChunkSize: 7 });
  await stock.send(room, { text: "일곱 글자씩" });
  await using binary = await connectStock(service, member, { forceBinaryWSFrames: true });
  await binary.send(room, { text: "이진으로" });
  const texts = (await readLog(service, leader, room)).map(({ text }) => text);
  assert.deepEqual(texts, ["", "가득", "가득", "일곱 글자씩", "이진으로"]);
});

Deno.test("whatever bytes come, the node goes on: they end in an ERROR and the close, or are waited on", async () => {
  let errors = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 6 }), fc.boolean(), async (messages, isConnected) => {
      await using client = isConnected ? await connectStomp(service, member) : await openStomp(service);
      for (const message of messages) client.say(message);
      // Whatever is open ends here, and what follows is refused.
      client.say(`\n\0\n\0${frame("NACK")}`);
      const { code } = await client.ended;
      if (code === 1000) return assert.ok(client.frames.every(({ command }) => command !== "ERROR"), "it disconnected");
      await client.failed();
      errors++;
    }),
    { numRuns: 100 },
  );
  assert.ok(errors > 40, `${errors} errors`);
  await using stock = await connectStock(service, member);
  await stock.send(partyId, { text: "아직 돌아가요" });
});
