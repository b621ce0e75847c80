/** Waiting for what a test cannot await. */
import assert from "node:assert/strict";

/** Asks again until the check gives something, or fails with what it gave last. */
export async function poll<T>(
  check: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  { timeoutMs = 10_000, everyMs = 20 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) assert.fail(`still ${String(value)} after ${timeoutMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
