/**
 * The sample catalogue: everyday goods and well-known places all over Korea, so that the first screen is never empty where no
 * key of public data is set. Written for this project; the places' coordinates are approximate.
 */
import { type Keyed, writeItems, writeMarkets } from "./catalogue_writes.ts";
import { newId } from "./ids.ts";
import { type ItemRow, itemRow } from "./item_rows.ts";
import { type MarketRow, marketRow } from "./market_rows.ts";
import type { Deps, TransactionSql } from "./ports.ts";
import { regionOf } from "./regions.ts";
import sample from "./sample_catalogue.json" with { type: "json" };
import { inTransaction } from "./transaction.ts";

/**
 * Puts the samples of the given kinds into a catalogue that has nothing of that kind. Happens once in the life of a database,
 * however many processes try at once. Returns how many rows went in.
 */
export async function loadSample(
  { sql, clock }: Pick<Deps, "sql" | "clock">,
  kinds: { items: boolean; markets: boolean },
): Promise<number> {
  return await inTransaction(sql, async (tx) => {
    if (!await claimLoad({ clock }, tx)) return 0;
    const items = kinds.items && await isEmpty(tx, "items") ? sampleItems() : [];
    const markets = kinds.markets && await isEmpty(tx, "markets") ? sampleMarkets() : [];
    const written = [
      await writeItems({ clock }, tx, "sample", items),
      await writeMarkets({ clock }, tx, "sample", markets),
    ];
    const inserted = written.reduce((sum, each) => sum + each.inserted, 0);
    await tx`update ingest_runs set inserted = ${inserted}, fetched = ${inserted} where source = 'sample'`;
    return inserted;
  });
}

/** Flags the sample items: the code book has come. */
export async function retireSampleItems({ clock }: Pick<Deps, "clock">, tx: TransactionSql): Promise<void> {
  await tx`
    update items
    set retired_at = ${clock.now()}, updated_at = ${clock.now()}
    where source = 'sample' and retired_at is null`;
}

/** Flags the sample markets of some kinds: real ones have come. */
export async function retireSampleMarkets(
  { clock }: Pick<Deps, "clock">,
  tx: TransactionSql,
  kinds: MarketRow["kind"][],
): Promise<void> {
  await tx`
    update markets
    set retired_at = ${clock.now()}, updated_at = ${clock.now()}
    where source = 'sample' and kind in ${tx(kinds)} and retired_at is null`;
}

/** The unique key decides who loads: the second one waits for the first one's commit, and finds it done. */
async function claimLoad({ clock }: Pick<Deps, "clock">, tx: TransactionSql): Promise<boolean> {
  const [claimed] = await tx`
    insert into ingest_runs (id, source, epoch, state, started_at, finished_at)
    values (${newId({ clock })}, 'sample', 1, 'complete', ${clock.now()}, ${clock.now()})
    on conflict (source, epoch) do nothing
    returning 1`;
  return claimed !== undefined;
}

async function isEmpty(tx: TransactionSql, kind: "items" | "markets"): Promise<boolean> {
  // A party's own place is no market of the catalogue.
  const [any] = kind === "items"
    ? await tx`select 1 from items limit 1`
    : await tx`select 1 from markets where source <> 'place' limit 1`;
  return any === undefined;
}

function sampleItems(): Keyed<ItemRow>[] {
  return Object.entries(sample.items).flatMap(([category, names]) =>
    Object.entries(names as Record<string, string[]>).flatMap(([name, varieties]) =>
      varieties.map((variety) => ({
        key: ["sample", category, name, variety].filter(Boolean).join("/"),
        row: itemRow({ category, name, variety, rank: 0 }),
      }))
    )
  );
}

function sampleMarkets(): Keyed<MarketRow>[] {
  return sample.markets.map(({ name, kind, roadAddress, lat, lng }) => ({
    key: name,
    row: marketRow({
      name,
      kind: kind as MarketRow["kind"],
      road_address: roadAddress,
      lat,
      lng,
      region_code: regionOf({ roadAddress, lat, lng }),
    }),
  }));
}
