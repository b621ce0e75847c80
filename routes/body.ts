/** The body of a request, before any route looks at it: bounded, and JSON or nothing. */
import type { MiddlewareHandler } from "hono";
import { Problem } from "../contract/problems.ts";

/** Largest request body, in bytes. */
const BODY_BYTES_MAX = 64 * 1024;

/** The methods of which a body is read. That of any other is left unread, and a `Request` with it could not be made. */
const BODY_METHODS = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/**
 * Refuses bodies over {@link BODY_BYTES_MAX}, declared or streamed: the latter are read here, so that whoever comes next
 * finds a body only where there is one. (hono's bodyLimit copies the request with its signal, of which Deno.serve warns,
 * and leaves an empty body where there was none.)
 */
export const boundedBody: MiddlewareHandler = async (c, next) => {
  const { method, url, headers, body } = c.req.raw;
  if (!BODY_METHODS.has(method) || body === null) return await next();
  const declared = headers.has("transfer-encoding") ? null : headers.get("content-length");
  if (Number(declared) > BODY_BYTES_MAX) throw tooLarge();
  if (declared === null) c.req.raw = new Request(url, { method, headers, body: await readBounded(body) });
  await next();
};

/** Refuses a body that is not JSON before anything reads it. None at all is read as `{}`, whatever its type is said to be. */
export const jsonOnly: MiddlewareHandler = async (c, next) => {
  const { method, url, headers, body } = c.req.raw;
  if (!BODY_METHODS.has(method)) return await next();
  const type = headers.get("content-type");
  const hasBody = body !== null && headers.get("content-length") !== "0";
  if (hasBody && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type ?? "")) {
    throw new Problem(
      "unsupported-media-type",
      `Cannot read the body: ${type ?? "no content type"} is not application/json`,
    );
  }
  if (!hasBody && type !== null) c.req.raw = new Request(url, { method, headers, body: "{}" });
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
