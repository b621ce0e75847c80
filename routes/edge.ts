/**
 * The edge: what comes in is validated here, and here alone an error becomes HTTP (RFC 9457 problem+json).
 */
import { zValidator } from "@hono/zod-validator";
import type { Context, ValidationTargets } from "hono";
import { HTTPException } from "hono/http-exception";
import { parseAccept } from "hono/utils/accept";
import { resolver, uniqueSymbol } from "hono-openapi";
import { z } from "zod";
import { Id } from "../contract/common.ts";
import type { Locale } from "../contract/identity.ts";
import { type FieldError, invalid, Problem, PROBLEMS } from "../contract/problems.ts";
import { isStoreDown } from "../services/availability.ts";
import type { Log } from "../services/ports.ts";

/** What every handler finds in its context. */
export interface EdgeEnv {
  Bindings: { remoteAddress: string };
  Variables: { requestId: string };
}

const TARGET_NAMES = { json: "", query: "/query", param: "/path" } as const;

/** Validates one part of a request. Throws `invalid-input` naming each wrong field. Documents itself for OpenAPI. */
export function validate<T extends z.ZodType, Target extends keyof typeof TARGET_NAMES>(
  target: Target,
  schema: T,
  checked: T = schema,
) {
  const middleware = zValidator(target as Target & keyof ValidationTargets, checked, (result) => {
    if (!result.success) throw problemOf(result.error as z.core.$ZodError, TARGET_NAMES[target]);
  });
  return Object.assign(middleware, { [uniqueSymbol]: { target, ...resolver(schema) } });
}

/** Validates a JSON body. An absent body counts as `{}`; another content type is `unsupported-media-type`. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return validate("json", schema);
}

/** For a route that takes no body: an empty one, or none, is fine, and anything in it is refused as any unknown field is. */
export const noBody = zValidator("json", z.strictObject({}), (result) => {
  if (!result.success) throw problemOf(result.error as z.core.$ZodError, TARGET_NAMES.json);
});

/** Validates the query. An empty parameter counts as absent: a form sends those, and `Number("")` would be 0. */
export function query<T extends z.ZodType>(schema: T) {
  return validate("query", schema, z.preprocess(withoutEmpty, schema) as unknown as T);
}

function withoutEmpty(parameters: unknown): unknown {
  return Object.fromEntries(Object.entries(parameters as object).filter(([, value]) => value !== ""));
}

/** Validates path parameters, all of them ids. What cannot be an id is not found. */
export function ids<const Names extends string>(...names: Names[]) {
  return path(z.object(Object.fromEntries(names.map((name) => [name, Id])) as Record<Names, z.ZodUUID>));
}

/** Validates path parameters. What cannot be one is not found. */
export function path<T extends z.ZodObject>(schema: T) {
  const middleware = zValidator("param", schema, (result) => {
    if (!result.success) throw new Problem("not-found", "Cannot find the resource: no such id");
  });
  return Object.assign(middleware, { [uniqueSymbol]: { target: "param", ...resolver(schema) } });
}

/** Turns whatever was thrown into the answer. What is nobody's fault but ours is logged as an error, an outage as a warning. */
export function answerError(log: Log) {
  return (error: unknown, c: Context<EdgeEnv>): Response => {
    const problem = toProblem(error), { code } = problem;
    const fields = { requestId: c.get("requestId"), path: c.req.path, code, error };
    if (code === "internal") log.error("request failed", fields);
    if (code === "unavailable") log.warn("request refused", fields);
    return answerProblem(c, problem);
  };
}

/** The answer to a problem, in the language asked for (Korean when none is). */
export function answerProblem(c: Context<EdgeEnv>, problem: Problem): Response {
  const { status, ...titles } = PROBLEMS[problem.code];
  const language = languageOf(c.req.header("accept-language") ?? "");
  const body = {
    type: `urn:moajang:problem:${problem.code}`,
    title: titles[language],
    status,
    detail: problem.detail,
    code: problem.code,
    requestId: c.get("requestId"),
    ...(problem.more.errors && { errors: problem.more.errors }),
    ...(problem.more.until && { until: problem.more.until }),
  };
  const headers: Record<string, string> = {
    "content-type": "application/problem+json; charset=utf-8",
    "content-language": language,
    "vary": "accept-language",
    "cache-control": "no-store",
  };
  const retryAfterS = problem.more.retryAfterS ?? (status === 503 || status === 429 ? 2 : undefined);
  if (retryAfterS !== undefined) headers["retry-after"] = String(retryAfterS);
  if (status === 401) headers["www-authenticate"] = "Bearer";
  if (status === 426) headers["upgrade"] = "websocket";
  return new Response(JSON.stringify(body), { status, headers });
}

/** The language that an `Accept-Language` wants most of those there are, be it as a variant (`en-GB`); else Korean. */
function languageOf(header: string): Locale {
  const wanted = parseAccept(header).filter(({ q }) => q > 0).map(({ type }) => type.toLowerCase().split("-")[0]);
  return wanted.find((tag) => tag === "ko" || tag === "en" || tag === "*") === "en" ? "en" : "ko";
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && error.status === 400) return invalid("", "the body is not valid JSON");
  if (isStoreDown(error)) return new Problem("unavailable", "Cannot answer now: a store is down", { cause: error });
  return new Problem("internal", "Cannot answer: an unexpected error", { cause: error });
}

function problemOf(error: z.core.$ZodError, prefix: string): Problem {
  const errors: FieldError[] = error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ pointer: pointerTo(prefix, [...issue.path, key]), detail: "is not a known field" }))
      : [{ pointer: pointerTo(prefix, issue.path), detail: issue.message }]
  ).slice(0, FIELD_ERRORS_MAX);
  const names = errors.map((each) => each.pointer.slice(1) || "the body").join(", ");
  return new Problem("invalid-input", `Cannot read the request: ${names} not valid`, { errors });
}

/** Enough for any form; a body of nothing but wrong fields is not answered with all of them. */
const FIELD_ERRORS_MAX = 50;

/** A JSON pointer (RFC 6901). */
function pointerTo(prefix: string, path: PropertyKey[]): string {
  return [prefix, ...path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
}
