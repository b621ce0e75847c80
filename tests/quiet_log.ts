/** A log for tests. */
import type { Log } from "../services/ports.ts";

const isLoud = Deno.env.get("QUIET_LOG") === "off";

/** Writes nothing; with `QUIET_LOG=off` warnings and errors go to standard error. */
export const quietLog: Log = { debug: () => {}, info: () => {}, warn: tell, error: tell };

function tell(message: string, fields: Record<string, unknown> = {}): void {
  if (!isLoud) return;
  const told = Object.entries(fields).map(([name, value]) => `${name}=${value instanceof Error ? value.stack : value}`);
  Deno.stderr.writeSync(new TextEncoder().encode([message, ...told].join(" ") + "\n"));
}
