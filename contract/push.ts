/** Web Push: the key to subscribe with, and the subscriptions that browsers make. */
import { z } from "zod";
import { Id, Instant } from "./common.ts";

/** Answer of GET /api/push-key: `applicationServerKey` of `pushManager.subscribe`, a P-256 point as base64url. */
export const PushKey = z.object({ publicKey: z.string() }).meta({ id: "PushKey" });
/** See the schema. */
export type PushKey = z.infer<typeof PushKey>;

/** Where a push service takes pushes for one browser. Whoever knows it can push there, so it is told to nobody. */
const Endpoint = z.url({ protocol: /^https?$/ }).max(2048).regex(/^[\x21-\x7e]+$/, "must be visible ASCII");

const base64url = (length: number) =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${length}}={0,2}$`), `must be ${length} letters of base64url`);

/** Body of POST /api/push-subscriptions: a browser's `PushSubscription` as it makes JSON of itself. */
export const PushSubscription = z.strictObject({
  endpoint: Endpoint,
  /** Milliseconds since 1970, where the push service tells it. */
  expirationTime: z.number().min(0).max(8.64e15).nullable().optional(),
  keys: z.strictObject({ p256dh: base64url(87), auth: base64url(22) }),
});
/** See the schema. */
export type PushSubscription = z.infer<typeof PushSubscription>;

/** Answer of POST /api/push-subscriptions. */
export const PushSubscribed = z.object({ id: Id, createdAt: Instant }).meta({ id: "PushSubscribed" });
/** See the schema. */
export type PushSubscribed = z.infer<typeof PushSubscribed>;

/** Body of DELETE /api/push-subscriptions. */
export const PushEnd = z.strictObject({ endpoint: Endpoint });
