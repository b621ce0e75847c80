/** Penalties, and what may be said about them. */
import { z } from "zod";
import { Id, Instant, line, listOf, PageQuery, paragraphs } from "./common.ts";

/** Body of POST /api/parties/{id}/penalties. */
export const PenaltyOrder = z.strictObject({
  userIds: z.array(Id).min(1).max(49).refine((ids) => new Set(ids).size === ids.length, "must not repeat"),
  reason: line(1, 500).optional(),
});
/** See the schema. */
export type PenaltyOrder = z.infer<typeof PenaltyOrder>;

/** Answer of POST /api/parties/{id}/penalties. */
export const PenaltyResult = z.object({
  penalised: z.array(z.object({ userId: Id, penaltyCount: z.int() })),
  already: z.array(Id),
}).meta({ id: "PenaltyResult" });
/** See the schema. */
export type PenaltyResult = z.infer<typeof PenaltyResult>;

/** What somebody says against their penalty, and what became of it. */
export const Appeal = z.object({
  id: Id,
  text: z.string(),
  createdAt: Instant,
  decidedAt: Instant.nullable(),
  /** `null` while it is open: until then the penalty does not count. */
  granted: z.boolean().nullable(),
  note: z.string(),
}).meta({ id: "Appeal" });
/** See the schema. */
export type Appeal = z.infer<typeof Appeal>;

/** One person's penalty for one party: for not coming, as a member or as the leader. */
export const Penalty = z.object({
  id: Id,
  partyId: Id,
  kind: z.enum(["no-show", "leader-no-show"]),
  reason: z.string(),
  createdAt: Instant,
  /** Whether it counts at all; it does for 90 days. */
  counts: z.boolean(),
  appealUntil: Instant,
  appeal: Appeal.nullable(),
}).meta({ id: "Penalty" });
/** See the schema. */
export type Penalty = z.infer<typeof Penalty>;

/** Answer of GET /api/me/penalties, newest first. */
export const PenaltyList = listOf(Penalty).meta({ id: "PenaltyList" });

/** Body of POST /api/penalties/{id}/appeal. */
export const NewAppeal = z.strictObject({ text: paragraphs(1, 2000) });

/** Query of GET /api/admin/appeals. */
export const AppealQuery = PageQuery.extend({ state: z.enum(["open", "decided"]).optional() });
/** See the schema. */
export type AppealQuery = z.infer<typeof AppealQuery>;

/** An appeal as an admin sees it. */
export const AppealCase = Appeal.extend({
  userId: Id,
  penalty: Penalty.omit({ appeal: true, appealUntil: true }),
}).meta({ id: "AppealCase" });
/** See the schema. */
export type AppealCase = z.infer<typeof AppealCase>;

/** Answer of GET /api/admin/appeals, oldest first. */
export const AppealList = listOf(AppealCase).meta({ id: "AppealList" });

/** Body of PATCH /api/admin/appeals/{id}. */
export const AppealDecision = z.strictObject({ granted: z.boolean(), note: line(1, 500).optional() });
/** See the schema. */
export type AppealDecision = z.infer<typeof AppealDecision>;

/** Answer of POST /api/parties/{id}/leader-report: half of those who came are `needed`. */
export const LeaderReport = z.object({ reports: z.int(), needed: z.int(), penalised: z.boolean() })
  .meta({ id: "LeaderReport" });
/** See the schema. */
export type LeaderReport = z.infer<typeof LeaderReport>;
