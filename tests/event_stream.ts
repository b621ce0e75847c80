/** A client of server-sent events that keeps everything it was sent, line by line as it came. */
import assert from "node:assert/strict";
import { within } from "../services/within.ts";

/** One event. Its data are JSON. */
export interface SentEvent {
  event: string;
  id: string | null;
  // deno-lint-ignore no-explicit-any -- a test reads whatever shape it expects, and fails when it is not there
  data: any;
}

/** An open stream, or what was answered instead. Disposing it hangs up. */
export interface EventClient extends AsyncDisposable {
  response: Response;
  log: SentEvent[];
  comments: string[];
  /** The last `retry:` line. */
  retryMs: number | null;
  /** Resolves when the server has ended the stream or the client has hung up. */
  over: Promise<void>;
  /** The first event for which `check` holds, past or to come. Fails after 10 s, and when the stream ends without it. */
  find(check: (sent: SentEvent) => boolean): Promise<SentEvent>;
  /** The first `count` events of this name. Fails as {@link find}. */
  take(event: string, count: number): Promise<SentEvent[]>;
  hangUp(): void;
}

/** Connects, and reads until the end. A refusal's body is left to the caller. */
export async function openEvents(
  url: string,
  { token, lastEventId }: { token?: string; lastEventId?: string | number } = {},
): Promise<EventClient> {
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: {
      accept: "text/event-stream",
      ...(token && { authorization: `Bearer ${token}` }),
      ...(lastEventId !== undefined && { "last-event-id": String(lastEventId) }),
    },
    signal: abort.signal,
  });
  const log: SentEvent[] = [], comments: string[] = [];
  let retryMs: number | null = null, isOver = false;
  let changed = Promise.withResolvers<void>();

  function take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const [, name, value] = /^([a-z]*):(?: (.*))?$/.exec(line) ?? assert.fail(`not a line of a stream: ${line}`);
      if (name === "") comments.push(value!);
      else fields.set(name!, value!);
    }
    if (fields.has("retry")) retryMs = Number(fields.get("retry"));
    const data = fields.get("data");
    if (data !== undefined) {
      log.push({ event: fields.get("event") ?? "message", id: fields.get("id") ?? null, data: JSON.parse(data) });
    }
  }
  async function read(): Promise<void> {
    let rest = "";
    try {
      for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + text).split("\n\n");
        rest = blocks.pop()!;
        blocks.forEach(take);
        notify();
      }
    } catch (error) {
      // A connection that breaks ends the stream as a hang-up does; what was read is in the log.
      if (error instanceof assert.AssertionError) throw error;
    } finally {
      isOver = true;
      notify();
    }
  }
  function notify(): void {
    changed.resolve();
    changed = Promise.withResolvers();
  }
  async function until<T>(look: () => T | undefined, what: string): Promise<T> {
    const deadline = performance.now() + 10_000;
    while (true) {
      const found = look();
      if (found !== undefined) return found;
      const waitMs = deadline - performance.now();
      if (isOver || waitMs <= 0) assert.fail(`no ${what} ${isOver ? "before the end" : "in 10 s"}: ${told(log)}`);
      await within(waitMs, what, changed.promise).catch(() => {});
    }
  }

  const over = response.ok ? read() : Promise.resolve();
  over.catch(() => {}); // Whoever awaits it hears of it.
  return {
    response,
    log,
    comments,
    get retryMs() {
      return retryMs;
    },
    over,
    find: (check) => until(() => log.find(check), String(check)),
    take: (event, count) =>
      until(() => {
        const named = log.filter((sent) => sent.event === event);
        return named.length < count ? undefined : named.slice(0, count);
      }, `${count} × ${event}`),
    hangUp: () => abort.abort(),
    async [Symbol.asyncDispose]() {
      abort.abort();
      if (!response.ok) await response.body?.cancel().catch(() => {});
      await over;
    },
  };
}

function told(log: SentEvent[]): string {
  return log.slice(-20).map((sent) => `${sent.event} ${sent.id ?? ""}`).join(", ");
}
