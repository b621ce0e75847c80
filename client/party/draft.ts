/** A party that is being made: what has been filled in so far, kept in this tab until it is opened. */
import type { Item, Market } from "../../contract/catalogue.ts";
import type { Place } from "../../contract/common.ts";
import type { NewParty, Party } from "../../contract/parties.ts";
import { fromField, later, toField } from "../korean_time.ts";

/** How people say a pack's size: base units, or a thousand of them. */
export const PACK_UNITS = {
  kg: { unit: "g", size: 1_000 },
  g: { unit: "g", size: 1 },
  L: { unit: "mL", size: 1_000 },
  mL: { unit: "mL", size: 1 },
  ea: { unit: "ea", size: 1 },
} as const satisfies Record<string, { unit: Party["unit"]; size: number }>;

/** The fields as they stand in the form; times are Korean. */
export interface Draft {
  /** Its Idempotency-Key: whatever is sent of this draft, and however often, opens one party. */
  key: string;
  item: Item | null;
  packSize: string;
  packUnit: keyof typeof PACK_UNITS;
  priceKrw: string;
  where: "market" | "place";
  market: Market | null;
  placeName: string;
  place: Place | null;
  startsAt: string;
  endsAt: string;
  capacity: number;
  /** `null`: an even share. */
  leaderQuantity: number | null;
  /** Empty: until the start. */
  joinUntil: string;
  autoAccept: boolean;
  title: string;
  note: string;
}

const DAY_MS = 24 * 3600_000;

/** A draft with nothing in it but a time: tomorrow at two. */
export function newDraft(now = Date.now()): Draft {
  const startsAt = `${toField(now + DAY_MS).slice(0, 10)}T14:00`;
  return {
    key: crypto.randomUUID(),
    item: null,
    packSize: "",
    packUnit: "kg",
    priceKrw: "",
    where: "market",
    market: null,
    placeName: "",
    place: null,
    startsAt,
    endsAt: later(startsAt, 3600_000),
    capacity: 4,
    leaderQuantity: null,
    joinUntil: "",
    autoAccept: false,
    title: "",
    note: "",
  };
}

/** The pack's size in base units; NaN while it is no number. */
export function quantityOf({ packSize, packUnit }: Draft): number {
  return packSize.trim() === "" ? NaN : Math.round(Number(packSize) * PACK_UNITS[packUnit].size);
}

/** The leader's own share: what they said, or an even one. */
export function leaderShareOf(draft: Draft): number {
  const quantity = quantityOf(draft);
  return Math.min(quantity, draft.leaderQuantity ?? Math.floor(quantity / draft.capacity));
}

/** What is sent. */
export function bodyOf(draft: Draft): NewParty {
  const { item, where, market, place, placeName, priceKrw, title, joinUntil } = draft;
  return {
    ...(where === "market" ? { marketId: market!.id } : { place: { ...place!, name: placeName } }),
    itemId: item!.id,
    ...(title.trim() && { title }),
    note: draft.note,
    quantity: quantityOf(draft),
    unit: PACK_UNITS[draft.packUnit].unit,
    priceKrw: priceKrw === "" ? null : Number(priceKrw),
    leaderQuantity: leaderShareOf(draft),
    capacity: draft.capacity,
    startsAt: fromField(draft.startsAt),
    endsAt: fromField(draft.endsAt),
    ...(joinUntil && { joinUntil: fromField(joinUntil) }),
    autoAccept: draft.autoAccept,
  };
}

/** The draft that this person has left in this tab, or a new one. */
export function readDraft(userId: string): Draft {
  try {
    return { ...newDraft(), ...JSON.parse(sessionStorage.getItem(keyOf(userId)) ?? "{}") };
  } catch {
    return newDraft();
  }
}

/** Keeps it. */
export function keepDraft(userId: string, draft: Draft): void {
  sessionStorage.setItem(keyOf(userId), JSON.stringify(draft));
}

/** Lets it go. */
export function dropDraft(userId: string): void {
  sessionStorage.removeItem(keyOf(userId));
}

const keyOf = (userId: string) => `new-party:${userId}`;
