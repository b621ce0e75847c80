/** Requests at random, drawn from what OpenAPI says of a call, and from what it does not. */
import fc from "fast-check";
import type { JsonSchema, OpenApi, Operation } from "./openapi_document.ts";

/** A request to one call. */
export interface AnyRequest {
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** Text that has broken programs: control characters, halves of surrogate pairs, quotes, other scripts, great length. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    "\0",
    "\ud800",
    "\udfff a",
    "'; drop table users; --",
    "${7*7}",
    "%00",
    "ㅅㄱ",
    "가".repeat(600),
    "😀",
    "",
  ),
);

/** Numbers at which ranges end. */
const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1, 0.5, 1e21, 1e400, 2 ** 31, 2 ** 31 - 1, 2 ** 53, -(2 ** 63), 99_999_999_999),
  fc.double(),
);

const anything = fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 3 }));

/** What means something to the call at hand. */
export interface Known {
  /** Ids of people and things. */
  ids: string[];
  /** Values of parts of the path. */
  parts: Record<string, string>;
  /** A body that is right. */
  body: Record<string, unknown> | undefined;
}

/** Requests to a call: right ones, those with something wrong in them, and those that are wrong altogether. */
export function requestTo(
  document: OpenApi,
  { path, operation }: { path: string; operation: Operation },
  { ids, parts, body }: Known,
): fc.Arbitrary<AnyRequest> {
  const valueOf = valuesOf(document, ids);
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const partOf = (name: string) => mostly(fc.constant(parts[name] ?? ids[0]), fc.oneof(fc.constantFrom(...ids), text));
  const parameters = operation.parameters.filter((each) => each.in === "query");
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const bodies = [
    ...(body ? [changed(body)] : []),
    ...(schema ? [valueOf(schema)] : [fc.constant(undefined), anything]),
  ];
  return fc.record({
    values: fc.record(Object.fromEntries(names.map((name) => [name, partOf(name)]))),
    query: fc.record(Object.fromEntries(parameters.map((each) => [each.name, valueOf(each.schema)])), {
      requiredKeys: [],
    }),
    hasPoint: fc.boolean(),
    hasCursor: mostly(fc.constant(false), fc.constant(true)),
    headers: fc.record(HEADERS, { requiredKeys: [] }),
    body: fc.oneof(...bodies),
  }).map(({ values, query, hasPoint, hasCursor, headers, body }) => {
    // What comes in pairs, or cannot be guessed, would make nearly every request wrong.
    const point = hasPoint ? { lat: 37.5, lng: 127, ...query } : { ...query, lat: "", lng: "", radiusM: "" };
    const isNear = parameters.some(({ name }) => name === "lat");
    const search = { ...(isNear ? point : query), ...(hasCursor ? {} : { cursor: "" }) };
    return {
      path: path.replace(/\{(\w+)\}/g, (_, name) => escape(values[name])) + searchOf(search),
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    };
  });
}

const HEADERS = {
  "idempotency-key": fc.oneof(fc.uuid(), fc.constantFrom("key", "x".repeat(300), "")),
  "if-match": fc.constantFrom("1", '"1"', "*", "99999999999999", "x"),
  "last-event-id": fc.constantFrom("0", "3", "-1", "99999999999999", "x"),
};

/** A body with a few of its values, or none, replaced by anything. */
function changed(body: Record<string, unknown>): fc.Arbitrary<unknown> {
  const swaps = fc.array(fc.tuple(fc.constantFrom(...Object.keys(body)), anything), { maxLength: 2 });
  return swaps.map((pairs) => ({ ...body, ...Object.fromEntries(pairs) }));
}

/** Values that a schema lets through, mixed with values that it does not. */
function valuesOf(document: OpenApi, ids: string[]) {
  return function valueOf(schema: JsonSchema): fc.Arbitrary<unknown> {
    if (schema.$ref) return valueOf(document.components.schemas[schema.$ref.split("/").at(-1)!]!);
    return mostly(right(schema), anything);
  };

  function right(schema: JsonSchema): fc.Arbitrary<unknown> {
    const valueOf = valuesOf(document, ids);
    const types = [schema.type ?? []].flat();
    if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valueOf));
    if (schema.enum) return fc.constantFrom(...schema.enum);
    if ("const" in schema) return fc.constant(schema["const"]);
    if (types.includes("object")) return objectOf(schema);
    if (types.includes("array")) return fc.array(valueOf(schema.items ?? {}), { maxLength: 5 });
    if (types.includes("boolean")) return fc.boolean();
    if (types.includes("integer")) return fc.integer({ min: least(schema), max: most(schema) });
    if (types.includes("number")) return fc.double({ min: least(schema), max: most(schema), noNaN: true });
    if (schema.format === "uuid") return fc.oneof(fc.constantFrom(...ids), fc.uuid());
    if (schema.format === "date-time") return fc.date({ noInvalidDate: true }).map((date) => date.toJSON());
    return fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), fc.date().map(String), INSTANTS, text);
  }

  function objectOf(schema: JsonSchema): fc.Arbitrary<unknown> {
    const valueOf = valuesOf(document, ids);
    const properties = Object.entries(schema.properties ?? {}).map(([name, of]) => [name, valueOf(of)]);
    const known = fc.record(Object.fromEntries(properties), { requiredKeys: [] });
    const whole = fc.record(Object.fromEntries(properties));
    const odd = fc.dictionary(fc.oneof(text, fc.constantFrom("__proto__", "constructor", "role", "id")), anything, {
      maxKeys: 2,
    });
    return fc.oneof({ weight: 4, arbitrary: whole }, { weight: 2, arbitrary: known }, fc.tuple(known, odd).map(join));
  }
}

/** Around the present, so that what needs the future or the past is met. */
const INSTANTS = fc.integer({ min: -100, max: 100 }).map((hours) => new Date(Date.now() + hours * 3_600_000).toJSON());

const join = ([one, other]: [object, object]) => ({ ...one, ...other });
const least = ({ minimum }: JsonSchema) => Math.max(minimum ?? -1000, -(2 ** 31));
const most = ({ maximum }: JsonSchema) => Math.min(maximum ?? 1000, 2 ** 31 - 1);

function mostly<T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: odd });
}

/** A surrogate without its other half has no place in a URL; everything else is escaped. */
function escape(value: unknown): string {
  return encodeURIComponent((typeof value === "object" ? JSON.stringify(value) : String(value)).toWellFormed());
}

function searchOf(query: Record<string, unknown>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${escape(value)}`);
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
}
