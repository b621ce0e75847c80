/** The codes of a check-in: RFC 6238 with six digits, 30 s, HMAC-SHA-1 as authenticator apps have it. */
import { randomBytes } from "node:crypto";
import { Secret, TOTP } from "otpauth";

const PERIOD_S = 30;
/** Codes before and after the present one that are taken too: reading and typing takes time. */
const WINDOW = 1;
/** The length that RFC 4226 recommends. */
const SECRET_BYTES = 20;

/** A new secret. */
export function newCheckInSecret(): Uint8Array {
  return randomBytes(SECRET_BYTES);
}

/** The code of this moment, and when the next one comes. */
export function codeAt(secret: Uint8Array, now: Date): { code: string; expiresAt: string } {
  const periodMs = PERIOD_S * 1_000, timestamp = now.getTime();
  return {
    code: totpOf(secret).generate({ timestamp }),
    expiresAt: new Date((Math.floor(timestamp / periodMs) + 1) * periodMs).toISOString(),
  };
}

/** Whether this is the code of this moment, or of the one before or after. */
export function isCodeAt(secret: Uint8Array, code: string, now: Date): boolean {
  return totpOf(secret).validate({ token: code, timestamp: now.getTime(), window: WINDOW }) !== null;
}

function totpOf(secret: Uint8Array): TOTP {
  return new TOTP({ secret: new Secret({ buffer: new Uint8Array(secret).buffer }), period: PERIOD_S, digits: 6 });
}
