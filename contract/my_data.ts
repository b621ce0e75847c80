/** Everything that is kept about a person, as they can take it away. */
import { z } from "zod";
import { AlertPreferences } from "./alert_preferences.ts";
import { Alert } from "./alerts.ts";
import { Id, Instant } from "./common.ts";
import { Me } from "./identity.ts";
import { Membership, PartyStatus } from "./parties.ts";
import { Penalty } from "./penalties.ts";

const Standing = z.object({
  partyId: Id,
  title: z.string(),
  note: z.string(),
  itemName: z.string(),
  marketName: z.string(),
  startsAt: Instant,
  partyStatus: PartyStatus,
  role: Membership.shape.role,
  status: Membership.shape.status,
  /** In the party's base units. */
  quantity: z.int(),
  quantityWish: z.int().nullable(),
  quantityMin: z.int().nullable(),
  requestedAt: Instant,
  decidedAt: Instant.nullable(),
  checkedInAt: Instant.nullable(),
  attended: z.boolean().nullable(),
  /** The last chat entry that they have read. */
  readSeq: z.int(),
});

/** What they have written into a chat. An `edit` or `delete` names the text it is about, `targetSeq`. */
const Message = z.object({
  partyId: Id,
  seq: z.int(),
  kind: z.enum(["text", "edit", "delete"]),
  text: z.string(),
  targetSeq: z.int().nullable(),
  sentAt: Instant,
});

const Browser = z.object({
  id: Id,
  endpoint: z.string(),
  createdAt: Instant,
  renewedAt: Instant,
  expiresAt: Instant.nullable(),
});

const Line = z.object({
  partyId: Id,
  quantity: z.int(),
  amountKrw: z.int(),
  paidKrw: z.int(),
  memberPaidAt: Instant.nullable(),
  leaderPaidAt: Instant.nullable(),
});

const Deed = z.object({ partyId: Id, createdAt: Instant });

/** Answer of GET /api/me/export. All of one moment; every list whole, oldest first. */
export const MyData = z.object({
  exportedAt: Instant,
  account: Me.extend({ consents: z.object({ terms: Instant, privacy: Instant, location: Instant.nullable() }) }),
  sessions: z.array(z.object({ createdAt: Instant, expiresAt: Instant, endedAt: Instant.nullable() })),
  favoriteItems: z.array(z.object({ itemId: Id, name: z.string(), variety: z.string(), createdAt: Instant })),
  favoriteMarkets: z.array(z.object({ marketId: Id, name: z.string(), createdAt: Instant })),
  parties: z.array(Standing),
  messages: z.array(Message),
  /** Those thrown away too, as long as they are kept. */
  alerts: z.array(Alert.extend({ deletedAt: Instant.nullable() })),
  alertPreferences: AlertPreferences,
  pushSubscriptions: z.array(Browser),
  penalties: z.array(Penalty),
  lateCancellations: z.array(Deed),
  leaderReports: z.array(Deed),
  settlementLines: z.array(Line),
  settlementCorrections: z.array(Deed.extend({ amountKrw: z.int() })),
  /** Where they have told others to pay to. */
  settlementAccounts: z.array(z.object({ partyId: Id, account: z.string() })),
}).meta({ id: "MyData" });
/** See the schema. */
export type MyData = z.infer<typeof MyData>;
