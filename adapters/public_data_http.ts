/** One question to a provider: bounded in time and size, no redirect followed, no fault thrown. */
import ky from "ky";
import { retryAfterMs } from "./retry_after.ts";

/** What one answer may cost. */
export interface Limits {
  timeoutMs: number;
  bodyBytesMax: number;
}

type HttpAnswer =
  | { kind: "body"; text: string }
  | { kind: "later"; reason: string; afterMs?: number; isBusy?: boolean }
  | { kind: "refused"; reason: string };

/**
 * Asks once and reads the body whole. Errors are told without their message: it holds the address, and that the key.
 * Rejects only when `signal` is aborted.
 */
export async function askProvider(
  url: string,
  limits: Limits,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(limits.timeoutMs);
  try {
    const response = await ky.get(url, {
      headers,
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return judgeStatus(response);
    }
    const text = await readBounded(response, limits.bodyBytesMax);
    if (text === null) return { kind: "refused", reason: `the answer is larger than ${limits.bodyBytesMax} bytes` };
    return { kind: "body", text };
  } catch {
    signal.throwIfAborted();
    return timeout.aborted
      ? { kind: "later", reason: `no whole answer within ${limits.timeoutMs} ms` }
      : { kind: "later", reason: "the connection failed" };
  }
}

function judgeStatus(response: Response): HttpAnswer {
  const { status } = response;
  const reason = `HTTP ${status}`;
  if (status < 500 && status !== 408 && status !== 425 && status !== 429) return { kind: "refused", reason };
  const afterMs = retryAfterMs(response.headers.get("retry-after"), response.headers.get("date"));
  const isBusy = status === 429 || status === 503;
  return { kind: "later", reason, isBusy, ...(afterMs !== undefined && { afterMs }) };
}

async function readBounded(response: Response, bytesMax: number): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "", bytes = 0;
  // Leaving the loop cancels the body, and with it the connection.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
