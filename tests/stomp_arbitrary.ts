/** Bytes that a client of the `v12.stomp` socket might send. */
import fc from "fast-check";

const COMMANDS = "SEND SUBSCRIBE UNSUBSCRIBE CONNECT STOMP DISCONNECT ACK NACK BEGIN COMMIT ABORT MESSAGE".split(" ");
const PIECES = ["\n", "\n\n\0", "\r\n", "\r", "\0", ":", "\\", "\\n", "\\t", "id:1\n", "receipt:a\\cb\n", "after:0\n"];
const LENGTHS = ["content-length:", "content-length:5\n", "content-length:-1\n", "hello\0", "가"];
const FRAMES = COMMANDS.flatMap((
  command,
) => [`${command}\n\n\0`, `${command}\nid:1\nreceipt:2\n\n{}\0`, `${command}\n`]);

/** Without digits: no content-length but those above, which a few bytes fulfil. */
const noise = fc.string().map((text) => text.replaceAll(/\d/g, ""));

/** Bytes of any kind, and those that look like frames. */
export const anything: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
  fc.array(fc.oneof(fc.constantFrom(...PIECES, ...LENGTHS, ...FRAMES, ...FRAMES), noise), { maxLength: 40 })
    .map((parts) => new TextEncoder().encode(parts.join(""))),
);
