/** The client's files for the tests. `deno task test` has built what there is; only a bare `deno test` may find nothing. */
import { buildClient } from "../tools/client.ts";

const PAGE = new URL("../client/dist/index.html", import.meta.url);

/** Builds the client unless it has been built. */
export async function ensureClientBuilt(): Promise<void> {
  if (!await Deno.stat(PAGE).catch(() => null)) await buildClient();
}
