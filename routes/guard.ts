/**
 * Who may call a route. Every route begins with exactly one of these guards, which also holds its line in OpenAPI: a route
 * without one does not appear there, and `tests/access_test.ts` fails.
 */
import type { Context, MiddlewareHandler } from "hono";
import { resolver, uniqueSymbol } from "hono-openapi";
import type { z } from "zod";
import { ProblemBody } from "../contract/common.ts";
import { Problem, type ProblemCode, PROBLEMS } from "../contract/problems.ts";
import { isAdmin } from "../services/accounts.ts";
import { LIMITS } from "../services/limits.ts";
import type { AccessClaims, Deps, Limit } from "../services/ports.ts";
import { isSessionLive } from "../services/sessions.ts";
import { redeemTicket } from "../services/tickets.ts";
import type { EdgeEnv } from "./edge.ts";

/** The signed-in person, or `null` on a public route called without a token. */
export interface CallerEnv<Caller> extends EdgeEnv {
  Variables: EdgeEnv["Variables"] & { caller: Caller };
}

type GuardDeps = Pick<Deps, "sql" | "tokens" | "limiter" | "clock">;

/** What OpenAPI says of a route: one line, what each success answers, the problems to expect. */
export interface RouteSpec {
  summary: string;
  /** By status: the schema of the JSON, another media type, or `null` for no body. */
  answers: Record<number, z.ZodType | "text/event-stream" | "text/calendar" | null>;
  problems?: ProblemCode[];
  /** An allowance narrower than the general one. */
  limit?: Limit;
  /** Of a public route that gives out access tokens: it does not look at one, which may well have expired. */
  ignoresToken?: true;
}

/** A route for signed-in people. Throws `unauthenticated`, `rate-limited`. */
export function signedIn(deps: GuardDeps, spec: RouteSpec) {
  return guard<AccessClaims>(spec, ["unauthenticated", "rate-limited"], [{ bearer: [] }], (c) => admit(deps, spec, c));
}

/** A route for admins. The account's role decides as it is now, not as it was when the token was issued. Throws `forbidden` too. */
export function adminOnly(deps: GuardDeps, spec: RouteSpec) {
  return guard<AccessClaims>(spec, ["unauthenticated", "forbidden", "rate-limited"], [{ bearer: [] }], async (c) => {
    const caller = await admit(deps, spec, c);
    if (!(await isAdmin(deps, caller.userId))) throw new Problem("forbidden", "Cannot answer: only for admins");
    return caller;
  });
}

/** Like {@link signedIn}, for what a browser opens and cannot send headers with: a one-use `?ticket=` will do. */
export function signedInOrTicket(deps: GuardDeps & Pick<Deps, "cache">, spec: RouteSpec) {
  const always: ProblemCode[] = ["unauthenticated", "rate-limited"];
  return guard<AccessClaims>(spec, always, [{ bearer: [] }, { ticket: [] }], async (c) => {
    const caller = await readCaller(deps, c) ?? await redeemTicket(deps, c.req.query("ticket") ?? "");
    if (!caller) {
      throw new Problem("unauthenticated", "Cannot answer: no access token, and no ticket that is still good");
    }
    await takeUse(deps, spec.limit, caller.userId);
    return caller;
  });
}

/**
 * A public route. A token, when sent, must be good all the same, unless the route ignores tokens. Throws `unauthenticated`,
 * `rate-limited`.
 */
export function anyone(deps: GuardDeps, spec: RouteSpec) {
  const always: ProblemCode[] = spec.ignoresToken ? ["rate-limited"] : ["unauthenticated", "rate-limited"];
  const security: Security = spec.ignoresToken ? [{}] : [{}, { bearer: [] }];
  return guard<AccessClaims | null>(spec, always, security, async (c) => {
    const caller = spec.ignoresToken ? null : await readCaller(deps, c);
    await takeUse(deps, spec.limit, caller?.userId ?? `address:${c.env.remoteAddress}`);
    return caller;
  });
}

async function admit(deps: GuardDeps, { limit }: RouteSpec, c: Context): Promise<AccessClaims> {
  const caller = await readCaller(deps, c);
  if (!caller) throw new Problem("unauthenticated", "Cannot answer: no access token");
  await takeUse(deps, limit, caller.userId);
  return caller;
}

/** Reads the Bearer token of a request. `null` without one; throws `unauthenticated` for a bad or ended one. */
async function readCaller(deps: GuardDeps, c: Context): Promise<AccessClaims | null> {
  const header = c.req.header("authorization");
  if (header === undefined) return null;
  const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(header)?.[1];
  const claims = token ? await deps.tokens.read(token) : null;
  if (!claims || !(await isSessionLive(deps, claims.sessionId))) {
    throw new Problem("unauthenticated", "Cannot answer: the access token is not valid or its session has ended");
  }
  return claims;
}

/** Takes one use of the general allowance of this person or address, and of the narrower one if there is one. */
async function takeUse({ limiter }: Pick<Deps, "limiter">, narrow: Limit | undefined, key: string): Promise<void> {
  const waits = await Promise.all(
    [LIMITS.requests, ...(narrow ? [narrow] : [])].map((limit) => limiter.take(limit, key)),
  );
  const retryAfterS = Math.max(...waits.map((wait) => wait?.retryAfterS ?? 0));
  if (retryAfterS > 0) throw new Problem("rate-limited", "Cannot answer: too many requests", { retryAfterS });
}

/** Ways to be let in, each enough: scheme → scopes. */
type Security = Record<string, string[]>[];

function guard<Caller>(
  spec: RouteSpec,
  always: ProblemCode[],
  security: Security,
  callerOf: (c: Context<CallerEnv<Caller>>) => Promise<Caller>,
): MiddlewareHandler<CallerEnv<Caller>> {
  const middleware: MiddlewareHandler<CallerEnv<Caller>> = async (c, next) => {
    c.set("caller", await callerOf(c));
    await next();
  };
  const { summary, answers, problems = [] } = spec;
  const responses = { ...successes(answers), ...refusals([...always, ...problems, "unavailable"]) };
  return Object.assign(middleware, { [uniqueSymbol]: { spec: { summary, security, responses } } });
}

function successes(answers: RouteSpec["answers"]) {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      { description: "OK", ...(answer && { content: contentOf(answer) }) },
    ]),
  );
}

function contentOf(answer: z.ZodType | string) {
  return typeof answer === "string"
    ? { [answer]: { schema: { type: "string" as const } } }
    : { "application/json": { schema: resolver(answer) } };
}

function refusals(codes: ProblemCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code].status);
  const content = { "application/problem+json": { schema: resolver(ProblemBody) } };
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, { description: of.join(", "), content }]));
}
