/** How long it takes to read whom a new party concerns, among a million people and their favourites. */
import type { EventPayload } from "../contract/events.ts";
import { migrate } from "../adapters/migrations.ts";
import { openSql } from "../adapters/sql_postgres.ts";
import type { Sql } from "../services/ports.ts";
import { FAVORITE_REACH_M, recipientsOf, type StoredEvent } from "../services/recipients.ts";
import { watchStatements } from "../tests/query_plans.ts";
import { quietLog } from "../tests/quiet_log.ts";
import { p50p99, quantile, say, tell } from "./figures.ts";
import { startStores } from "./machine.ts";

const FAVOURITES = 3, ITEMS = 14_192, MARKETS = 2_508, LIMIT_MS = 30;
/** Cities, with the share of the people who live in them or in those before. */
const CITIES: [lat: number, lng: number, upTo: number][] = [
  [37.56, 126.98, 0.35],
  [37.45, 126.7, 0.48],
  [37.27, 127.02, 0.6],
  [35.18, 129.07, 0.7],
  [35.87, 128.6, 0.77],
  [36.35, 127.38, 0.82],
  [35.16, 126.85, 0.87],
  [35.54, 129.31, 0.9],
  [33.5, 126.53, 0.92],
  [37.88, 127.73, 0.94],
  [35.82, 127.15, 0.96],
  [36.64, 127.49, 0.98],
  [38.45, 128.4, 0.99],
  [34.81, 126.39, 1],
];

/** Measures it for parties with 80 to 120 recipients, and for those with most, and shows the plan. */
export async function benchRecipients({ users }: { users: number }): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const { databaseUrl } = stack.use(await startStores());
  const { sql } = stack.use(await openSql({ target: databaseUrl, max: 1, log: quietLog }));
  await migrate({ sql, log: quietLog });
  await fill(sql, users);
  const events = await pickEvents(sql), took: number[] = [];
  let found = 0;
  for (let round = 0; round < 3; round++) {
    for (const event of events) {
      const begun = performance.now();
      found += (await recipientsOf({ sql }, [event]))[0]!.length;
      took.push(performance.now() - begun);
    }
  }
  const mean = Math.round(found / took.length), p99 = quantile(took, 0.99);
  const what = `${mean} recipients among ${users.toLocaleString("en")} people`;
  tell(what, p50p99(took), `p99 ${LIMIT_MS} ms or less`, p99 <= LIMIT_MS);
  const watched = watchStatements({ environment: { DATABASE_URL: databaseUrl } });
  stack.defer(() => watched.sql.end());
  for (const { nodes, pagesRead } of await watched.plansOf(() => recipientsOf(watched, [events[0]!]))) {
    const scans = nodes.filter((node) => /(Index|Seq)( Only)? Scan/.test(String(node["Node Type"])));
    say(
      `  ${pagesRead} pages: ${
        scans.map((node) => `${node["Node Type"]} ${node["Index Name"] ?? node["Relation Name"]}`).join(", ")
      }`,
    );
  }
}

/** People around the cities, and favourites of which some items have very many and most have few. */
async function fill(sql: Sql, users: number): Promise<void> {
  await sql`set synchronous_commit = off`;
  await sql`set statement_timeout = 0`;
  await sql`create temp table city (lat float8, lng float8, up_to float8)`;
  for (const [lat, lng, upTo] of CITIES) await sql`insert into city values (${lat}, ${lng}, ${upTo})`;
  await sql`
    insert into items (id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at)
    select gen_random_uuid(), 'mafra', n::text, '부류' || n % 78, '품목' || n, '일반', '품목' || n, '', 0, '', now()
    from generate_series(1, ${ITEMS}::int) as n`;
  await sql`
    insert into markets (id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text, updated_at)
    select gen_random_uuid(), 'stores', n::text, '마트' || n, 'mart', '길', lat + (random() + random() - 1) * 0.3,
      lng + (random() + random() - 1) * 0.3, '11140', '마트', now()
    from (select n, random() as r from generate_series(1, ${MARKETS}::int) as n) as each
    join lateral (select * from city where up_to > each.r order by up_to limit 1) as city on true`;
  await sql`
    insert into users (id, email, password_hash, nickname, home_address, home_lat, home_lng, home_region_code, terms_at,
      privacy_at, location_at, created_at)
    select gen_random_uuid(), n || '@example.com', 'none', '이웃' || n, '집', lat + (random() + random() + random() - 1.5) * 0.3,
      lng + (random() + random() + random() - 1.5) * 0.3, '11140', now(), now(), now(), now()
    from (select n, random() as r from generate_series(1, ${users}::int) as n) as each
    join lateral (select * from city where up_to > each.r order by up_to limit 1) as city on true`;
  // The homes come with the rows: looking each of them up is not what is measured.
  await sql`alter table favorite_items disable trigger favorite_item_home`;
  await sql`
    with person as (select row_number() over () as n, id, home_lat, home_lng from users),
    item as (select row_number() over () as n, id from items),
    pick as (
      select 1 + (n - 1) / ${FAVOURITES}::int as person, 1 + floor(${ITEMS - 1}::int * random() ^ 3)::int as item
      from generate_series(1, ${users * FAVOURITES}::int) as n)
    insert into favorite_items (item_id, user_id, created_at, home_lat, home_lng)
    select item.id, person.id, now(), home_lat, home_lng
    from pick
    join person on person.n = pick.person
    join item on item.n = pick.item
    on conflict do nothing`;
  await sql`alter table favorite_items enable trigger favorite_item_home`;
  for (const table of ["users", "items", "markets", "favorite_items"]) await sql.unsafe(`vacuum analyze ${table}`);
}

/** Of the most favoured items and any markets the pairs with about a hundred recipients. */
async function pickEvents(sql: Sql): Promise<StoredEvent[]> {
  const pairs = await sql<{ itemId: string; marketId: string }[]>`
    select item_id as "itemId", market_id as "marketId"
    from (
      select i.item_id, m.id as market_id,
        (select count(*)
          from favorite_items f
          where f.item_id = i.item_id and f.home_lat between m.lat - 0.1 and m.lat + 0.1
            and f.home_lng between m.lng - 0.13 and m.lng + 0.13
            and haversine_m(f.home_lat, f.home_lng, m.lat, m.lng) <= ${FAVORITE_REACH_M}) as recipients
      from (select item_id from favorite_items group by item_id order by count(*) desc limit 300) as i
      cross join lateral (select id, lat, lng from markets order by md5(id::text || i.item_id::text) limit 12) as m
    ) as pair
    where recipients between 80 and 120
    order by random()
    limit 400`;
  if (pairs.length === 0) throw new Error("no item has a hundred recipients near any market: more people are needed");
  const nobody = "00000000-0000-0000-0000-000000000000";
  return pairs.map((pair) => ({
    partyId: nobody,
    eventId: nobody,
    type: "party.created",
    payload: { ...pair, actorId: nobody } as EventPayload,
  }));
}
