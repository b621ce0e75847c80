/** Access tokens: JWTs signed with HMAC-SHA-256, by one key imported once. */
import { jwtVerify, SignJWT } from "jose";
import type { Clock, Tokens } from "../services/ports.ts";

/** Life of an access token, in seconds. Its session may end earlier. */
const ACCESS_S = 15 * 60;
const ISSUER = "moajang";

/** Opens the signer. `secret` has at least 32 bytes. */
export async function joseTokens({ secret, clock }: { secret: string; clock: Clock }): Promise<Tokens> {
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  return {
    async issue({ userId, sessionId, role }) {
      const now = Math.floor(clock.now().getTime() / 1000);
      const accessToken = await new SignJWT({ sid: sessionId, role })
        .setProtectedHeader({ alg: "HS256", typ: "at+jwt" })
        .setIssuer(ISSUER).setAudience(ISSUER).setSubject(userId)
        .setIssuedAt(now).setExpirationTime(now + ACCESS_S)
        .sign(key);
      return { accessToken, expiresInS: ACCESS_S };
    },
    async read(accessToken) {
      try {
        const { payload } = await jwtVerify(accessToken, key, {
          algorithms: ["HS256"],
          typ: "at+jwt",
          issuer: ISSUER,
          audience: ISSUER,
          currentDate: clock.now(),
          requiredClaims: ["sub", "sid", "role", "exp"],
        });
        const role = payload["role"] === "admin" ? "admin" : "user";
        return {
          userId: String(payload.sub),
          sessionId: String(payload["sid"]),
          role,
          expiresAt: new Date((payload.exp ?? 0) * 1000),
        };
      } catch {
        return null; // Whatever is wrong with a token, the caller is simply not signed in.
      }
    },
  };
}
