/** Who pays what of a party. */
import { z } from "zod";
import { Id, Instant, line } from "./common.ts";

const Krw = z.int().min(0).max(1_000_000_000);

/** What a person really took, in the party's base units. */
export const TakenShare = z.strictObject({ userId: Id, quantity: z.int().min(0).max(10_000_000) });

/**
 * Body of PUT /api/parties/{id}/settlement: the receipt's total, the part of it that all takers bear alike, what was really
 * taken (everyone's own quantity, where not said; nothing by those who did not come), and where to pay to.
 */
export const SettlementOrder = z.strictObject({
  totalKrw: Krw.min(1),
  sharedKrw: Krw.default(0),
  shares: z.array(TakenShare).min(1).max(50)
    .refine((shares) => new Set(shares.map(({ userId }) => userId)).size === shares.length, "must not repeat a person")
    .optional(),
  account: line(1, 200).optional(),
}).superRefine(({ totalKrw, sharedKrw }, ctx) => {
  if (sharedKrw > totalKrw) ctx.addIssue({ code: "custom", path: ["sharedKrw"], message: "must not exceed totalKrw" });
});
/** See the schema. */
export type SettlementOrder = z.infer<typeof SettlementOrder>;

/** Body of PUT /api/parties/{id}/settlement/lines/{userId}. */
export const PaidMark = z.strictObject({ paid: z.boolean() });

/** One person's line. `openKrw` is still to be paid; below 0 it is to be paid back. */
export const SettlementLine = z.object({
  userId: Id,
  nickname: z.string(),
  quantity: z.int(),
  amountKrw: z.int(),
  openKrw: z.int(),
  paidAt: Instant.nullable(),
  /** Who has marked it as paid. */
  markedBy: z.object({ member: Instant.nullable(), leader: Instant.nullable() }),
});
/** See the schema. */
export type SettlementLine = z.infer<typeof SettlementLine>;

/** A line's change after it was announced. */
export const SettlementCorrection = z.object({ userId: Id, amountKrw: z.int(), createdAt: Instant });
/** See the schema. */
export type SettlementCorrection = z.infer<typeof SettlementCorrection>;

/** Answer of the settlement calls. The lines add up to `totalKrw`; `corrections` are signed, oldest first. */
export const Settlement = z.object({
  totalKrw: z.int(),
  sharedKrw: z.int(),
  account: z.string().nullable(),
  frozenAt: Instant,
  settledAt: Instant.nullable(),
  lines: z.array(SettlementLine),
  corrections: z.array(SettlementCorrection),
}).meta({ id: "Settlement" });
/** See the schema. */
export type Settlement = z.infer<typeof Settlement>;
