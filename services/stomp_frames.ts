/** Frames of the `v12.stomp` socket, from bytes and to text, by @stomp/stompjs. */
import { FrameImpl, type IRawFrameType, Parser } from "@stomp/stompjs";
import type { Entry } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { destinationOf, TOPIC } from "../contract/stomp.ts";
import { createCutter } from "./stomp_cutter.ts";

/** A client's frame. */
export interface StompFrame {
  command: string;
  /** Unescaped; of a repeated one the first. */
  headers: Record<string, string>;
  body: Uint8Array;
}

const MESSAGE = "MESSAGE";

/** Reads a client's messages, one after the other, into frames. What is none comes last, and after it nothing. */
export function createStompReader(): (message: string | ArrayBuffer) => (StompFrame | { problem: Problem })[] {
  const cut = createCutter();
  let frames: (StompFrame | { problem: Problem })[] = [];
  let isBroken = false;
  const parser = new Parser((raw) => frames.push(toFrame(raw)), () => {});
  return (message) => {
    if (isBroken) return [];
    frames = [];
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : new Uint8Array(message);
    try {
      cut(bytes, (frame) => parser.parseChunk(frame));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      frames.push({ problem: error });
    }
    const broken = frames.findIndex((frame) => "problem" in frame);
    isBroken = broken >= 0;
    return isBroken ? frames.slice(0, broken + 1) : frames;
  };
}

/** Not by `FrameImpl`: it trims values, takes `\\n` for a line break, and lets escapes pass that there are not. */
function toFrame({ command = "", headers, binaryBody = new Uint8Array() }: IRawFrameType): StompFrame | {
  problem: Problem;
} {
  const isPlain = command === "CONNECT" || command === "STOMP";
  const all = new Map<string, string>();
  for (const header of headers) {
    const [name, value] = isPlain ? header : header.map(unescape);
    if (name === undefined || value === undefined) return unreadable("it has an escape that there is not");
    if (!all.has(name)) all.set(name, value);
  }
  if (binaryBody.length > 0 && command !== "SEND") return unreadable("only SEND has a body");
  return { command, headers: Object.fromEntries(all), body: binaryBody };
}

const ESCAPES: Record<string, string> = { "\\r": "\r", "\\n": "\n", "\\c": ":", "\\\\": "\\" };

/** `undefined` when an escape is none. */
function unescape(text: string): string | undefined {
  let isSound = true;
  const plain = text.replace(/\\.?/gs, (escape) => {
    isSound &&= escape in ESCAPES;
    return ESCAPES[escape] ?? "";
  });
  return isSound ? plain : undefined;
}

function unreadable(why: string): { problem: Problem } {
  return { problem: new Problem("invalid-input", `Cannot read the frame: ${why}`) };
}

/** A server's frame as it goes over the wire. */
export function encodeStomp(
  command: "CONNECTED" | "RECEIPT" | "ERROR" | typeof MESSAGE,
  headers: Record<string, string>,
  body = "",
): string {
  return FrameImpl.marshall({ command, headers, body, escapeHeaderValues: true }) as string;
}

/** What all MESSAGE frames of an entry, given with its JSON, share: everything behind {@link openingOf} a subscription. */
export function encodeMessage({ partyId, seq, id }: Entry, json: string): string {
  const headers = {
    "message-id": id,
    destination: destinationOf(TOPIC, partyId),
    "content-type": "application/json",
    seq: `${seq}`,
  };
  return encodeStomp(MESSAGE, headers, json).slice(MESSAGE.length);
}

/** What all MESSAGE frames of a subscription begin with. */
export function openingOf(subscription: string): string {
  return encodeStomp(MESSAGE, { subscription }).slice(0, -"\n\n\0".length);
}
