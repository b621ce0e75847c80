/**
 * The providers of the catalogue over HTTP: MAFRA's item code book, the national standard data of traditional markets
 * (data.go.kr), and the municipal permits of large stores (Seoul). Their envelopes and codes end here.
 */
import { z } from "zod";
import {
  PAGE_ROWS,
  type PageAnswer,
  type PublicSources,
  type SourceItem,
  type SourceMarket,
} from "../services/ports.ts";
import type { Config } from "./config.ts";
import { askProvider, type Limits } from "./public_data_http.ts";
import { judgeGatewayCode, judgePortalCode, judgeText, type Verdict } from "./public_data_codes.ts";
import { wgs84Of } from "./public_data_points.ts";

type SourceConfig = Pick<
  Config,
  | "MAFRA_API_URL"
  | "MAFRA_API_KEY"
  | "MAFRA_ITEM_GRID"
  | "DATA_GO_KR_API_URL"
  | "DATA_GO_KR_API_KEY"
  | "SEOUL_API_URL"
  | "SEOUL_API_KEY"
>;

/** The sources as configured; one without its key cannot be read. Nothing is asked before the first page. */
export function catalogueSources(
  config: SourceConfig,
  limits: Limits = { timeoutMs: 20_000, bodyBytesMax: 16 * 1024 * 1024 },
): PublicSources {
  const { MAFRA_API_KEY: mafraKey, DATA_GO_KR_API_KEY: dataKey, SEOUL_API_KEY: seoulKey } = config;
  const ask = async <Fields>(url: string, signal: AbortSignal, read: (body: unknown) => PageAnswer<Fields>) => {
    const answer = await askProvider(url, limits, signal);
    if (answer.kind !== "body") return answer;
    return judgeText(answer.text) ?? readEnvelope(answer.text, read);
  };
  return {
    items: {
      keyVariable: "MAFRA_API_KEY",
      readPage: mafraKey === undefined ? null : (page, signal) => {
        const url = `${config.MAFRA_API_URL}/${encodeURIComponent(mafraKey)}/json/${config.MAFRA_ITEM_GRID}/${
          span(page)
        }`;
        return ask(url, signal, (body) => readGrid(body, config.MAFRA_ITEM_GRID));
      },
    },
    markets: {
      keyVariable: "DATA_GO_KR_API_KEY",
      readPage: dataKey === undefined ? null : (page, signal) => {
        const query = new URLSearchParams({
          serviceKey: decodedKey(dataKey),
          pageNo: String(page),
          numOfRows: String(PAGE_ROWS),
          type: "json",
        });
        return ask(`${config.DATA_GO_KR_API_URL}/tn_pubr_public_trdit_mrkt_api?${query}`, signal, readMarkets);
      },
    },
    stores: {
      keyVariable: "SEOUL_API_KEY",
      readPage: seoulKey === undefined ? null : (page, signal) => {
        const url = `${config.SEOUL_API_URL}/${encodeURIComponent(seoulKey)}/json/${STORES}/${span(page)}/`;
        return ask(url, signal, readStores);
      },
    },
  };
}

const STORES = "LOCALDATA_082501";

/** First and last row of a page, counted from 1. */
function span(page: number): string {
  return `${(page - 1) * PAGE_ROWS + 1}/${page * PAGE_ROWS}`;
}

/** data.go.kr hands its keys out percent-encoded as well as plain; people paste either. */
function decodedKey(key: string): string {
  return /%[0-9a-f]{2}/i.test(key) ? decodeURIComponent(key) : key;
}

function readEnvelope<Fields>(text: string, read: (body: unknown) => PageAnswer<Fields>): PageAnswer<Fields> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { kind: "later", reason: "the answer is not whole JSON" };
  }
  return read(body);
}

/** Counts come as numbers or strings. */
const Count = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().min(0).max(10_000_000));
/** One row may come without its list, and no rows as nothing. */
const Rows = z.unknown().optional().transform((rows) =>
  rows === undefined || rows === null || rows === "" ? [] : [rows].flat()
);
/** Text, whether it came as a string, a number or not at all. */
const Text = z.union([z.string(), z.number()]).transform(String).catch("");
/** A code of two digits that has lost its leading zero when it came as a number. */
const Code2 = Text.transform((code) => code.trim()).transform((code) => code === "" ? "" : code.padStart(2, "0"));
/** Degrees or metres; `null` for what is no number. */
const Coordinate = Text.transform((text) => text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text));

