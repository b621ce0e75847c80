/**
 * Ways to get pages of items into their table, each page a transaction of its own, beside one COPY of all rows: how fast rows
 * are in and committed, with all indexes on.
 *
 *   DATABASE_URL=postgres://… deno task bench ingest_writes [rows]
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import postgres from "postgres";
import { newId } from "../services/ids.ts";
import { itemRow } from "../services/item_rows.ts";
import { systemClock } from "../adapters/clock_system.ts";
import { writeItems } from "../services/catalogue_writes.ts";
import type { TransactionSql } from "../services/ports.ts";
import { codeBookRow, openCatalogue } from "../tests/ingest_world.ts";

const COLUMNS = "id, source, code, category, name, variety, search_text, initials, rank, row_hash, updated_at";
const count = Number(Deno.args[0] ?? 100_000);
const rows = Array.from({ length: count }, (_, i) => rowAt(i));
const pages = Array.from({ length: Math.ceil(count / 1_000) }, (_, i) => rows.slice(i * 1_000, (i + 1) * 1_000));

type Row = ReturnType<typeof rowAt>;
type Way = (tx: postgres.TransactionSql, page: Row[]) => Promise<unknown>;

const WAYS: Record<string, Way> = {
  "as the service writes (unnest, upsert what changed)": (tx, page) =>
    writeItems(
      { clock: systemClock },
      tx as unknown as TransactionSql,
      "mafra",
      page.map(({ key, row }) => ({ key, row })),
    ),
  "json_to_recordset, upsert what changed": (tx, page) =>
    tx`
    insert into items (${tx.unsafe(COLUMNS)})
    select id, 'mafra', key, category, name, variety, search_text, initials, rank, decode(row_hash, 'hex'), now()
    from json_to_recordset(${
      JSON.stringify(page.map(({ id, key, row }) => ({ id, key, ...row })))
    }::text::json) as told (
      id uuid, key text, category text, name text, variety text, search_text text, initials text, rank smallint,
      row_hash text)
    where not exists (
      select from items known
      where known.code = key and known.row_hash = decode(told.row_hash, 'hex') and known.retired_at is null)
    order by key
    on conflict (code) do update set name = excluded.name
    returning xmax = 0 as "isNew"`,
  "unnest, upsert all": (tx, page) =>
    tx`
    insert into items (${tx.unsafe(COLUMNS)})
    select id, 'mafra', key, category, name, variety, search_text, initials, rank, decode(row_hash, 'hex'), now()
    from unnest(${page.map(({ id }) => id)}::uuid[], ${page.map(({ key }) => key)}::text[],
      ${page.map(({ row }) => row.category)}::text[], ${page.map(({ row }) => row.name)}::text[],
      ${page.map(({ row }) => row.variety)}::text[], ${page.map(({ row }) => row.search_text)}::text[],
      ${page.map(({ row }) => row.initials)}::text[], ${page.map(({ row }) => row.rank)}::smallint[],
      ${page.map(({ row }) => row.row_hash)}::text[])
      as told (id, key, category, name, variety, search_text, initials, rank, row_hash)
    on conflict (code) do update set name = excluded.name`,
  "COPY to a temporary table, upsert": async (tx, page) => {
    await tx`create temporary table told (like items) on commit drop`;
    await pipeline(Readable.from([copyText(page)]), await tx`copy told (${tx.unsafe(COLUMNS)}) from stdin`.writable());
    await tx`
      insert into items (${tx.unsafe(COLUMNS)}) select ${tx.unsafe(COLUMNS)} from told
      on conflict (code) do update set name = excluded.name`;
  },
  "COPY of each page": async (tx, page) => {
    await pipeline(Readable.from([copyText(page)]), await tx`copy items (${tx.unsafe(COLUMNS)}) from stdin`.writable());
  },
};

const whole = await timed(async (sql) => {
  await pipeline(Readable.from([copyText(rows)]), await sql`copy items (${sql.unsafe(COLUMNS)}) from stdin`.writable());
});
tell("COPY of all rows at once", `${Math.round(whole)} rows/s`);
for (const [name, way] of Object.entries(WAYS)) {
  const rate = await timed(async (sql) => {
    for (const page of pages) {
      await sql.begin(async (tx) => {
        await tx`set local enable_seqscan = off`;
        await way(tx, page);
      });
    }
  });
  tell(name, `${Math.round(rate)} rows/s, ${(rate / whole).toFixed(2)} of COPY (0.70 or more)`);
}

/** Rows per second of `work`, in a catalogue of its own. */
async function timed(work: (sql: postgres.Sql) => Promise<unknown>): Promise<number> {
  await using catalogue = await openCatalogue();
  const sql = postgres(catalogue.database.environment.DATABASE_URL!, { max: 1, onnotice: () => {} });
  const begun = performance.now();
  await work(sql);
  const perS = count / (performance.now() - begun) * 1_000;
  await sql.end();
  return perS;
}

function tell(what: string, figure: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${what.padEnd(52)} ${figure}\n`));
}

function rowAt(i: number) {
  const { LARGE, MID, SMALL, LARGENAME, MIDNAME, GOODNAME } = codeBookRow(i) as Record<string, string>;
  const row = itemRow({ category: LARGENAME!, name: MIDNAME!, variety: GOODNAME!, rank: 1 });
  return { id: newId({ clock: systemClock }), key: `${LARGE}${MID}${SMALL}`, row };
}

function copyText(page: Row[]): string {
  return page.map(({ id, key, row }) =>
    [
      id,
      "mafra",
      key,
      row.category,
      row.name,
      row.variety,
      row.search_text,
      row.initials,
      row.rank,
      `\\\\x${row.row_hash}`,
      "now",
    ].join("\t") + "\n"
  ).join("");
}
