/**
 * The chat over the death of its node: a real process, killed in the middle of what two phones say to each other.
 *
 * What fails it, taken out: that what was under way when the connection broke is sent again (client/live/delivery.ts).
 */
import assert from "node:assert/strict";
import { openRoom, readLog } from "./chat_world.ts";
import { chatOf, say, shows, watchRepeats } from "./client_chat_world.ts";
import { clientTest, testClient } from "./client_world.ts";
import { environmentOf, poll } from "./harness.ts";
import { startNode } from "./node_process.ts";
import { testPeople } from "./set_up.ts";

const world = testClient(), { service } = world;
const [leader, member] = testPeople(service, 2);

clientTest(
  "a node that is killed, again and again, takes none of the texts on their way with it, and brings none twice",
  async () => {
    await using node = await openNode();
    const partyId = await openRoom(service, leader, [member]), at = { service: node, browser: world.browser };
    await using hers = await chatOf(at, leader, partyId);
    await using his = await chatOf(at, member, partyId);
    const repeats = await watchRepeats(his), texts: string[] = [];
    for (let round = 1; round <= 3; round++) {
      const said = ["그녀", "그"].map((who) => [1, 2].map((n) => `${who} ${round}-${n}`));
      await Promise.all([say(hers, said[0]![0]!), say(his, said[1]![0]!)]);
      await node.kill();
      await Promise.all([say(hers, said[0]![1]!), say(his, said[1]![1]!)]);
      await node.start();
      texts.push(...said.flat());
      await poll(async () => (await readLog(service, leader, partyId)).length === texts.length + 1, {
        timeoutMs: 40_000,
      });
    }
    const log = (await readLog(service, leader, partyId)).slice(1).map(({ text }) => text);
    assert.deepEqual(log.toSorted(), texts.toSorted());
    for (const page of [hers, his]) await shows(page, log);
    // Each of the two said them in this order.
    for (const who of ["그녀 ", "그 "]) {
      const own = log.filter((text) => text.startsWith(who));
      assert.deepEqual(own, own.toSorted());
    }
    assert.deepEqual(await repeats(), []);
  },
);

/** A process on the system of the world's service, which comes back where it was. */
async function openNode() {
  const environment = { ...environmentOf(service), PUBLIC_ORIGIN: "http://127.0.0.1" };
  let current = await startNode(environment);
  const { url } = current, { port } = new URL(url);
  return {
    url,
    kill: () => current.kill(),
    start: async () => void (current = await startNode({ ...environment, PORT: port })),
    [Symbol.asyncDispose]: () => current[Symbol.asyncDispose](),
  };
}
