/** One connection of postgres.js over a line of ours. */
import postgres from "postgres";
import type { Sql } from "../services/ports.ts";
import { type Address, type Line, openLine, storeDown } from "./postgres_line.ts";

/** A connection, ready for work. */
export interface Link {
  client: Sql;
  line: Line;
  /** The server's process that works for it. */
  pid: number;
  /** Runs a statement made by any instance of the driver, as if this one had made it. */
  execute: Statement["handler"];
}

/** A statement of postgres.js. Whoever awaits it has it handed to `handler`; it is a promise of its own result. */
export interface Statement extends Promise<unknown> {
  handler(statement: Statement): void;
  reject(reason: unknown): void;
  cancelled: unknown;
  cursorFn?: unknown;
  streaming?: boolean;
}

/** Without the timers of postgres.js, which nobody would end when a connection is lost: this file and the pool have theirs. */
export const LINK_OPTIONS = { max: 1, connect_timeout: 0, idle_timeout: 0, max_lifetime: null, keep_alive: null };

/** Long enough for a server far away and at work, short enough that a caller hears within 5 s. */
const OPEN_MS = 3_000;

/**
 * Connects within 3 s and shows that the server answers. `options` are those of a postgres.js instance made with
 * {@link LINK_OPTIONS}: what its first link learns of array types, the others know.
 */
export async function openLink(options: postgres.ParsedOptions): Promise<Link> {
  using late = patience(OPEN_MS);
  const line = await openLine(addressOf(options), late.signal);
  const own = { ...options, socket: () => line.socket, ssl: false, path: undefined };
  const client = postgres(own as unknown as postgres.Options<Record<string, never>>);
  try {
    const answer = client`select pg_backend_pid() as pid`;
    const [row] = await unless(AbortSignal.any([line.lost, late.signal]), answer);
    line.unmute();
    options.fetch_types = false;
    const { handler: execute } = client`` as unknown as Statement;
    return { client, line, pid: row!.pid, execute };
  } catch (error) {
    line.drop(error as Error);
    throw error;
  }
}

/** Resolves like the promise, or rejects with the signal's reason as soon as it is aborted. */
export async function unless<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function addressOf({ path, host, port, ssl }: postgres.ParsedOptions): Address {
  return { path: path || false, host: host[0]!, port: port[0]!, ssl: ssl as Address["ssl"] };
}

/** Runs out after `ms`, counted in steps: a process that was held up itself must not blame the server. */
export function patience(ms: number): { signal: AbortSignal } & Disposable {
  const abort = new AbortController();
  let steps = Math.ceil(ms / STEP_MS);
  const timer = setInterval(() => {
    if (--steps <= 0) abort.abort(storeDown("the database did not answer in time"));
  }, STEP_MS);
  return { signal: abort.signal, [Symbol.dispose]: () => clearInterval(timer) };
}

const STEP_MS = 100;
