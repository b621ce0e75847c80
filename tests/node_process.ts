/** The service as it is deployed: processes of their own, told what to do by their environment and by signals. */
import assert from "node:assert/strict";
import { TextLineStream } from "./text_lines.ts";

/** A running `main.ts`. Disposing it asks it to stop, and fails when it does not do so in order. */
export interface NodeProcess extends AsyncDisposable {
  url: string;
  wsUrl: string;
  pid: number;
  /** Asks with SIGTERM, and gives the exit code. */
  stop(): Promise<number>;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
}

const MAIN = new URL("../main.ts", import.meta.url).pathname;

/** Starts `main.ts`, or `main.ts worker`, on a free port, and resolves when it answers. */
export async function startNode(
  environment: Record<string, string>,
  command: "start" | "worker" = "start",
): Promise<NodeProcess> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-all", MAIN, command],
    env: { PORT: "0", HOST: "127.0.0.1", RATE_LIMIT_FACTOR: "10000", ...environment },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(process.stderr).text();
  const [logged, rest] = process.stdout.tee();
  rest.pipeTo(new WritableStream()).catch(() => {/* the process has ended */});
  const port = await portOf(logged);
  if (port === null) assert.fail(`main.ts ${command} ended without listening: ${await errors}`);
  let stopped: Promise<number> | undefined;
  const stop = () =>
    stopped ??= (async () => {
      process.kill("SIGTERM");
      const { code } = await process.status;
      await errors;
      return code;
    })();
  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}/ws`,
    pid: process.pid,
    stop,
    async kill() {
      process.kill("SIGKILL");
      await process.status;
      await errors;
    },
    async [Symbol.asyncDispose]() {
      assert.equal(await stop(), 0, `main.ts ${command} did not stop in order: ${await errors}`);
    },
  };
}

/** The port of the log line that tells it; `null` when the log ends without. */
async function portOf(log: ReadableStream<Uint8Array>): Promise<number | null> {
  for await (const line of log.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    const port = JSON.parse(line).properties?.port;
    if (port) return port;
  }
  return null;
}
