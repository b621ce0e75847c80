/** A TCP proxy that breaks on request, for what crosses a network. It lies beside the project, and may be missing there. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

const SCRIPT = new URL("../../shared/fault-proxy/proxy.mjs", import.meta.url);

/** Whether faults can be injected here. */
export const hasFaultProxy = existsSync(SCRIPT);

/** `stall`: open, but nothing goes through. `refuse`: no new connections. `cut`: each is reset once, then as `pass`. */
export interface Fault {
  mode: "pass" | "stall" | "refuse" | "cut" | "cutAfter";
  afterBytes?: number;
  latencyMs?: number;
}

/** A running proxy. Disposing ends it. */
export interface FaultProxy extends AsyncDisposable {
  /** The URL that was given, through the proxy. */
  url: string;
  /** Resolves when the fault is there; with how many connections are open. */
  inject(...faults: Fault[]): Promise<{ open: number; accepted: number }>;
}

/** Starts a proxy to the server of a URL. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const url = new URL(target);
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-net", SCRIPT.pathname, "--to", url.host],
    stdout: "piped",
    stderr: "inherit",
    stdin: "null",
  }).spawn();
  const reader = process.stdout.getReader();
  const { value } = await reader.read();
  const { listen, control } = JSON.parse(new TextDecoder().decode(value));
  url.host = `127.0.0.1:${listen}`;
  return {
    url: url.href,
    async inject(...faults) {
      let state;
      for (const fault of faults) {
        const answer = await fetch(`http://127.0.0.1:${control}`, { method: "POST", body: JSON.stringify(fault) });
        assert.equal(answer.status, 200);
        state = await answer.json();
      }
      return state;
    },
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await reader.cancel();
    },
  };
}
