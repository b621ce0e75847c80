/** How every list answers. */
import type { Context } from "hono";
import type { Page } from "../contract/common.ts";

/** Answers one page of a list, with a `Link` to the next one (RFC 8288) when there is one. */
export function answerPage<T>(c: Context, page: Page<T>) {
  if (page.nextCursor !== null) c.header("link", `<${nextUrl(c.req.url, page.nextCursor)}>; rel="next"`);
  return c.json(page);
}

/** The same request with another cursor, relative to its own host: behind a proxy that is not the one asked for. */
function nextUrl(url: string, cursor: string): string {
  const next = new URL(url);
  next.searchParams.set("cursor", cursor);
  return next.pathname + next.search;
}
