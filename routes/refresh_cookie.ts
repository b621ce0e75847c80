/** The refresh token as a cookie, for browsers: no script can read it, and no other site can make use of it. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Session } from "../contract/identity.ts";
import { Problem } from "../contract/problems.ts";
import type { NewSession } from "../services/accounts.ts";
import { REFRESH_S } from "../services/sessions.ts";

/** What the cookie depends on. */
export interface CookieDeps {
  isAllowedOrigin: (origin: string) => boolean;
  secureCookies: boolean;
}

const NAME = "moajang_refresh";
/** Only what deals with sessions ever gets to see it. */
const PATH = "/api/auth";

/** The session as the client gets it: with `cookie`, the refresh token goes into one and is not in the body. */
export function handOver(
  { secureCookies }: Pick<CookieDeps, "secureCookies">,
  c: Context,
  { refreshToken, ...session }: NewSession,
  transport: "body" | "cookie",
): Session {
  if (transport === "body") return { ...session, refreshToken };
  setCookie(c, NAME, refreshToken, {
    path: PATH,
    httpOnly: true,
    secure: secureCookies,
    sameSite: "Strict",
    maxAge: REFRESH_S,
  });
  return session;
}

/**
 * The refresh token of a request and how it came; the body goes before the cookie. A cookie travels by itself, so a page of
 * a foreign origin may not use it. Throws `unauthenticated` without a token, `origin-not-allowed`.
 */
export function refreshTokenOf(
  { isAllowedOrigin }: Pick<CookieDeps, "isAllowedOrigin">,
  c: Context,
  inBody: string | undefined,
): { refreshToken: string; transport: "body" | "cookie" } {
  if (inBody !== undefined) return { refreshToken: inBody, transport: "body" };
  const refreshToken = getCookie(c, NAME);
  if (!refreshToken) throw new Problem("unauthenticated", "Cannot refresh the session: no refresh token");
  const origin = c.req.header("origin");
  if (origin !== undefined && !isAllowedOrigin(origin) && URL.parse(origin)?.host !== c.req.header("host")) {
    throw new Problem("origin-not-allowed", `Cannot refresh the session: ${origin} is not an allowed origin`);
  }
  return { refreshToken, transport: "cookie" };
}

/** Has the browser forget the cookie. */
export function forgetRefreshToken({ secureCookies }: Pick<CookieDeps, "secureCookies">, c: Context): void {
  deleteCookie(c, NAME, { path: PATH, httpOnly: true, secure: secureCookies, sameSite: "Strict" });
}
