/** GET /api/me/export: all that is kept about a person, nothing of anybody else, all of one moment. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import { z } from "zod";
import { MyData } from "../contract/my_data.ts";
import type { Sql } from "../services/ports.ts";
import { addParty, favourItem, fillInbox } from "./alert_world.ts";
import { addItem, joinAccepted, openParty, type Person, poll } from "./harness.ts";
import { testPeople, testService } from "./set_up.ts";

const service = testService();
const [mina, jun, sora] = testPeople(service, 3);

async function exportOf({ token }: Person): Promise<MyData> {
  const { status, body, headers } = await service.call("GET", "/api/me/export", { token });
  assert.equal(status, 200, JSON.stringify(body));
  assert.match(headers.get("content-disposition")!, /^attachment; filename="moajang-\d{4}-\d\d-\d\d\.json"$/);
  // Strictly: what the contract does not name is not told.
  return z.strictObject(MyData.shape).parse(body);
}

Deno.test("everything of a person is in it, and nothing that only others are told of", async () => {
  const [led, joined, free] = [
    await openParty(service, mina),
    await openParty(service, jun),
    await openParty(service, mina),
  ];
  await joinAccepted(service, joined, jun, mina);
  const say = (person: Person, text: string) =>
    service.call("POST", `/api/parties/${joined.id}/chat/entries`, {
      token: person.token,
      body: { clientMsgId: v7(), text },
    });
  const { body: said } = await say(mina, "내일 봬요");
  await say(jun, "저도요, 준입니다");
  await service.call("PATCH", `/api/parties/${joined.id}/chat/entries/${said.seq}`, {
    token: mina.token,
    body: { text: "모레 봬요" },
  });
  const item = await addItem(service);
  await service.call("PUT", `/api/favorites/items/${item.id}`, { token: mina.token });
  await service.call("PUT", `/api/favorites/markets/${joined.market.id}`, { token: mina.token });
  await service.call("PUT", "/api/me/alert-preferences", { token: mina.token, body: { quietHours: null } });
  const inbox = await poll(async () => {
    const { body } = await service.call("GET", "/api/alerts", { token: mina.token });
    return body.items.length > 0 && body.items;
  });
  await service.call("DELETE", `/api/alerts/${inbox[0].id}`, { token: mina.token });
  await addDeeds(mina, { joined: joined.id, led: led.id, free: free.id });

  const data = await exportOf(mina);
  assert.equal(data.account.email, mina.email);
  assert.ok(data.account.consents.terms && data.account.consents.location);
  assert.equal(data.sessions.length, 1);
  assert.deepEqual(data.favoriteItems.map(({ itemId }) => itemId), [item.id]);
  assert.deepEqual(data.favoriteMarkets.map(({ marketId }) => marketId), [joined.market.id]);
  const standings = data.parties.map(({ partyId, role, status }) => ({ partyId, role, status }));
  assert.deepEqual(standings, [
    { partyId: led.id, role: "leader", status: "accepted" },
    { partyId: joined.id, role: "member", status: "accepted" },
    { partyId: free.id, role: "leader", status: "accepted" },
  ]);
  const messages = data.messages.map(({ kind, text, targetSeq }) => ({ kind, text, targetSeq }));
  assert.deepEqual(messages, [
    { kind: "text", text: "내일 봬요", targetSeq: null },
    { kind: "edit", text: "모레 봬요", targetSeq: said.seq },
  ]);
  assert.deepEqual(data.alerts.map(({ seq }) => seq), data.alerts.map((_, i) => i + 1));
  assert.ok(data.alerts.find(({ id }) => id === inbox[0].id)?.deletedAt, "what was thrown away is kept, and told");
  assert.equal(data.alertPreferences.quietHours, null);
  assert.equal(data.penalties[0]?.appeal?.text, "그날 아팠어요");
  const deeds = [data.lateCancellations, data.leaderReports, data.settlementCorrections].map(([first]) =>
    first?.partyId
  );
  assert.deepEqual(deeds, [joined.id, joined.id, joined.id]);
  assert.equal(data.settlementLines[0]?.amountKrw, 12_000);
  assert.deepEqual(data.settlementAccounts, [{ partyId: led.id, account: "모아은행 1" }]);
  assert.equal(data.pushSubscriptions[0]?.endpoint, "https://push.example/mina");
  const text = JSON.stringify(data);
  for (const foreign of [jun.email, sora.email, sora.id, "저도요, 준입니다"]) {
    assert.ok(!text.includes(foreign), foreign);
  }
  assert.ok(!text.includes("argon2"), "no hash of the password");

  const theirs = await exportOf(sora);
  const lists = Object.values(theirs).filter((value) => Array.isArray(value));
  assert.deepEqual(lists.map(({ length }) => length).filter((length) => length > 0), [1], "her session, and no more");
});

/** What takes days to come about. */
async function addDeeds(
  { id }: Person,
  { joined, led, free }: Record<"joined" | "led" | "free", string>,
): Promise<void> {
  const { sql } = service;
  const [session] = await sql`select id from sessions where user_id = ${id}`;
  await sql`insert into penalties (party_id, user_id, id, created_at) values (${joined}, ${id}, ${v7()}, now())`;
  await sql`
    insert into appeals (party_id, user_id, id, text, created_at)
    values (${joined}, ${id}, ${v7()}, '그날 아팠어요', now())`;
  await sql`insert into late_cancellations (party_id, user_id, created_at) values (${joined}, ${id}, now())`;
  await sql`insert into leader_reports (party_id, user_id, created_at) values (${joined}, ${id}, now())`;
  await sql`
    insert into settlements (party_id, total_krw, account, frozen_at)
    values (${joined}, 24000, '준은행 2', now()), (${led}, 24000, '모아은행 1', now()), (${free}, 24000, null, now())`;
  await sql`
    insert into settlement_lines (party_id, user_id, quantity, amount_krw, rounded_up)
    values (${joined}, ${id}, 2500, 12000, false)`;
  await sql`
    insert into settlement_corrections (party_id, id, user_id, amount_krw, created_at)
    values (${joined}, ${v7()}, ${id}, -100, now())`;
  await sql`
    insert into push_subscriptions (user_id, id, session_id, endpoint, endpoint_hash, host, p256dh, auth, created_at,
      renewed_at)
    values (${id}, ${v7()}, ${session!.id}, 'https://push.example/mina', ${id}, 'push.example', '', '', now(), now())`;
}

