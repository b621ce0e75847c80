/** The client as `deno task client` has built it, read once: a service goes on with what it has read when another is built. */
import { extname } from "node:path";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** Reads `index.html`, `sw.js`, `manifest.webmanifest` and the files named by their content; none when nothing has been built. */
export async function readClientFiles() {
  const folder = new URL("../client/dist/", import.meta.url);
  const files = new Map<string, { content: Uint8Array<ArrayBuffer>; type: string }>();
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const type = TYPES[extname(name)];
      if (type) files.set(name, { content: await Deno.readFile(new URL(name, folder)), type });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
