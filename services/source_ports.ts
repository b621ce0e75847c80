/** The ports to Korea's public data, which fill the catalogue. */

/** A row of the item code book as its provider tells it; "" for what it leaves out. Codes keep their leading zeros. */
export interface SourceItem {
  large: string;
  mid: string;
  small: string;
  category: string;
  name: string;
  variety: string;
  inUse: boolean;
}

/** A market as its provider tells it; "" and `null` for what it leaves out. Coordinates in WGS84 degrees, unchecked. */
export interface SourceMarket {
  /** The provider's own number of the place. */
  number: string;
  name: string;
  /** The provider's word for what kind of place it is. */
  type: string;
  roadAddress: string;
  jibunAddress: string;
  lat: number | null;
  lng: number | null;
  isOpen: boolean;
}

/** What a provider says to one question. Reasons are for people, and never hold a key. */
export type PageAnswer<Fields> =
  /** `total` is what the provider claims to hold in all; `raw` the row as it came. */
  | { kind: "page"; total: number; rows: { fields: Fields; raw: unknown }[] }
  /** Worth asking again, at the earliest after `afterMs`; `isBusy` when fewer questions at once would help. */
  | { kind: "later"; reason: string; afterMs?: number; isBusy?: boolean }
  /** The same question will not be answered: a wrong key, a spent allowance, a service that is gone. */
  | { kind: "refused"; reason: string };

/** A provider of public data, read in pages of {@link PAGE_ROWS}. */
export interface PublicSource<Fields> {
  /** The variable that holds its key. */
  keyVariable: string;
  /**
   * Asks for a page (from 1) once. Answers within the time limit and size limit of one question, whatever the provider
   * does; rejects only when aborted. `null` when there is no key.
   */
  readPage: ((page: number, signal: AbortSignal) => Promise<PageAnswer<Fields>>) | null;
}

/** What the catalogue is built from. */
export interface PublicSources {
  items: PublicSource<SourceItem>;
  markets: PublicSource<SourceMarket>;
  stores: PublicSource<SourceMarket>;
}

/** Rows of a page: the most that the providers give. */
export const PAGE_ROWS = 1000;
