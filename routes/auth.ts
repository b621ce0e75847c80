/** Signing up, in and out. */
import { Hono } from "hono";
import { Refresh, Session, SignIn, SignOut, SignUp, Ticket } from "../contract/identity.ts";
import { refresh, signIn, signOut, signUp } from "../services/accounts.ts";
import { LIMITS } from "../services/limits.ts";
import type { Deps } from "../services/ports.ts";
import { issueTicket } from "../services/tickets.ts";
import { type EdgeEnv, jsonBody, noBody } from "./edge.ts";
import { anyone, signedIn } from "./guard.ts";
import { type CookieDeps, forgetRefreshToken, handOver, refreshTokenOf } from "./refresh_cookie.ts";

type AuthDeps =
  & Pick<Deps, "sql" | "relay" | "cache" | "limiter" | "passwords" | "tokens" | "clock" | "log">
  & CookieDeps;

/**
 * POST `/signup`, `/signin`, `/refresh` (by body or cookie), `/signout` (this session or all), `/tickets` (for a stream or
 * a socket). The first three look at no access token: an expired one must not keep its owner from a new one.
 */
export function authRoutes(deps: AuthDeps) {
  return new Hono<EdgeEnv>()
    .post(
      "/signup",
      anyone(deps, {
        summary: "Make an account and sign in",
        answers: { 201: Session },
        problems: ["invalid-input", "email-taken", "nickname-taken"],
        limit: LIMITS.credentials,
        ignoresToken: true,
      }),
      jsonBody(SignUp),
      async (c) => {
        const body = c.req.valid("json");
        return c.json(handOver(deps, c, await signUp(deps, body), body.refreshTransport), 201);
      },
    )
    .post(
      "/signin",
      anyone(deps, {
        summary: "Sign in",
        answers: { 200: Session },
        problems: ["invalid-input", "bad-credentials"],
        limit: LIMITS.credentials,
        ignoresToken: true,
      }),
      jsonBody(SignIn),
      async (c) => {
        const body = c.req.valid("json");
        return c.json(handOver(deps, c, await signIn(deps, body), body.refreshTransport));
      },
    )
    .post(
      "/refresh",
      anyone(deps, {
        summary: "Go on with a session: exchange the refresh token for the next one",
        answers: { 200: Session },
        problems: ["invalid-input", "unauthenticated", "refresh-reused", "origin-not-allowed"],
        ignoresToken: true,
      }),
      jsonBody(Refresh),
      async (c) => {
        const { refreshToken, transport } = refreshTokenOf(deps, c, c.req.valid("json").refreshToken);
        return c.json(handOver(deps, c, await refresh(deps, refreshToken), transport));
      },
    )
    .post(
      "/signout",
      signedIn(deps, { summary: "End this session, or all", answers: { 204: null }, problems: ["invalid-input"] }),
      jsonBody(SignOut),
      async (c) => {
        await signOut(deps, c.get("caller"), c.req.valid("json"));
        forgetRefreshToken(deps, c);
        return c.body(null, 204);
      },
    )
    .post(
      "/tickets",
      signedIn(deps, {
        summary: "Get a ticket for one stream or socket",
        answers: { 201: Ticket },
        problems: ["invalid-input"],
      }),
      noBody,
      async (c) => c.json(await issueTicket(deps, c.get("caller")), 201),
    );
}
