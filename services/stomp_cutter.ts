/**
 * Cuts what a STOMP client sends into whole frames, however they are spread over messages. The parser of @stomp/stompjs
 * takes anything: a header without a colon swallows the frames that follow it, a content-length is believed, and a frame
 * without an end grows for ever. So whatever it is to see has been held, bounded and looked through here.
 */
import { FRAME_BYTES_MAX } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";

const NUL = 0, LF = 10, CR = 13;
/** Headers of one frame. */
const HEADERS_MAX = 64;
/** Letters of one header, name and value: room for an access token. */
const HEADER_MAX = 8 * 1024;
/** What most frames fit into. */
const HELD_BYTES = 256;

const COMMANDS = new Set(
  "CONNECT STOMP SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT".split(" "),
);

/**
 * Takes bytes and gives each frame that they complete to `onFrame`: a known command, sound headers and a body, NUL included.
 * Heart-beats are passed over. Throws `invalid-input`, or `too-large` over 16 KiB; of what comes then nothing makes sense.
 */
export type Cutter = (bytes: Uint8Array, onFrame: (frame: ArrayBuffer) => void) => void;

/** Starts between two frames. */
export function createCutter(): Cutter {
  let held = new Uint8Array(HELD_BYTES);
  let size = 0;
  let lineStart = 0;
  /** Of the body: how many bytes are to come, or `null` when a NUL ends it; `undefined` until it begins. */
  let bodyLeft: number | null | undefined;

  function hold(byte: number): void {
    if (size === FRAME_BYTES_MAX) throw tooLarge();
    if (size === held.length) {
      const wider = new Uint8Array(2 * size);
      wider.set(held);
      held = wider;
    }
    held[size++] = byte;
  }

  /** Whether the frame ends with this byte. */
  function take(byte: number): boolean {
    hold(byte);
    if (bodyLeft === undefined) {
      if (byte === NUL) throw unreadable("it ends before its blank line");
      if (byte === LF) endLine();
      return false;
    }
    if (bodyLeft === null) return byte === NUL;
    if (bodyLeft-- > 0) return false;
    if (byte !== NUL) throw unreadable("there is no NUL after content-length bytes");
    return true;
  }

  function endLine(): void {
    const length = size - 1 - lineStart;
    const isBlank = length === 0 || (length === 1 && held[lineStart] === CR);
    if (isBlank) bodyLeft = checkHead(held.subarray(0, lineStart));
    lineStart = size;
  }

  return (bytes, onFrame) => {
    for (const byte of bytes) {
      const isBetween = size === 0 && (byte === LF || byte === CR || byte === NUL);
      if (isBetween || !take(byte)) continue;
      onFrame(held.slice(0, size).buffer);
      held = new Uint8Array(HELD_BYTES);
      size = lineStart = 0;
      bodyLeft = undefined;
    }
  };
}

/** How long the body is, `null` when a NUL ends it. */
function checkHead(bytes: Uint8Array): number | null {
  const [command, ...headers] = readText(bytes).split("\n").slice(0, -1).map((line) => line.replace(/\r$/, ""));
  if (!COMMANDS.has(command!)) throw unreadable("its command is unknown");
  if (headers.length > HEADERS_MAX) throw unreadable(`it has over ${HEADERS_MAX} headers`);
  for (const header of headers) {
    if (header.length > HEADER_MAX) throw unreadable(`it has a header of over ${HEADER_MAX} letters`);
    if (!/^[^:\r]+:[^\r]*$/.test(header)) throw unreadable("it has a header that is none");
  }
  const length = headers.find((header) => header.startsWith("content-length:"))?.slice("content-length:".length);
  if (length === undefined) return null;
  if (!/^\d+$/.test(length)) throw unreadable("its content-length is no number");
  if (Number(length) > FRAME_BYTES_MAX) throw tooLarge();
  return Number(length);
}

function readText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw unreadable("its headers are not UTF-8");
  }
}

function unreadable(why: string): Problem {
  return new Problem("invalid-input", `Cannot read the frame: ${why}`);
}

function tooLarge(): Problem {
  return new Problem("too-large", `Cannot read the frame: it has over ${FRAME_BYTES_MAX} bytes`);
}
