/** Web Push over HTTPS: what is sent is encrypted by webcrypto-web-push, whom it comes from is signed by `vapid.ts`. */
import { encryptNotification } from "@block65/webcrypto-web-push";
import type { Clock, Push, PushMessage, PushOutcome, PushTarget } from "../services/ports.ts";
import { publicPoster, type PushAnswer } from "./push_http.ts";
import { type VapidKeys, vapidSigner } from "./vapid.ts";

/** Opens it. `localHosts` (host:port) may be of any address and speak HTTP. Disposing closes the connections kept. */
export async function openWebPush(
  { keys, localHosts, clock, timeoutMs = 10_000 }: {
    keys: VapidKeys;
    localHosts: string[];
    clock: Clock;
    timeoutMs?: number;
  },
): Promise<Push & Disposable> {
  const authorizationFor = await vapidSigner(keys, { clock });
  const poster = publicPoster({ localHosts, timeoutMs });

  async function send(target: PushTarget, message: PushMessage, signal: AbortSignal): Promise<PushOutcome> {
    const sealed = await seal(target, message.payload);
    if (sealed === null) return { kind: "refused", reason: "the browser's keys cannot be used" };
    const authorization = await authorizationFor(new URL(target.endpoint).origin);
    return judgeAnswer(await poster.post(target.endpoint, headersOf(message, authorization), sealed, signal));
  }

  return {
    publicKey: keys.publicKey,
    send,
    async judge(target) {
      const detail = await poster.refusal(target.endpoint);
      if (detail !== null) return { field: "endpoint", detail };
      // The keys are tried on nothing: whether they are a point of the curve shows in no other way.
      return await seal(target, "") === null ? { field: "p256dh", detail: "must be a public key on P-256" } : null;
    },
    [Symbol.dispose]: () => poster[Symbol.dispose](),
  };
}

/** All are of one size, so that it tells nothing. */
async function seal({ endpoint, p256dh, auth }: PushTarget, payload: string): Promise<Uint8Array | null> {
  const subscription = { endpoint, expirationTime: null, keys: { p256dh, auth } };
  return await encryptNotification(subscription, new TextEncoder().encode(payload)).catch(() => null);
}

function headersOf({ ttlS, urgency, topic }: PushMessage, authorization: string): Record<string, string> {
  return {
    authorization,
    "content-encoding": "aes128gcm",
    "content-type": "application/octet-stream",
    ttl: String(ttlS),
    urgency,
    ...(topic !== undefined && { topic }),
  };
}

function judgeAnswer(answer: PushAnswer): PushOutcome {
  if (answer.kind !== "status") return answer;
  const { status, afterMs } = answer;
  if (status >= 200 && status < 300) return { kind: "sent" };
  if (status === 404 || status === 410) return { kind: "gone" };
  const reason = `HTTP ${status}`;
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) return { kind: "refused", reason };
  return { kind: "later", reason, ...(afterMs !== undefined && { afterMs }) };
}
