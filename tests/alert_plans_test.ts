/** That whom an event concerns is read by indexes, with many people and favourites around them. */
import assert from "node:assert/strict";
import { v7 } from "uuid";
import type { EventPayload, EventType } from "../contract/events.ts";
import { recipientsOf, type StoredEvent } from "../services/recipients.ts";
import { addParty, addPeople, favourMarket, type PlainParty } from "./alert_world.ts";
import { CITY_HALL, startTestService, type TestService } from "./harness.ts";
import { type Watched, watchStatements } from "./query_plans.ts";

/** Everybody's favourites are among the party's item and these others; homes are all over the country. */
const PEOPLE = 30_000, ITEMS = 40, FAVOURITES = 4;

let service: TestService;
let watched: Watched;
let party: PlainParty;
Deno.test.beforeAll(async () => {
  service = await startTestService();
  const [leader] = await addPeople(service, 1);
  party = await addParty(service, leader!.id);
  await fill();
  watched = watchStatements(service.database);
});
Deno.test.afterAll(async () => {
  await watched.sql.end();
  await service[Symbol.asyncDispose]();
});

async function fill(): Promise<void> {
  const { sql } = service;
  await sql`
    insert into users (id, email, password_hash, nickname, home_address, home_lat, home_lng, home_region_code, terms_at,
      privacy_at, location_at, created_at)
    select gen_random_uuid(), n || '@example.com', 'none', '이웃 ' || n, '집', 33.2 + n::bigint * 7919 % 5300 / 1000.0,
      126 + n::bigint * 104729 % 3400 / 1000.0, '11140', now(), now(), now(), now()
    from generate_series(1, ${PEOPLE}) as n`;
  const items = await sql<{ id: string }[]>`
    insert into items (id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at)
    select gen_random_uuid(), 'mafra', 'plans-' || n, '과실류', '품목 ' || n, '일반', '품목', '', 0, '', now()
    from generate_series(1, ${ITEMS}) as n
    returning id`;
  const others = items.map(({ id }) => id);
  await sql`
    insert into favorite_items (item_id, user_id, created_at)
    select item.id, person.id, now()
    from (select id, row_number() over () as n from users where nickname like '이웃 %') as person
    join unnest(${[party.itemId, ...others]}::uuid[]) with ordinality as item (id, n)
      on item.n = 1 or (item.n + person.n) % ${ITEMS} < ${FAVOURITES - 1}`;
  await sql`
    with market as (
      insert into markets (id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text, updated_at)
      select gen_random_uuid(), 'stores', 'plans-' || n, '마트 ' || n, 'mart', '길', 33.2 + n::bigint * 7919 % 5300 / 1000.0,
        126 + n::bigint * 104729 % 3400 / 1000.0, '11140', '마트', now()
      from generate_series(1, 2500) as n
      returning id
    )
    insert into favorite_markets (market_id, user_id, created_at)
    select market.id, person.id, now()
    from market, (select id from users limit 4) as person`;
  await favourMarket(service, party, await addPeople(service, 60));
  // An index is read alone where the pages are known to hold nothing but what everyone sees.
  for (const table of ["users", "favorite_items", "favorite_markets", "markets", "items"]) {
    await sql.unsafe(`vacuum analyze ${table}`);
  }
}

function eventOf(type: EventType): StoredEvent {
  const payload = { itemId: party.itemId, marketId: party.marketId, actorId: party.leaderId, userId: party.leaderId };
  return { partyId: party.id, eventId: v7(), type, payload: payload as EventPayload };
}

Deno.test("a hundred recipients of a new party are one statement over indexes, favourite items out of theirs alone", async () => {
  const plans = await watched.plansOf(() => recipientsOf(watched, [eventOf("party.created")]));
  assert.equal(plans.length, 2, "one statement, planned in both ways");
  for (const { nodes, text, pagesRead } of plans) {
    const sequential = nodes.filter((node) => node["Node Type"] === "Seq Scan").map((node) => node["Relation Name"]);
    assert.deepEqual(sequential, [], text);
    const near = nodes.filter((node) => node["Index Name"] === "favorite_items_near_idx");
    assert.deepEqual(near.map((node) => node["Node Type"]), ["Index Only Scan"], text);
    assert.match(String(near[0]!["Index Cond"]), /item_id.*home_lat.*home_lng/, text);
    assert.ok(Number(near[0]!["Rows Removed by Filter"]) <= 40, text);
    assert.ok(pagesRead <= 800, `${pagesRead} pages: ${text}`);
  }
  const [found = []] = await recipientsOf(watched, [eventOf("party.created")]);
  assert.ok(found.length >= 80 && found.length <= 120, `${found.length} recipients near ${JSON.stringify(CITY_HALL)}`);
});

Deno.test("members, the leader and the one concerned are found by their keys, of one event and of many in one statement", async () => {
  const types = ["chat.opened", "join.requested", "join.accepted"] as const;
  const many = Array.from({ length: 20 }, () => types.map(eventOf)).flat();
  for (const events of [...types.map((type) => [eventOf(type)]), many]) {
    const plans = await watched.plansOf(() => recipientsOf(watched, events));
    assert.equal(plans.length, 2, "one statement, planned in both ways");
    for (const { nodes, text, pagesRead } of plans) {
      const sequential = nodes.filter((node) => node["Node Type"] === "Seq Scan" && node["Relation Name"] === "users");
      assert.deepEqual(sequential, [], text);
      assert.ok(pagesRead <= 30 + 10 * events.length, `${pagesRead} pages: ${text}`);
    }
  }
});
