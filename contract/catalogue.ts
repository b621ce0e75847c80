/** Items, markets, regions, favourites. */
import { z } from "zod";
import { Id, line, listOf, PageQuery } from "./common.ts";

/** Something that is sold in bulk. */
export const Item = z.object({
  id: Id,
  code: z.string(),
  category: z.string(),
  name: z.string(),
  variety: z.string(),
}).meta({ id: "Item" });
/** See the schema. */
export type Item = z.infer<typeof Item>;

/** The kinds of market. */
export const MarketKind = z.enum(["mart", "traditional", "other"]);

/** A place where parties meet. `distanceM` from the point asked about. */
export const Market = z.object({
  id: Id,
  name: z.string(),
  kind: MarketKind,
  roadAddress: z.string(),
  lat: z.number(),
  lng: z.number(),
  regionCode: z.string(),
  distanceM: z.number().optional(),
}).meta({ id: "Market" });
/** See the schema. */
export type Market = z.infer<typeof Market>;

/** A 시군구 of the 2026 division. */
export const Region = z.object({
  code: z.string(),
  name: z.string(),
  sido: z.string(),
  lat: z.number(),
  lng: z.number(),
}).meta({ id: "Region" });
/** See the schema. */
export type Region = z.infer<typeof Region>;

/** A place found by its address or name. `roadAddress` is the lot's address where there is none by road. */
export const Address = z.object({
  roadAddress: z.string(),
  jibunAddress: z.string(),
  lat: z.number(),
  lng: z.number(),
  regionCode: z.string(),
}).meta({ id: "Address" });
/** See the schema. */
export type Address = z.infer<typeof Address>;

/** Degrees to a tenth of a millimetre: PostgreSQL calls the sine of 5e-324 an underflow. */
const degrees = (max: number) =>
  z.coerce.number().min(-max).max(max).transform((value) => Math.round(value * 1e9) / 1e9).optional();

/** A pair of coordinates in a query: both or neither. */
export const pointQuery = { lat: degrees(90), lng: degrees(180) };

/** For schemas with {@link pointQuery}: names the missing half. */
export function needsBothOrNeither(
  query: { lat?: number | undefined; lng?: number | undefined },
  ctx: z.RefinementCtx,
) {
  if ((query.lat === undefined) === (query.lng === undefined)) return;
  const missing = query.lat === undefined ? "lat" : "lng";
  ctx.addIssue({ code: "custom", path: [missing], message: "lat and lng come together" });
}

/** Query of GET /api/items. */
export const ItemQuery = PageQuery.extend({ q: line(1, 50).optional(), category: line(1, 50).optional() });
/** See the schema. */
export type ItemQuery = z.infer<typeof ItemQuery>;

/** Query of GET /api/markets. */
export const MarketQuery = PageQuery.extend({
  q: line(1, 50).optional(),
  ...pointQuery,
  radiusM: z.coerce.number().int().min(100).max(50_000).optional(),
  kind: MarketKind.optional(),
}).superRefine(needsBothOrNeither).refine((query) => query.radiusM === undefined || query.lat !== undefined, {
  path: ["radiusM"],
  message: "needs lat and lng",
});
/** See the schema. */
export type MarketQuery = z.infer<typeof MarketQuery>;

/** Query of GET /api/addresses. */
export const AddressQuery = z.object({ q: line(2, 100) });

/** Answer of GET /api/items. */
export const ItemList = listOf(Item).meta({ id: "ItemList" });
/** Answer of GET /api/markets. */
export const MarketList = listOf(Market).meta({ id: "MarketList" });
/** Answer of GET /api/addresses. */
export const AddressList = z.array(Address).meta({ id: "AddressList" });
/** Answer of GET /api/regions. */
export const RegionList = z.array(Region).meta({ id: "RegionList" });
/** Answer of GET /api/favorites. */
export const Favorites = z.object({ items: z.array(Item), markets: z.array(Market) }).meta({ id: "Favorites" });
/** See the schema. */
export type Favorites = z.infer<typeof Favorites>;
