/** Writing the catalogue in bulk: new and changed rows by their natural key, and rows whose source no longer tells them. */
import { newId } from "./ids.ts";
import type { ItemRow } from "./item_rows.ts";
import type { MarketRow } from "./market_rows.ts";
import type { Clock, TransactionSql } from "./ports.ts";

/** A row with its natural key. */
export interface Keyed<Row> {
  key: string;
  row: Row;
}

/** How many of the rows given were new, and how many were there but differed or had been retired. The rest were not touched. */
export interface Written {
  inserted: number;
  updated: number;
}

/** Writes items. Of an unchanged one no version is written; whoever knows it beforehand spares its look-up and its lock. */
export async function writeItems(
  { clock }: { clock: Clock },
  tx: TransactionSql,
  source: "mafra" | "sample",
  rows: Keyed<ItemRow>[],
): Promise<Written> {
  const of = columnsOf(rows);
  return countWritten(
    await tx<{ isNew: boolean }[]>`
    with told as (
      select *
      from unnest(
        ${idsOf({ clock }, rows)}::uuid[], ${rows.map(({ key }) => key)}::text[], ${of("category")}::text[],
        ${of("name")}::text[], ${of("variety")}::text[], ${of("search_text")}::text[], ${of("initials")}::text[],
        ${of("rank")}::smallint[], ${of("row_hash")}::text[])
        as told (id, key, category, name, variety, search_text, initials, rank, row_hash)
    )
    insert into items (id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at)
    select id, ${source}, key, category, name, variety, search_text, initials, rank, decode(row_hash, 'hex'), ${clock.now()}
    from told
    -- In one order everywhere, so that two writers cannot wait for each other.
    order by key
    on conflict (code) do update
    set category = excluded.category, name = excluded.name, variety = excluded.variety,
      search_text = excluded.search_text, initials = excluded.initials, rank = excluded.rank,
      row_hash = excluded.row_hash, updated_at = excluded.updated_at, retired_at = null
    where items.row_hash <> excluded.row_hash or items.retired_at is not null
    -- A row just inserted has no xmax; one that was there carries the lock which this statement took on it.
    returning xmax = 0 as "isNew"`,
  );
}

/** Writes markets of one source, as {@link writeItems} does items. */
export async function writeMarkets(
  { clock }: { clock: Clock },
  tx: TransactionSql,
  source: "traditional" | "stores" | "sample",
  rows: Keyed<MarketRow>[],
): Promise<Written> {
  const of = columnsOf(rows);
  return countWritten(
    await tx<{ isNew: boolean }[]>`
    with told as (
      select *
      from unnest(
        ${idsOf({ clock }, rows)}::uuid[], ${rows.map(({ key }) => key)}::text[], ${of("name")}::text[],
        ${of("kind")}::text[], ${of("road_address")}::text[], ${of("lat")}::float8[], ${of("lng")}::float8[],
        ${of("region_code")}::text[], ${of("search_text")}::text[], ${of("row_hash")}::text[])
        as told (id, key, name, kind, road_address, lat, lng, region_code, search_text, row_hash)
    )
    insert into markets (
      id, source, source_key, name, kind, road_address, lat, lng, region_code, search_text, row_hash, updated_at)
    select id, ${source}, key, name, kind, road_address, lat, lng, region_code, search_text, decode(row_hash, 'hex'),
      ${clock.now()}
    from told
    order by key
    on conflict (source, source_key) do update
    set name = excluded.name, kind = excluded.kind, road_address = excluded.road_address, lat = excluded.lat,
      lng = excluded.lng, region_code = excluded.region_code, search_text = excluded.search_text,
      row_hash = excluded.row_hash, updated_at = excluded.updated_at, retired_at = null
    where markets.row_hash <> excluded.row_hash or markets.retired_at is not null
    returning xmax = 0 as "isNew"`,
  );
}

/** Which rows of the catalogue a source answers for. */
export interface Share {
  table: "items" | "markets";
  keyColumn: "code" | "source_key";
  source: "mafra" | "traditional" | "stores";
}

/** Flags the rows that the run has not seen. They stay where they are: parties refer to them. */
export async function retireMissing(
  { clock }: { clock: Clock },
  tx: TransactionSql,
  { table, keyColumn, source }: Share,
  runId: string,
): Promise<number> {
  const { count } = await tx`
    with seen as (select unnest(keys_seen) as key from ingest_pages where run_id = ${runId})
    update ${tx(table)}
    set retired_at = ${clock.now()}, updated_at = ${clock.now()}
    where source = ${source} and retired_at is null
      and not exists (select from seen where seen.key = ${tx(keyColumn)})`;
  return count;
}

/** Rows as columns: arrays cost the database less than JSON does (bench/ingest_writes.ts). */
function columnsOf<Row>(rows: Keyed<Row>[]): <Name extends keyof Row>(name: Name) => Row[Name][] {
  return (name) => rows.map(({ row }) => row[name]);
}

function idsOf({ clock }: { clock: Clock }, rows: Keyed<unknown>[]): string[] {
  return rows.map(() => newId({ clock }));
}

function countWritten(rows: readonly { isNew: boolean }[]): Written {
  const inserted = rows.filter(({ isNew }) => isNew).length;
  return { inserted, updated: rows.length - inserted };
}
