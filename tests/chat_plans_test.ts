/** That a person's chats, pointers and changes are read by their indexes, with many parties around them. */
import assert from "node:assert/strict";
import { deleteText, editText } from "../services/chat_changes.ts";
import { listChats } from "../services/chat_list.ts";
import { moveReadPointers } from "../services/chat_reads.ts";
import type { Sql } from "../services/ports.ts";
import { inTransaction, sqlOf } from "../services/transaction.ts";
import { joinAccepted, openParty, type Person, signUpAll, startTestService, type TestService } from "./harness.ts";
import { type Plan, type Watched, watchStatements } from "./query_plans.ts";

/** So many parties of so many people; the person is in a few, with logs of these sizes. */
const PARTIES = 20_000;
const PEOPLE = 4_000;
const SIZES = [0, 1, 20, 20, 20, 300, 5_000];

let service: TestService;
let watched: Watched;
let person: Person;
let other: Person;
let rooms: string[];
Deno.test.beforeAll(async () => {
  service = await startTestService();
  [person, other] = await signUpAll(service, 2) as [Person, Person];
  rooms = await fillParties(service.sql);
  watched = watchStatements(service.database);
});
Deno.test.afterAll(async () => {
  await watched.sql.end();
  await service[Symbol.asyncDispose]();
});

/** Parties enough that PostgreSQL would rather not read them all, with a few texts each; answers those of the person. */
async function fillParties(sql: Sql): Promise<string[]> {
  const { id } = await openParty(service, other, { capacity: 4 });
  await joinAccepted(service, { id }, other, person);
  const copies = await sql<{ id: string }[]>`
    insert into parties (id, leader_id, market_id, item_id, title, quantity, unit, quantity_taken, capacity, starts_at,
      ends_at, join_until, search_text, created_at)
    select gen_random_uuid(), leader_id, market_id, item_id, title || ' ' || n, quantity, unit, quantity_taken, capacity,
      starts_at, ends_at, join_until, search_text, created_at
    from parties, generate_series(1, ${PARTIES}) as n
    where id = ${id}
    returning id`;
  const all = copies.map((copy) => copy.id), own = all.slice(0, SIZES.length);
  const people = await sql<{ id: string }[]>`
    insert into users (id, email, password_hash, nickname, terms_at, privacy_at, created_at)
    select gen_random_uuid(), n || '@example.com', '', '이웃 ' || n, now(), now(), now()
    from generate_series(1, ${PEOPLE}) as n
    returning id`;
  const leaders = all.map((_, i) => i < own.length ? other.id : people[i % PEOPLE]!.id);
  await sql`
    insert into party_members (party_id, user_id, role, status, quantity, requested_at)
    select party_id, user_id, 'leader', 'accepted', 1, now()
    from unnest(${all}::uuid[], ${leaders}::uuid[]) as leader (party_id, user_id)
    union all
    select party_id, ${person.id}::uuid, 'member', 'accepted', 1, now()
    from unnest(${own}::uuid[]) as party_id`;
  const sizes = all.map((_, i) => SIZES[i] ?? 5);
  await sql`
    insert into chat_rooms (party_id, opened_at, last_seq)
    select party_id, now(), size
    from unnest(${all}::uuid[], ${sizes}::int[]) as room (party_id, size)`;
  await sql`
    insert into chat_entries (party_id, seq, id, kind, sender_id, text, sent_at)
    select party_id, seq, gen_random_uuid(), 'text', user_id, '양파 두 망 남았어요 ' || seq, now()
    from unnest(${all}::uuid[], ${leaders}::uuid[], ${sizes}::int[]) as room (party_id, user_id, size),
      generate_series(1, size) as seq`;
  await sql`analyze users, parties, party_members, chat_rooms, chat_entries`;
  return own;
}

function assertByIndex({ nodes, text }: Plan): void {
  const sequential = nodes.filter((node) => node["Node Type"] === "Seq Scan").map((node) => node["Relation Name"]);
  assert.deepEqual(sequential, [], text);
}

/** Does something and takes it back, so that it can be explained as it was done. */
async function undone(work: (sql: Sql) => Promise<unknown>): Promise<void> {
  const wasDone = new Error("done");
  const undo = inTransaction(watched.sql, async (tx) => {
    await work(sqlOf(tx));
    throw wasDone;
  });
  await assert.rejects(undo, wasDone);
}

Deno.test("the list of a person's chats is one statement, reads no table from end to end, and a thousand entries of a chat", async () => {
  const plans = await watched.plansOf(() => listChats(watched, person.id));
  assert.equal(plans.length, 2, "one statement, planned in both ways");
  for (const plan of plans) {
    assertByIndex(plan);
    const names = plan.nodes.map((node) => node["Index Name"]);
    for (const name of ["party_members_user_idx", "chat_entries_pkey", "chat_rooms_pkey", "parties_pkey"]) {
      assert.ok(names.includes(name), `${name}: ${plan.text}`);
    }
    const entries = plan.nodes.filter((node) => node["Relation Name"] === "chat_entries");
    for (const node of entries) assert.equal(node["Rows Removed by Index Recheck"] ?? 0, 0, plan.text);
    assert.ok(plan.pagesRead <= 300, `${plan.pagesRead} pages: ${plan.text}`);
  }
  const chats = await listChats(watched, person.id);
  assert.equal(chats.length, SIZES.length + 1);
  assert.deepEqual(chats.map(({ unread }) => unread).sort((a, b) => a - b), [0, 0, 1, 20, 20, 20, 300, 1000]);
});

Deno.test("a pointer is moved by its keys", async () => {
  const marks = rooms.map((partyId) => ({ partyId, userId: person.id, seq: 3 }));
  for (const some of [marks.slice(0, 1), marks]) {
    const plans = await watched.plansOf(() => undone((sql) => moveReadPointers({ ...service.deps, sql }, some)));
    for (const plan of plans) {
      assertByIndex(plan);
      assert.ok(plan.pagesRead <= 30 * some.length, `${plan.pagesRead} pages: ${plan.text}`);
    }
  }
});

Deno.test("moving a pointer leaves the indexes alone", async () => {
  await service.sql.begin(async (tx) => {
    for (const seq of [4, 5, 6, 7, 8]) {
      await moveReadPointers({ ...service.deps, sql: tx as unknown as Sql }, [{
        partyId: rooms[2]!,
        userId: person.id,
        seq,
      }]);
    }
    const [row] = await tx`
      select n_tup_upd::int as all, n_tup_hot_upd::int as hot
      from pg_stat_xact_user_tables
      where relname = 'party_members'`;
    assert.ok(row!.all === 5 && row!.hot >= 4, JSON.stringify(row));
  });
});

Deno.test("an edit and a deletion look for what they change by indexes", async () => {
  const { deps } = service;
  const ref = { partyId: rooms.at(-1)!, seq: 77, userId: other.id };
  const changes = [
    (sql: Sql) => editText({ ...deps, sql }, ref, "다른 말"),
    (sql: Sql) => deleteText({ ...deps, sql }, ref),
  ];
  for (const change of changes) {
    const plans = await watched.plansOf(() => undone(change));
    assert.ok(plans.length >= 8);
    // What a person keeps under Idempotency-Keys is a day's worth; a table without rows is read as it is.
    for (const plan of plans) {
      assert.ok(
        !plan.nodes.some((node) =>
          /Seq Scan/.test(String(node["Node Type"])) && /chat|party/.test(String(node["Relation Name"]))
        ),
        plan.text,
      );
      assert.ok(plan.pagesRead <= 30, `${plan.pagesRead} pages: ${plan.text}`);
    }
  }
});
