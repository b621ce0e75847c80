/** What a `v12.stomp` client may say, by STOMP 1.2: the headers of its frames (any others are ignored), and a SEND's body. */
import { z } from "zod";
import { NewEntry } from "./chat.ts";
import { Id } from "./common.ts";

/** Close codes that a v12.stomp socket has besides: each but `done` comes after an ERROR that says why. */
export const STOMP_CLOSE = { done: 1000, malformed: 1002, refused: 1008, failed: 1011, unavailable: 1013 } as const;

/** The one version spoken. */
export const STOMP_VERSION = "1.2";

const Destination = z.string().min(1);
const SubscriptionId = z.string().min(1).max(255);
const HeartBeat = z.string().regex(/^\d{1,9},\d{1,9}$/, "must be two numbers of milliseconds").transform((text) => {
  const [canMs, wantMs] = text.split(",").map(Number);
  return { canMs: canMs!, wantMs: wantMs! };
});

/** Headers of CONNECT, and of STOMP, which means the same. */
export const ConnectHeaders = z.object({
  "accept-version": z.string().default("1.0")
    .refine((text) => text.split(",").includes(STOMP_VERSION), `must have ${STOMP_VERSION}`),
  "heart-beat": HeartBeat.prefault("0,0"),
});

/** Headers of SUBSCRIBE. */
export const SubscribeHeaders = z.object({
  id: SubscriptionId,
  destination: Destination,
  ack: z.literal("auto", "must be auto: a reader tells by after what it has").optional(),
  after: z.string().regex(/^\d{1,15}$/, "must be a seq").transform(Number).optional(),
});

/** Headers of UNSUBSCRIBE. */
export const UnsubscribeHeaders = z.object({ id: SubscriptionId });

/** Headers of SEND. */
export const SendHeaders = z.object({
  destination: Destination,
  transaction: z.undefined("there are no transactions").optional(),
});

/** Body of SEND, in JSON. Without `clientMsgId` it gets one, and cannot be sent again as the same text. */
export const StompText = NewEntry.partial({ clientMsgId: true });

/** Where a party's entries are subscribed to, and where its texts are sent to. */
export const TOPIC = "/topic", APP = "/app";

/** The destination of a party's chat. */
export function destinationOf(prefix: typeof TOPIC | typeof APP, partyId: string): string {
  return `${prefix}/parties.${partyId}.chat`;
}

/** The party whose chat a destination is; `undefined` when it is none of this prefix. */
export function partyOf(prefix: typeof TOPIC | typeof APP, destination: string): string | undefined {
  const [before, id, after, ...more] = destination.split(".");
  const isChat = before === `${prefix}/parties` && after === "chat" && more.length === 0;
  return isChat ? Id.safeParse(id).data : undefined;
}
