/** Parties and memberships. */
import { z } from "zod";
import { Id, Instant, InstantIn, line, listOf, PageQuery, paragraphs, Place } from "./common.ts";
import { Item, Market, needsBothOrNeither, pointQuery } from "./catalogue.ts";
import { Profile } from "./identity.ts";

/** open → confirmed → done | cancelled; open → cancelled. */
export const PartyStatus = z.enum(["open", "confirmed", "done", "cancelled"]);
const Unit = z.enum(["g", "mL", "ea"]);
const Quantity = z.int().min(1).max(10_000_000);
const PriceKrw = z.int().min(0).max(1_000_000_000);

/** What 100 g, 100 mL or one piece costs, to the nearest won, halves up. */
export const UnitPrice = z.object({ krw: z.int(), per: z.literal([100, 1]), unit: Unit });
/** See the schema. */
export type UnitPrice = z.infer<typeof UnitPrice>;

/** What is kept for somebody who waits, until when. */
export const Offer = z.object({ quantity: z.int(), until: Instant });
/** See the schema. */
export type Offer = z.infer<typeof Offer>;

/** The caller's place in a party's queue, 1 for the first. */
export const QueuePlace = z.object({ place: z.int().min(1), offer: Offer.nullable() });

/**
 * A group that buys together. `quantity…` count base units of `unit`; `quantityLeft` is what nobody has, and nobody has been
 * offered.
 */
export const Party = z.object({
  id: Id,
  title: z.string(),
  note: z.string(),
  status: PartyStatus,
  market: Market,
  item: Item,
  quantity: z.int(),
  unit: Unit,
  priceKrw: z.int().nullable(),
  unitPrice: UnitPrice.nullable(),
  leaderQuantity: z.int(),
  quantityLeft: z.int(),
  capacity: z.int(),
  memberCount: z.int(),
  startsAt: Instant,
  endsAt: Instant,
  joinUntil: Instant,
  autoAccept: z.boolean(),
  leader: Profile,
  myRole: z.enum(["leader", "member", "pending", "waiting", "none"]),
  myQueue: QueuePlace.nullable(),
  chat: z.object({ open: z.boolean(), lastSeq: z.int() }),
  createdAt: Instant,
  version: z.int(),
  distanceM: z.number().optional(),
}).meta({ id: "Party" });
/** See the schema. */
export type Party = z.infer<typeof Party>;

/** Answer of the party lists. */
export const PartyList = listOf(Party).meta({ id: "PartyList" });

/** Body of POST /api/parties: at a market of the catalogue, or at a place of one's own. */
export const NewParty = z.strictObject({
  marketId: Id.optional(),
  place: Place.extend({ name: line(1, 80) }).optional(),
  itemId: Id,
  title: line(1, 80).optional(),
  note: paragraphs(0, 2000).default(""),
  quantity: Quantity,
  unit: Unit,
  priceKrw: PriceKrw.nullable().default(null),
  leaderQuantity: z.int().min(0).max(10_000_000).optional(),
  capacity: z.int().min(2).max(50),
  startsAt: InstantIn,
  endsAt: InstantIn,
  joinUntil: InstantIn.optional(),
  autoAccept: z.boolean().default(false),
}).superRefine((body, ctx) => {
  const wrong = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if ((body.marketId === undefined) === (body.place === undefined)) wrong("marketId", "give either marketId or place");
  if ((body.leaderQuantity ?? 0) > body.quantity) wrong("leaderQuantity", "must not exceed quantity");
  checkTimes(body, wrong);
});
/** See the schema. */
export type NewParty = z.infer<typeof NewParty>;

/** Body of PATCH /api/parties/{id}. What members have agreed to (market, item, pack) does not change. */
export const PartyChange = z.strictObject({
  title: line(1, 80).optional(),
  note: paragraphs(0, 2000).optional(),
  priceKrw: PriceKrw.nullable().optional(),
  capacity: z.int().min(2).max(50).optional(),
  startsAt: InstantIn.optional(),
  endsAt: InstantIn.optional(),
  joinUntil: InstantIn.optional(),
  autoAccept: z.boolean().optional(),
}).refine((body) => Object.keys(body).length > 0, "must change something");
/** See the schema. */
export type PartyChange = z.infer<typeof PartyChange>;

