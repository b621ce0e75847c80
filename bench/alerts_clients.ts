/** Many readers of server-sent events over bare sockets: as little work as can be for each of them. */

/** An open stream. */
export interface Reader {
  close(): void;
}

const decoder = new TextDecoder();

/**
 * Opens a stream and calls `onText` with each piece of text that comes, its HTTP chunks as they are. Resolves when the first
 * piece with `begin` in it has come.
 */
export async function openReader(
  { url, path, token, begin, onText }: {
    url: string;
    path: string;
    token?: string;
    begin: string;
    onText: (text: string) => void;
  },
): Promise<Reader> {
  const { hostname, port } = new URL(url);
  const line = await Deno.connect({ hostname, port: Number(port) });
  const head = [`GET ${path} HTTP/1.1`, `host: ${hostname}`, "accept: text/event-stream"];
  if (token) head.push(`authorization: Bearer ${token}`);
  await line.write(new TextEncoder().encode(head.join("\r\n") + "\r\n\r\n"));
  const begun = Promise.withResolvers<void>();
  (async () => {
    const buffer = new Uint8Array(4_096);
    for (let seen = "";;) {
      const size = await line.read(buffer).catch(() => null);
      if (size === null) return begun.reject(new Error(`a stream ended: ${seen.slice(-300)}`));
      const text = decoder.decode(buffer.subarray(0, size));
      if (text.includes(begin)) begun.resolve();
      else if (seen.length < 1_000) seen += text;
      onText(text);
    }
  })().catch(() => {});
  begun.promise.catch(() => {});
  await begun.promise;
  return { close: () => line.close() };
}

/** Does something for each, so many at once. */
export async function inParallel<T, R>(all: T[], atOnce: number, work: (each: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(all.length);
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let i = next++; i < all.length; i = next++) results[i] = await work(all[i]!);
  }));
  return results;
}