const GridBody = z.object({
  totalCnt: Count.optional(),
  result: z.object({ code: z.string(), message: z.string().catch("") }),
  row: Rows,
});

function readGrid(body: unknown, grid: string): PageAnswer<SourceItem> {
  // An error may come without the grid around it.
  const parsed = GridBody.safeParse((body as Record<string, unknown> | null)?.[grid] ?? body);
  if (!parsed.success) return UNKNOWN_SHAPE;
  const { totalCnt, result, row } = parsed.data;
  return pageOf(judgePortalCode(result.code, result.message), totalCnt, row, GridRow, (each) => ({
    large: each.LARGE,
    mid: each.MID,
    small: each.SMALL,
    category: each.LARGENAME,
    name: each.MIDNAME,
    variety: each.GOODNAME,
    inUse: each.GUBN.trim().toUpperCase() !== "N",
  }));
}

const GridRow = z.object({
  LARGE: Code2,
  MID: Code2,
  SMALL: Code2,
  LARGENAME: Text,
  MIDNAME: Text,
  GOODNAME: Text,
  GUBN: Text,
});

const MarketsBody = z.object({
  header: z.object({ resultCode: Text, resultMsg: Text }),
  body: z.object({ items: z.unknown().optional(), totalCount: Count.optional() }).optional(),
});

function readMarkets(body: unknown): PageAnswer<SourceMarket> {
  const parsed = MarketsBody.safeParse((body as Record<string, unknown> | null)?.response ?? body);
  if (!parsed.success) return UNKNOWN_SHAPE;
  const { header, body: { items, totalCount } = {} } = parsed.data;
  const rows = Rows.parse((items as { item?: unknown } | null | undefined)?.item ?? items);
  return pageOf(judgeGatewayCode(header.resultCode, header.resultMsg), totalCount, rows, MarketRow, (each) => ({
    number: "",
    name: each.mrktNm,
    type: each.mrktType,
    roadAddress: each.rdnmadr,
    jibunAddress: each.lnmadr,
    lat: each.latitude,
    lng: each.longitude,
    isOpen: true,
  }));
}

const MarketRow = z.object({
  mrktNm: Text,
  mrktType: Text,
  rdnmadr: Text,
  lnmadr: Text,
  latitude: Coordinate,
  longitude: Coordinate,
});

const StoresBody = z.object({
  list_total_count: Count.optional(),
  RESULT: z.object({ CODE: z.string(), MESSAGE: z.string().catch("") }),
  row: Rows,
});

function readStores(body: unknown): PageAnswer<SourceMarket> {
  const parsed = StoresBody.safeParse((body as Record<string, unknown> | null)?.[STORES] ?? body);
  if (!parsed.success) return UNKNOWN_SHAPE;
  const { list_total_count: total, RESULT: result, row } = parsed.data;
  return pageOf(judgePortalCode(result.CODE, result.MESSAGE), total, row, StoreRow, (each) => ({
    number: each.MGTNO,
    name: each.BPLCNM,
    type: each.UPTAENM,
    roadAddress: each.RDNWHLADDR,
    jibunAddress: each.SITEWHLADDR,
    ...wgs84Of(each.X, each.Y),
    // The status codes of newer permits are empty: the name decides.
    isOpen: /영업|정상/.test(each.TRDSTATENM),
  }));
}

const StoreRow = z.object({
  MGTNO: Text,
  BPLCNM: Text,
  UPTAENM: Text,
  TRDSTATENM: Text,
  RDNWHLADDR: Text,
  SITEWHLADDR: Text,
  X: Coordinate,
  Y: Coordinate,
});

const UNKNOWN_SHAPE = { kind: "later", reason: "the answer has an unknown shape" } as const;

function pageOf<Row, Fields>(
  verdict: Verdict,
  total: number | undefined,
  rows: unknown[],
  schema: z.ZodType<Row>,
  fieldsOf: (row: Row) => Fields,
): PageAnswer<Fields> {
  if (verdict.kind === "empty") return { kind: "page", total: total ?? 0, rows: [] };
  if (verdict.kind !== "fine") return verdict;
  if (total === undefined) return UNKNOWN_SHAPE;
  if (rows.length > PAGE_ROWS) return { kind: "later", reason: "the page holds more rows than were asked for" };
  return {
    kind: "page",
    total,
    // What is not even an object is read as one that leaves everything out, and is judged as that.
    rows: rows.map((raw) => ({ raw, fields: fieldsOf(schema.parse(typeof raw === "object" && raw ? raw : {})) })),
  };
}
