/** One request to the service, and what can go wrong with it. */
import { type ProblemCode, PROBLEMS } from "../contract/problems.ts";
import { locale } from "./words.ts";

/** The service's problem answer, or `offline` when no answer came. Its message is fit for people. */
export class Refusal extends Error {
  override name = "Refusal";

  constructor(
    readonly code: ProblemCode | "offline",
    readonly status: number,
    message: string,
    /** The fields that are wrong, by JSON pointer such as `/home/lat`; in English. */
    readonly errors: { pointer: string; detail: string }[] = [],
    readonly more: { retryAfterS?: number; until?: string } = {},
  ) {
    super(message);
  }

  /** Whether what was shown is out of date: it should be read anew. */
  get isStale(): boolean {
    return this.status === 409 || this.status === 412;
  }
}

/** What a request carries besides its path. */
export interface RequestOptions {
  body?: unknown;
  token?: string | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Whether it goes on though the page is left. */
  keepalive?: boolean;
}

/** Asks, and reads the JSON of the answer; nothing for a 204. Throws {@link Refusal}. */
export async function send<Answer>(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
  const response = await answerTo(method, path, options);
  if (response.status === 204) return undefined as Answer;
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null) return body;
  throw refusalOf(response, body);
}

const TIMEOUT_MS = 20_000;

async function answerTo(method: string, path: string, options: RequestOptions): Promise<Response> {
  const { body, token, headers, signal, keepalive = false } = options;
  try {
    return await fetch(path, {
      method,
      headers: {
        "accept-language": locale.value,
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      keepalive,
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal("offline", 0, OFFLINE[locale.value]);
  }
}

const OFFLINE = { ko: "인터넷에 연결되어 있지 않아요", en: "You are offline" };

// deno-lint-ignore no-explicit-any -- a proxy may answer anything
function refusalOf(response: Response, body: any): Refusal {
  const code: ProblemCode = body?.code in PROBLEMS ? body.code : response.status < 500 ? "not-found" : "unavailable";
  const retryAfterS = Number(response.headers.get("retry-after")) || undefined;
  return new Refusal(code, response.status, PROBLEMS[code][locale.value], body?.errors, {
    ...(retryAfterS !== undefined && { retryAfterS }),
    ...(body?.until && { until: body.until }),
  });
}
