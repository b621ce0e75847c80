/** How ingest runs are spoken of. */
import type { IngestRun } from "../../contract/ingest.ts";
import { locale, t } from "../words.ts";

/** What a source is called. */
export function sourceName(source: IngestRun["source"]): string {
  return {
    items: t("농수산물 품목", "Produce items"),
    markets: t("전통시장", "Traditional markets"),
    stores: t("마트", "Stores"),
    sample: t("견본 목록", "Sample catalogue"),
  }[source];
}

/** `12,345`. */
export function count(number: number): string {
  return number.toLocaleString(locale.value);
}
