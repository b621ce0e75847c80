/** A server's WebSocket frames, read by hand. */
import assert from "node:assert/strict";

/** Reads a server's frames by hand, up to the last one wanted or its close frame. */
export async function readFrames(
  connection: Deno.TcpConn,
  isLast: (text: string) => boolean = () => false,
): Promise<{ texts: string[]; closeCode: number | null }> {
  const texts: string[] = [];
  using reader = bytesOf(connection);
  while (true) {
    const [first = 0, second = 0] = await reader.read(2);
    const opcode = first & 15, short = second & 127;
    const more = short < 126 ? Uint8Array.of(short) : await reader.read(short === 126 ? 2 : 8);
    const payload = await reader.read(more.reduce((sum, byte) => sum * 256 + byte, 0));
    if (opcode === 8) return { texts, closeCode: new DataView(payload.buffer).getUint16(0) };
    if (opcode !== 1) continue;
    texts.push(new TextDecoder().decode(payload));
    if (isLast(texts.at(-1)!)) return { texts, closeCode: null };
  }
}

/** Reads exactly so many bytes; fails when the connection ends before. */
function bytesOf(connection: Deno.TcpConn) {
  const reader = connection.readable.getReader({ mode: "byob" });
  return {
    async read(size: number): Promise<Uint8Array<ArrayBuffer>> {
      if (size === 0) return new Uint8Array(0);
      const { value } = await reader.read(new Uint8Array(size), { min: size });
      assert.equal(value?.length, size, "the connection ended");
      return value!;
    },
    [Symbol.dispose]: () => reader.releaseLock(),
  };
}
