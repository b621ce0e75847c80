/** Requests that no client library would send. */

/** An answer as it came over the wire. */
export interface RawAnswer {
  status: number;
  headers: Headers;
  body: string;
}

/** Sends a request as it is written, on a connection of its own, and reads the answer: as long as it says, or to the end. */
export async function sendRaw(url: string, request: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const bytes = Uint8Array.from(request, (char) => char.charCodeAt(0));
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  let text = "";
  const decoder = new TextDecoder("latin1"), buffer = new Uint8Array(64 * 1024);
  while (!isWhole(text)) {
    const count = await connection.read(buffer);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count));
  }
  return parse(text);
}

function isWhole(text: string): boolean {
  if (!text.includes("\r\n\r\n")) return false;
  const { headers, body } = parse(text);
  return headers.has("content-length") && body.length >= Number(headers.get("content-length"));
}

function parse(text: string): RawAnswer {
  const [head = "", ...body] = text.split("\r\n\r\n");
  const [statusLine = "", ...fields] = head.split("\r\n");
  const headers = new Headers(fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon), field.slice(colon + 1).trim()];
  }));
  return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body: body.join("\r\n\r\n") };
}
