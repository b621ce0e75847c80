/** The OpenAPI document as its version 3.1 wants it, as far as ours uses it: an unknown field is an error. */
import { z } from "zod";

const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"] as const;
type Type = (typeof TYPES)[number];

/** A JSON schema of the 2020-12 draft, with the keywords that ours uses. */
export interface JsonSchema {
  $ref?: string | undefined;
  type?: Type | Type[] | undefined;
  properties?: Record<string, JsonSchema> | undefined;
  items?: JsonSchema | undefined;
  enum?: unknown[] | undefined;
  anyOf?: JsonSchema[] | undefined;
  required?: string[] | undefined;
  format?: string | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  [keyword: string]: unknown;
}

const Schema: z.ZodType<JsonSchema> = z.lazy(() =>
  z.strictObject({
    $ref: z.string().regex(/^#\/components\/schemas\/[\w.-]+$/),
    type: z.union([z.enum(TYPES), z.array(z.enum(TYPES)).min(2)]),
    properties: z.record(z.string(), Schema),
    required: z.array(z.string()),
    additionalProperties: z.union([z.boolean(), Schema]),
    items: Schema,
    anyOf: z.array(Schema).min(1),
    oneOf: z.array(Schema).min(1),
    allOf: z.array(Schema).min(1),
    enum: z.array(z.unknown()).min(1),
    const: z.unknown(),
    default: z.unknown(),
    format: z.string(),
    pattern: z.string().refine((text) => isRegExp(text), "is not a regular expression"),
    minLength: z.int().min(0),
    maxLength: z.int().min(0),
    minItems: z.int().min(0),
    maxItems: z.int().min(0),
    minimum: z.number(),
    maximum: z.number(),
    exclusiveMinimum: z.number(),
    exclusiveMaximum: z.number(),
    description: z.string(),
  }).partial()
);

const Content = z.record(z.string().regex(/^[a-z]+\/[\w.+-]+$/), z.strictObject({ schema: Schema }));

const Operation = z.strictObject({
  operationId: z.string().regex(/^\w+$/),
  summary: z.string().regex(/^[A-Z].{2,80}[^.]$/, "must be one line, without a full stop"),
  description: z.string().optional(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.strictObject({
    in: z.enum(["path", "query", "header"]),
    name: z.string().min(1),
    required: z.boolean().optional(),
    description: z.string().optional(),
    schema: Schema,
  })).default([]),
  requestBody: z.strictObject({ required: z.boolean().optional(), content: Content }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.strictObject({ description: z.string().min(1), content: Content.optional() }),
  ),
});
/** See the schema. */
export type Operation = z.infer<typeof Operation>;

/** The document. */
export const OpenApi = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d+$/),
  info: z.strictObject({
    title: z.string().min(1),
    version: z.string().min(1),
    description: z.string(),
    license: z.strictObject({ name: z.string(), identifier: z.string() }),
  }),
  servers: z.array(z.strictObject({ url: z.string() })),
  paths: z.record(
    z.string().regex(/^(\/([\w.-]+|\{\w+\}))+$/),
    z.partialRecord(z.enum(["get", "put", "post", "patch", "delete"]), Operation),
  ),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[\w.-]+$/), Schema),
    securitySchemes: z.record(z.string(), z.object({ type: z.enum(["http", "apiKey"]) })),
  }),
});
/** See the schema. */
export type OpenApi = z.infer<typeof OpenApi>;

/** Every operation with its method in capitals and its path. */
export function operationsOf({ paths }: OpenApi): { method: string; path: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation!,
    }))
  );
}

/** The path with parts of the right form in it, of things that are not there. */
export function pathToNothing(path: string): string {
  return path.replace("{seq}", "1").replace(/\{\w+\}/g, "0199d1a0-0000-7000-8000-000000000000");
}

function isRegExp(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
