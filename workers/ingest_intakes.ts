/** What the engine has to know of each source: how a row is judged, where rows go, and which samples they replace. */
import { type Keyed, type Share, writeItems, writeMarkets, type Written } from "../services/catalogue_writes.ts";
import type { Judged } from "../services/ingest_rows.ts";
import { type ItemRow, judgeItem } from "../services/item_rows.ts";
import { judgeMarket, judgeStore, type MarketRow } from "../services/market_rows.ts";
import type { Deps, SourceItem, SourceMarket, TransactionSql } from "../services/ports.ts";
import { retireSampleItems, retireSampleMarkets } from "../services/sample_catalogue.ts";

type Writer = Pick<Deps, "clock">;

/** One source's way into the catalogue. */
export interface Intake<Fields, Row> {
  share: Share;
  judge(fields: Fields): Judged<Row>;
  write(deps: Writer, tx: TransactionSql, rows: Keyed<Row>[]): Promise<Written>;
  /** Retires the samples that stood in for this source. */
  replaceSample(deps: Writer, tx: TransactionSql): Promise<void>;
}

/** The item code book. */
export const ITEMS: Intake<SourceItem, ItemRow> = {
  share: { table: "items", keyColumn: "code", source: "mafra" },
  judge: judgeItem,
  write: (deps, tx, rows) => writeItems(deps, tx, "mafra", rows),
  replaceSample: retireSampleItems,
};

/** The traditional markets. */
export const MARKETS: Intake<SourceMarket, MarketRow> = {
  share: { table: "markets", keyColumn: "source_key", source: "traditional" },
  judge: judgeMarket,
  write: (deps, tx, rows) => writeMarkets(deps, tx, "traditional", rows),
  replaceSample: (deps, tx) => retireSampleMarkets(deps, tx, ["traditional"]),
};

/** The large stores. */
export const STORES: Intake<SourceMarket, MarketRow> = {
  share: { table: "markets", keyColumn: "source_key", source: "stores" },
  judge: judgeStore,
  write: (deps, tx, rows) => writeMarkets(deps, tx, "stores", rows),
  replaceSample: (deps, tx) => retireSampleMarkets(deps, tx, ["mart", "other"]),
};
