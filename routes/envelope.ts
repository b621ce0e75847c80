/** What every answer carries, whatever route gives it: a request id, security headers, CORS, a log line. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { Problem } from "../contract/problems.ts";
import type { Log } from "../services/ports.ts";
import type { EdgeEnv } from "./edge.ts";

/** Largest request body, in bytes. */
export const BODY_BYTES_MAX = 64 * 1024;

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

/** Gives the request its id (the caller's own, if it is a decent one), the answer its headers, the log its line. */
export function envelope(log: Log): MiddlewareHandler<EdgeEnv> {
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
    const tookMs = Math.round(performance.now() - started);
    log.info("request", { requestId, method: c.req.method, path: c.req.path, status, tookMs });
  };
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

/**
 * Refuses bodies over {@link BODY_BYTES_MAX}, declared or streamed: the latter are read here, so that whoever comes next
 * finds a body only where there is one. (hono's bodyLimit copies the request with its signal, of which Deno.serve warns,
 * and leaves an empty body where there was none.)
 */
export const boundedBody: MiddlewareHandler = async (c, next) => {
  const { method, url, headers, body } = c.req.raw;
  if (method === "GET" || method === "HEAD" || body === null) return await next();
  const declared = headers.has("transfer-encoding") ? null : headers.get("content-length");
  if (Number(declared) > BODY_BYTES_MAX) throw tooLarge();
  if (declared === null) c.req.raw = new Request(url, { method, headers, body: await readBounded(body) });
  await next();
};

async function readBounded(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Blob | null> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return size > 0 ? new Blob(chunks) : null;
}

function tooLarge(): Problem {
  return new Problem("too-large", `Cannot read the body: over ${BODY_BYTES_MAX} bytes`);
}

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
