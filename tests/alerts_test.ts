import assert from "node:assert/strict";
import { v7 } from "uuid";
import { addParty, addPeople, allTold, type Neighbour, tell } from "./alert_world.ts";
import { assertProblem } from "./harness.ts";
import { testService } from "./set_up.ts";

const service = testService();

/** A person with as many alerts as asked, from parties of one leader. */
async function withAlerts(count: number): Promise<{ reader: Neighbour; leader: Neighbour }> {
  const [reader, leader] = await addPeople(service, 2) as [Neighbour, Neighbour];
  for (let n = 0; n < count; n++) {
    const party = await addParty(service, leader.id);
    await tell(service, { type: "join.accepted", partyId: party.id, actorId: leader.id, userId: reader.id });
    await allTold(service, party);
  }
  return { reader, leader };
}

Deno.test("GET /api/alerts gives the inbox newest first, in pages that neither repeat nor skip, with its counts", async () => {
  const { reader } = await withAlerts(7);
  const seen: number[] = [];
  let path = "/api/alerts?limit=3";
  while (path) {
    const { status, body, headers } = await service.call("GET", path, { token: reader.token });
    assert.equal(status, 200);
    assert.deepEqual([body.lastSeq, body.unreadCount], [7, 7]);
    seen.push(...body.items.map(({ seq }: { seq: number }) => seq));
    if (body.nextCursor === null) assert.equal(headers.get("link"), null);
    path = body.nextCursor && /^<(.+)>; rel="next"$/.exec(headers.get("link")!)![1]!;
  }
  assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1]);
});

Deno.test("An inbox without alerts is empty, and its lastSeq is 0", async () => {
  const [nobody] = await addPeople(service, 1);
  const { body } = await service.call("GET", "/api/alerts", { token: nobody!.token });
  assert.deepEqual(body, { items: [], nextCursor: null, unreadCount: 0, lastSeq: 0 });
});

Deno.test("PATCH /api/alerts/:id marks as read once, POST read-all everything, and unread=true shows the rest", async () => {
  const { reader: { token } } = await withAlerts(3);
  const unread = async () => (await service.call("GET", "/api/alerts?unread=true", { token })).body;
  const [, second] = (await unread()).items;
  const read = await service.call("PATCH", `/api/alerts/${second.id}`, { token, body: { read: true } });
  assert.equal(read.status, 200);
  assert.deepEqual({ ...read.body, readAt: null }, second);
  assert.ok(Math.abs(Date.parse(read.body.readAt) - service.clock.now().getTime()) < 60_000);
  const again = await service.call("PATCH", `/api/alerts/${second.id}`, { token, body: { read: true } });
  assert.deepEqual(again.body, read.body);
  const rest = await unread();
  assert.deepEqual([rest.items.map(({ seq }: { seq: number }) => seq), rest.unreadCount], [[3, 1], 2]);
  assert.equal((await service.call("POST", "/api/alerts/read-all", { token })).status, 204);
  const none = await unread();
  assert.deepEqual([none.items, none.unreadCount, none.lastSeq], [[], 0, 3]);
});

Deno.test("DELETE /api/alerts/:id takes an alert out of the inbox for good, and its number is not given again", async () => {
  const { reader, leader } = await withAlerts(2);
  const { token } = reader;
  const [newest] = (await service.call("GET", "/api/alerts", { token })).body.items;
  assert.equal((await service.call("DELETE", `/api/alerts/${newest.id}`, { token })).status, 204);
  assertProblem(await service.call("DELETE", `/api/alerts/${newest.id}`, { token }), 404, "not-found");
  assertProblem(
    await service.call("PATCH", `/api/alerts/${newest.id}`, { token, body: { read: true } }),
    404,
    "not-found",
  );
  const party = await addParty(service, leader.id);
  await tell(service, { type: "join.rejected", partyId: party.id, actorId: leader.id, userId: reader.id });
  await allTold(service, party);
  const { body } = await service.call("GET", "/api/alerts", { token });
  assert.deepEqual(body.items.map(({ seq }: { seq: number }) => seq), [3, 1]);
  assert.deepEqual([body.unreadCount, body.lastSeq], [2, 3]);
});

Deno.test("Nobody can read, mark or delete another person's alert, and each attempt looks like no such id", async () => {
  const { reader } = await withAlerts(1);
  const [other] = await addPeople(service, 1);
  const [alert] = (await service.call("GET", "/api/alerts", { token: reader.token })).body.items;
  const { token } = other!;
  for (const id of [alert.id, v7(), "not-an-id"]) {
    const path = `/api/alerts/${id}`;
    assertProblem(await service.call("PATCH", path, { token, body: { read: true } }), 404, "not-found");
    assertProblem(await service.call("DELETE", path, { token }), 404, "not-found");
  }
  assert.equal((await service.call("POST", "/api/alerts/read-all", { token })).status, 204);
  const { body } = await service.call("GET", "/api/alerts", { token: reader.token });
  assert.deepEqual(body.items, [alert]);
  assert.equal(alert.readAt, null);
});

Deno.test("Every route of the inbox refuses callers without a good token", async () => {
  const { reader } = await withAlerts(1);
  const [alert] = (await service.call("GET", "/api/alerts", { token: reader.token })).body.items;
  const routes = [["GET", "/api/alerts"], ["GET", "/api/alerts/stream"], ["POST", "/api/alerts/read-all"]] as const;
  for (
    const [method, path] of [...routes, ["PATCH", `/api/alerts/${alert.id}`], ["DELETE", `/api/alerts/${alert.id}`]]
  ) {
    const options = method === "PATCH" ? { body: { read: true } } : {};
    assertProblem(await service.call(method!, path!, options), 401, "unauthenticated");
    assertProblem(await service.call(method!, path!, { ...options, token: "no-token" }), 401, "unauthenticated");
  }
});

Deno.test("Bad input to the inbox is refused with the name of the field", async () => {
  const [{ token }] = await addPeople(service, 1) as [Neighbour];
  for (
    const [query, pointer] of [
      ["limit=0", "/query/limit"],
      ["limit=101", "/query/limit"],
      ["unread=maybe", "/query/unread"],
      ["cursor=nonsense", "/query/cursor"],
      [`cursor=${btoa("99999999999")}`, "/query/cursor"],
      [`cursor=${btoa("-1")}`, "/query/cursor"],
    ]
  ) {
    assertProblem(await service.call("GET", `/api/alerts?${query}`, { token }), 422, "invalid-input", pointer);
  }
  const path = `/api/alerts/${v7()}`;
  for (
    const [body, pointer] of [[{ read: false }, "/read"], [{}, "/read"], [{ read: true, seq: 1 }, "/seq"]] as const
  ) {
    assertProblem(await service.call("PATCH", path, { token, body }), 422, "invalid-input", pointer);
  }
});
