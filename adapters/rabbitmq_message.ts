/** Messages as they travel through RabbitMQ. */
import { Buffer } from "node:buffer";
import type { AsyncMessage, Envelope, SyncMessage } from "rabbitmq-client";
import type { DeadLetter, QueueMessage } from "../services/ports.ts";

type Raw = AsyncMessage | SyncMessage;

/** The envelope and the bytes of a message. Mandatory: what no queue wants comes back. */
export function rawOf(message: QueueMessage): [envelope: Envelope, body: Buffer] {
  return [{
    mandatory: true,
    durable: true,
    messageId: message.id,
    type: message.type,
    contentType: "application/json",
    // With an encoding named, the driver hands the bytes on instead of parsing them.
    contentEncoding: "utf-8",
  }, Buffer.from(message.body)];
}

/** The message, or `null` when it is not one of ours: without id or type, or no UTF-8. */
export function messageOf({ messageId, type, body }: Raw): QueueMessage | null {
  if (!messageId || !type || !Buffer.isBuffer(body)) return null;
  try {
    return { id: messageId, type, body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body) };
  } catch {
    return null;
  }
}

/** A dead letter, also one that is no message of ours: then what can be told of it. */
export function deadLetterOf(raw: Raw): DeadLetter {
  const { headers } = raw;
  const [death] = (headers?.["x-death"] ?? []) as { reason?: string; time?: number }[];
  const parkedAtS = headers?.[PARKED_AT_S] ?? death?.time ?? 0;
  return {
    ...(messageOf(raw) ?? strangeMessageOf(raw)),
    reason: String(headers?.[REASON] ?? death?.reason ?? "unknown"),
    parkedAt: new Date(parkedAtS * 1000),
  };
}

/** The same message for the dead letters, with the reason. */
export function parkedOf({ messageId, type, contentType, contentEncoding }: Raw, reason: string): Envelope {
  const headers = { [REASON]: reason, [PARKED_AT_S]: Math.floor(Date.now() / 1000) };
  return { mandatory: true, durable: true, messageId, type, contentType, contentEncoding, headers };
}

const REASON = "moajang-reason";
const PARKED_AT_S = "moajang-parked-at-s";

function strangeMessageOf({ messageId, type, routingKey, body }: Raw): QueueMessage {
  const text = Buffer.isBuffer(body) ? body.toString() : typeof body === "string" ? body : JSON.stringify(body);
  return { id: messageId ?? "", type: type ?? routingKey, body: text };
}

/** Which delivery of the message this is, from 1. From 4.3 on the broker counts what was given back by another name. */
export function deliveryOf({ headers }: Raw): number {
  const counts = [headers?.["x-delivery-count"], headers?.["x-acquired-count"]];
  return 1 + Math.max(0, ...counts.filter((count) => typeof count === "number"));
}
