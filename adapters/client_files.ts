/** The client as `deno task client` has built it, read once: a service goes on with what it has read when another is built. */
import { extname } from "node:path";

/** A file with its type. */
export interface ClientFile {
  content: Uint8Array<ArrayBuffer>;
  type: string;
}

/** What the client is made of, by name: `index.html`, `sw.js`, `manifest.webmanifest`, and files named by their content. */
export type ClientFiles = ReadonlyMap<string, ClientFile>;

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** Reads them; none when nothing has been built. */
export async function readClientFiles(): Promise<ClientFiles> {
  const folder = new URL("../client/dist/", import.meta.url), files = new Map<string, ClientFile>();
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const type = TYPES[extname(name)];
      if (type) files.set(name, { content: await Deno.readFile(new URL(name, folder)), type });
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return new Map();
  }
  return files;
}
