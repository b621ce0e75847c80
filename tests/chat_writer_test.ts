/** Texts on their way into the log, when some of them have to wait. */
import assert from "node:assert/strict";
import { connectChat } from "./chat_client.ts";
import { openRoom, told } from "./chat_world.ts";
import { testPeople, testService } from "./set_up.ts";

const service = testService();
const [leader, member] = testPeople(service, 2);

Deno.test("a room that is locked elsewhere holds up its own texts and nobody else's, and they are in once it is free", async () => {
  const held = await openRoom(service, leader, [member]), free = await openRoom(service, leader, [member]);
  await using client = await connectChat(service, { token: leader.token });
  await client.subscribe(held);
  const late = Promise.withResolvers<{ seq: number }>();
  await service.sql.begin(async (tx) => {
    await tx`select 1 from chat_rooms where party_id = ${held} for update`;
    client.send(held, "waits").then(late.resolve, late.reject);
    // Not the first one after it alone: the next ones too must find a way past what waits.
    for (let i = 1; i <= 5; i++) assert.equal((await client.send(free, `${i}`)).seq, 1 + i);
    assert.deepEqual(client.entries(held), []);
  });
  const { seq } = await late.promise;
  assert.equal((await told(client, seq)).text, "waits");
});
