/**
 * POSTs to hosts that a stranger names. The address is looked at when the connection is made, not before: a name may lead
 * elsewhere a moment later.
 */
import { lookup } from "node:dns";
import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./public_addresses.ts";
import { retryAfterMs } from "./retry_after.ts";
import { within } from "./within.ts";

/** What came back, without its body. */
export type PushAnswer =
  | { kind: "status"; status: number; afterMs?: number }
  | { kind: "later"; reason: string }
  | { kind: "refused"; reason: string };

/** Sends to public hosts alone. */
export interface PublicPoster extends Disposable {
  /** Why this URL will never be posted to; `null` when it may be. */
  refusal(url: string): Promise<string | null>;
  /** Posts once, bounded in time and in what is read, no redirect followed. Never rejects. */
  post(
    url: string,
    headers: Record<string, string>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<PushAnswer>;
}

/** Of an answer's body nobody wants anything: so much is let pass, for the sake of the connection. */
const BODY_BYTES_MAX = 16 * 1024;
const LOOKUP_MS = 2_000;
const NOT_PUBLIC = "must be of a public host";

/** Opens one. `localHosts` (host:port) may have any address and speak HTTP. Disposing closes the connections kept. */
export function publicPoster(
  { localHosts, timeoutMs }: { localHosts: string[]; timeoutMs: number },
): PublicPoster {
  const isLocal = ({ host }: URL) => localHosts.includes(host);
  const pool = { keepAlive: true, timeout: 60_000 };
  const http = new HttpAgent(pool), https = new HttpsAgent(pool);

  async function refusal(text: string): Promise<string | null> {
    const url = new URL(text);
    const atSight = isLocal(url) ? null : refusalOf(url);
    if (atSight !== null || isLocal(url) || isIP(bareHost(url)) !== 0) return atSight;
    const isPrivate = await within(LOOKUP_MS, "the lookup", leadsInside(bareHost(url))).catch(() => false);
    return isPrivate ? NOT_PUBLIC : null;
  }

  async function post(
    text: string,
    headers: Record<string, string>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<PushAnswer> {
    const url = new URL(text), timeout = AbortSignal.timeout(timeoutMs);
    const reason = isLocal(url) ? null : refusalOf(url);
    if (reason !== null) return { kind: "refused", reason: `the endpoint ${reason}` };
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": body.byteLength },
      signal: AbortSignal.any([signal, timeout]),
      ...(!isLocal(url) && { lookup: lookupPublic }),
    };
    try {
      return await exchange(
        url.protocol === "https:"
          ? httpsRequest(url, { ...options, agent: https })
          : httpRequest(url, { ...options, agent: http }),
        body,
      );
    } catch (error) {
      if ((error as { code?: unknown }).code === "ENOTPUBLIC") {
        return { kind: "refused", reason: "the endpoint's host is not public" };
      }
      return { kind: "later", reason: timeout.aborted ? `no answer within ${timeoutMs} ms` : "the connection failed" };
    }
  }

  return {
    refusal,
    post,
    [Symbol.dispose]() {
      http.destroy();
      https.destroy();
    },
  };
}

/** What can be seen without asking anybody. Push services are at HTTPS' own port: any other would be a way to try ports. */
function refusalOf(url: URL): string | null {
  if (url.protocol !== "https:") return "must be an https URL";
  if (url.port !== "" || url.username !== "" || url.password !== "") return "must have no port and no user";
  return isIP(bareHost(url)) !== 0 && !isPublicAddress(bareHost(url)) ? NOT_PUBLIC : null;
}

/** Without the brackets of an IPv6 address, and without the dot that may end a name. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, "");
}

async function leadsInside(host: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  lookup(host, { all: true }, (error, found) => {
    if (error) reject(error);
    else resolve(found.some(({ address }) => !isPublicAddress(address)));
  });
  return await promise;
}

/** Resolves a name for a connection about to be made, and fails it if any address is not of the public internet. */
const lookupPublic: LookupFunction = (host, options, done) => {
  lookup(host.replace(/\.$/, ""), { ...options, all: true }, (error, found) => {
    if (error) return done(error, []);
    const isPublic = found.length > 0 && found.every(({ address }) => isPublicAddress(address));
    if (!isPublic) return done(Object.assign(new Error("not a public host"), { code: "ENOTPUBLIC" }), []);
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  });
};

/** Resolves with the status once the body has come, or enough of it. What goes wrong after the status changes nothing. */
async function exchange(request: ClientRequest, body: Uint8Array): Promise<PushAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PushAnswer>();
  let answer: PushAnswer | undefined, bytes = 0;
  const end = (error?: unknown) => answer ? resolve(answer) : reject(error);
  request.on("response", (response) => {
    answer = answerOf(response);
    response.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > BODY_BYTES_MAX) request.destroy();
    });
    for (const event of ["end", "error", "close"]) response.on(event, end);
  });
  for (const event of ["error", "close"]) request.on(event, end);
  request.end(body);
  return await promise;
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): PushAnswer {
  const afterMs = retryAfterMs(headers["retry-after"], headers.date);
  return { kind: "status", status: statusCode, ...(afterMs !== undefined && { afterMs }) };
}
