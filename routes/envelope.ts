/** What every answer carries, whatever route gives it: a request id, security headers, CORS, a log line. */
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { matchedRoutes } from "hono/route";
import { invalid } from "../contract/problems.ts";
import type { Log, Metrics } from "../services/ports.ts";
import type { EdgeEnv } from "./edge.ts";

/** Constant, so that they cost no computation (hono's secureHeaders takes 20 µs a request for the same ones). */
const SECURITY_HEADERS = Object.entries({
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
});

/** Gives the request its id (the caller's own, if it is a decent one), the answer its headers, log and figures their line. */
export function envelope(log: Log, metrics: Metrics): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const started = performance.now();
    const given = c.req.header("x-request-id");
    const requestId = given && /^[\w-]{8,64}$/.test(given) ? given : crypto.randomUUID();
    c.set("requestId", requestId);
    await next();
    const { headers, status } = c.res;
    headers.set("x-request-id", requestId);
    for (const [name, value] of SECURITY_HEADERS) if (!headers.has(name)) headers.set(name, value);
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
    const tookMs = performance.now() - started;
    log.info("request", { requestId, method: c.req.method, path: c.req.path, status, tookMs: Math.round(tookMs) });
    metrics.answered({ method: methodOf(c), route: routeOf(c), status }, tookMs / 1_000);
  };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Callers make up methods and paths as they like: figures are kept of those that there are. */
function methodOf({ req: { method } }: Context): string {
  return METHODS.includes(method) ? method : "other";
}

/** The last to match is the route itself, unless only the middleware did. */
function routeOf(c: Context): string {
  const { path } = matchedRoutes(c).at(-1)!;
  return path === "/*" ? "none" : path;
}

/** CORS with credentials for the allowed origins, each answered by name and never with `*`. Others get no such header. */
export function crossOrigin(isAllowed: (origin: string) => boolean): MiddlewareHandler {
  const handler = cors({
    origin: (origin) => origin,
    credentials: true,
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: ["authorization", "content-type", "idempotency-key", "if-match", "last-event-id", "x-request-id"],
    exposeHeaders: ["etag", "link", "retry-after", "x-request-id"],
    maxAge: 600,
  });
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && isAllowed(origin)) return await handler(c, next);
    await next();
    c.header("vary", "Origin", { append: true });
  };
}

/** Refuses a request whose `Host` makes no URL, so that whoever reads the URL later need not doubt it. */
export const soundHost: MiddlewareHandler = async (c, next) => {
  if (!URL.canParse(c.req.url)) throw invalid("/header/host", "the Host header is not a host");
  await next();
};

/**
 * Whether an origin is on the allow-list of exact origins and patterns like `https://*.example.com`, where the star stands
 * for one or more labels. Comparison is by scheme, host and port.
 */
export function originMatcher(allowed: string[]): (origin: string) => boolean {
  const exact = new Set(allowed.filter((each) => !each.includes("*")));
  const suffixes = allowed.filter((each) => each.includes("*")).map((each) => each.split("*") as [string, string]);
  return (origin) =>
    exact.has(origin) ||
    suffixes.some(([scheme, suffix]) =>
      origin.startsWith(scheme) && origin.endsWith(suffix) &&
      /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(origin.slice(scheme.length, -suffix.length))
    );
}