Deno.test("a column that tells of a person is in it, or named here with the reason why not", async () => {
  const TOLD = [
    "alert_preferences.user_id",
    "alerts.user_id",
    "appeals.user_id",
    "chat_entries.sender_id",
    "favorite_items.user_id",
    "favorite_markets.user_id",
    "late_cancellations.user_id",
    "leader_reports.user_id",
    "parties.leader_id",
    "party_members.user_id",
    "penalties.user_id",
    "push_subscriptions.user_id",
    "sessions.user_id",
    "settlement_corrections.user_id",
    "settlement_lines.user_id",
  ];
  const UNTOLD = {
    "alert_heads.user_id": "the number of the last alert, which is there with its alert",
    "audit_log.actor_id": "what admins did to others: the service's record",
    "chat_presence.user_id": "passes: who is in a chat this minute",
    "idempotency_keys.user_id": "passes: answers that the person has got, for a day",
    "pushes.user_id": "passes: alerts on their way to the person's browsers",
  };
  const rows = await service.sql<{ name: string }[]>`
    select c.table_name || '.' || c.column_name as name
    from information_schema.columns c
    where c.table_schema = 'public'
      and (c.column_name in ('user_id', 'sender_id', 'leader_id', 'actor_id', 'owner_id', 'member_id')
        or (c.table_name::text, c.column_name::text) in (
          select key.conrelid::regclass::text, a.attname::text
          from pg_constraint key
          join pg_attribute a on a.attrelid = key.conrelid and a.attnum = any(key.conkey)
          where key.contype = 'f' and key.confrelid = 'users'::regclass))
    order by 1`;
  assert.deepEqual(rows.map(({ name }) => name), [...TOLD, ...Object.keys(UNTOLD)].toSorted());
});

Deno.test("all of it is of one moment, whatever is written meanwhile", async () => {
  const party = await addParty(service, jun.id);
  await fillInbox(service, sora, party, { count: 2_000 });
  const before = await exportOf(sora);
  let isOver = false;
  const writing = (async () => {
    while (!isOver) {
      const next = await addParty(service, jun.id);
      // Far apart in the export.
      await service.sql.begin(async (tx) => {
        const world = { ...service, sql: tx as unknown as Sql };
        await favourItem(world, next, [sora]);
        await fillInbox(world, sora, next, { count: 1 });
      });
    }
  })();
  for (let n = 0; n < 20; n++) {
    const { alerts, favoriteItems } = await exportOf(sora);
    assert.equal(alerts.length - favoriteItems.length, before.alerts.length - before.favoriteItems.length);
  }
  isOver = true;
  await writing;
});
