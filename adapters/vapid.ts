/** The key pair by which push services know this service (VAPID, RFC 8292), and the tokens signed with it. */
import { SignJWT } from "jose";
import type { Clock } from "../services/ports.ts";

/** A P-256 key pair: the public point of 65 bytes and the private number of 32, both base64url without padding. */
export interface VapidPair {
  publicKey: string;
  privateKey: string;
}

/** The pair, and whom a push service may write to: `mailto:` or `https:`. */
export interface VapidKeys extends VapidPair {
  subject: string;
}

/** A token's time (at most a day), and how long one is used: push services remember those they have checked. */
const TOKEN_S = 12 * 3600, USED_MS = 3600_000;
/** Origins whose tokens are kept. */
const TOKENS_MAX = 1_000;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** Makes a new pair. */
export async function newVapidPair(): Promise<VapidPair> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const { d } = await crypto.subtle.exportKey("jwk", privateKey);
  return { publicKey: point.toBase64({ alphabet: "base64url", omitPadding: true }), privateKey: d! };
}

/** Whether both are of one pair. */
export async function isVapidPair(pair: VapidPair): Promise<boolean> {
  try {
    const point = Uint8Array.fromBase64(pair.publicKey, { alphabet: "base64url" });
    const publicKey = await crypto.subtle.importKey("raw", point, ALGORITHM, false, ["verify"]);
    const text = new TextEncoder().encode("one pair");
    const signing = { name: "ECDSA", hash: "SHA-256" };
    const signature = await crypto.subtle.sign(signing, await importPrivate(pair), text);
    return await crypto.subtle.verify(signing, publicKey, signature, text);
  } catch {
    return false; // Not even keys.
  }
}

/** The value of `Authorization` for an origin. One token serves for an hour; its audience is the origin alone. */
export async function vapidSigner(
  keys: VapidKeys,
  { clock }: { clock: Clock },
): Promise<(origin: string) => Promise<string>> {
  const key = await importPrivate(keys);
  const tokens = new Map<string, { header: Promise<string>; madeAt: number }>();

  async function make(origin: string, nowMs: number): Promise<string> {
    const token = await new SignJWT()
      .setProtectedHeader({ alg: "ES256", typ: "JWT" })
      .setAudience(origin).setSubject(keys.subject).setExpirationTime(Math.floor(nowMs / 1_000) + TOKEN_S)
      .sign(key);
    return `vapid t=${token}, k=${keys.publicKey}`;
  }
  return (origin) => {
    const nowMs = clock.now().getTime(), kept = tokens.get(origin);
    if (kept && Math.abs(nowMs - kept.madeAt) < USED_MS) return kept.header;
    if (tokens.size >= TOKENS_MAX) tokens.clear();
    const header = make(origin, nowMs);
    tokens.set(origin, { header, madeAt: nowMs });
    return header;
  };
}

function importPrivate({ publicKey, privateKey }: VapidPair): Promise<CryptoKey> {
  const point = Uint8Array.fromBase64(publicKey, { alphabet: "base64url" });
  const part = (from: number) => point.slice(from, from + 32).toBase64({ alphabet: "base64url", omitPadding: true });
  const jwk = { kty: "EC", crv: "P-256", x: part(1), y: part(33), d: privateKey };
  return crypto.subtle.importKey("jwk", jwk, ALGORITHM, false, ["sign"]);
}