/** Query of GET /api/parties. Without a point, the caller's home. */
export const NearbyQuery = PageQuery.extend({
  ...pointQuery,
  radiusM: z.coerce.number().int().min(100).max(50_000).default(10_000),
  itemId: Id.optional(),
  marketId: Id.optional(),
  q: line(1, 50).optional(),
  sort: z.enum(["distance", "startsAt", "newest"]).default("distance"),
}).superRefine(needsBothOrNeither);
/** See the schema. */
export type NearbyQuery = z.infer<typeof NearbyQuery>;

/** Query of GET /api/me/parties. */
export const MyPartiesQuery = PageQuery.extend({
  role: z.enum(["leader", "member", "pending", "waiting"]).optional(),
  status: PartyStatus.optional(),
});
/** See the schema. */
export type MyPartiesQuery = z.infer<typeof MyPartiesQuery>;

/** Body of POST /api/parties/{id}/cancel. */
export const Cancellation = z.strictObject({ reason: line(1, 500).optional() });
/** Body of POST /api/parties/{id}/join: how much, at least how much, and whether to wait should there be no room. */
export const JoinRequest = z.strictObject({
  quantity: Quantity.optional(),
  quantityMin: Quantity.optional(),
  waitlist: z.boolean().default(false),
}).refine(({ quantity = Infinity, quantityMin = 0 }) => quantityMin <= quantity, {
  path: ["quantityMin"],
  message: "must not exceed quantity",
});
/** See the schema. */
export type JoinRequest = z.infer<typeof JoinRequest>;
/** Body of POST /api/parties/{id}/offer. */
export const OfferAnswer = z.strictObject({ accept: z.boolean() });
/** Query of DELETE /api/parties/{id}/members/me: `late` says that one knows what leaving a confirmed party is. */
export const LeaveQuery = z.object({ late: z.enum(["true", "false"]).optional() });
/** Body of PATCH /api/parties/{id}/members/{userId}. */
export const MemberDecision = z.strictObject({ status: z.enum(["accepted", "rejected", "removed"]) });
/** See the schema. */
export type MemberDecision = z.infer<typeof MemberDecision>;
/** Body of PUT /api/parties/{id}/members/{userId}/attendance. */
export const Attendance = z.strictObject({ attended: z.boolean() });

/** Answer of GET /api/parties/{id}/check-in: the code of this moment. */
export const CheckInCode = z.object({ code: z.string(), expiresAt: Instant }).meta({ id: "CheckInCode" });
/** See the schema. */
export type CheckInCode = z.infer<typeof CheckInCode>;
/** Body of POST /api/parties/{id}/check-in. */
export const CheckIn = z.strictObject({ code: z.string().regex(/^\d{6}$/, "must be six digits") });

/**
 * A person's place in a party. `quantity` is their share; of who asks or waits, their wish. Those who wait have a `place`, 1
 * for the first, and perhaps an `offer`.
 */
export const Membership = z.object({
  userId: Id,
  nickname: z.string(),
  role: z.enum(["leader", "member"]),
  status: z.enum(["pending", "waiting", "accepted", "rejected", "left", "removed"]),
  quantity: z.int(),
  quantityMin: z.int(),
  quantityWish: z.int(),
  place: z.int().min(1).nullable(),
  offer: Offer.nullable(),
  attended: z.boolean().nullable(),
  penalised: z.boolean(),
  profile: Profile,
}).meta({ id: "Membership" });
/** See the schema. */
export type Membership = z.infer<typeof Membership>;

/** Answer of GET /api/parties/{id}/members: at most 50 accepted, and for the leader the rest, page by page. */
export const MemberList = listOf(Membership).meta({ id: "MemberList" });

/** The order of a party's instants; `wrong` is told of each that is out of it. */
export function checkTimes(
  times: { startsAt: string; endsAt: string; joinUntil?: string | undefined },
  wrong: (path: string, message: string) => void,
): void {
  const at = (text: string) => Date.parse(text);
  if (at(times.startsAt) >= at(times.endsAt)) wrong("endsAt", "must be after startsAt");
  if (times.joinUntil && at(times.joinUntil) > at(times.startsAt)) wrong("joinUntil", "must not be after startsAt");
}
