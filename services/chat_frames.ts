/** Frames of the `moajang.v1` socket, from text and to text, and what other protocols say in the same words. */
import type { z } from "zod";
import { ClientFrame, type Entry, type ServerFrame } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { isStoreDown } from "./availability.ts";
import type { Deps } from "./ports.ts";
import { encodeMessage } from "./stomp_frames.ts";

/** What a frame or a problem is about, so that the client knows which of its own frames is meant. */
export interface About {
  partyId?: string;
  clientMsgId?: string;
}

/** The frame as it goes over the wire. */
export function encode(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

/** An entry on its way to its readers: encoded once, whatever their number. */
export interface Outgoing {
  readonly entry: Entry;
  /** As `moajang.v1` has it. */
  readonly frame: string;
  /** As `v12.stomp` has it, but for the opening, which is each subscription's own. */
  readonly message: string;
}

/** Encodes an entry: its JSON is made once, for every protocol. */
export function encodeEntry(entry: Entry): Outgoing {
  const json = JSON.stringify(entry);
  let message: string | undefined;
  return {
    entry,
    frame: `{"type":"entry",${json.slice(1)}`,
    get message() {
      return message ??= encodeMessage(entry, json);
    },
  };
}

/** Reads a client's message: a frame, or why it is none and what it seems to be about. */
export function decode(message: unknown): ClientFrame | { problem: Problem; about: About } {
  let value: unknown;
  try {
    if (typeof message !== "string") throw new TypeError("not text");
    value = JSON.parse(message);
  } catch {
    return { problem: new Problem("invalid-input", "Cannot read the frame: it is not JSON text"), about: {} };
  }
  const result = ClientFrame.safeParse(value);
  if (result.success) return result.data;
  return { problem: unreadable(result.error), about: aboutOf(value) };
}

/** Words what is wrong with a frame, as far as its schema tells. */
export function unreadable({ issues }: z.ZodError): Problem {
  const { path, message } = issues[0]!;
  const where = path.length > 0 ? `${path.join(".")}: ` : "";
  return new Problem("invalid-input", `Cannot read the frame: ${where}${message}`);
}

/** Words whatever was thrown as a frame. */
export function encodeProblem({ log }: Pick<Deps, "log">, error: unknown, about: About = {}): string {
  return encode({ type: "problem", ...fieldsOf(toProblem({ log }, error), about) });
}

/** What a client is told of a problem. */
export function fieldsOf({ code, detail, more: { retryAfterS } }: Problem, about: About) {
  return { code, detail, ...about, ...(retryAfterS !== undefined && { retryAfterS }) };
}

/** Whatever was thrown, as a problem. What is nobody's fault but ours is logged and not told. */
export function toProblem({ log }: Pick<Deps, "log">, error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isStoreDown(error)) {
    log.warn("a frame was refused", { code: "unavailable", error });
    return new Problem("unavailable", "Cannot answer now: a store is down", { retryAfterS: 2 });
  }
  log.error("a frame failed", { error });
  return new Problem("internal", "Cannot answer: an unexpected error");
}

function aboutOf(value: unknown): About {
  if (typeof value !== "object" || value === null) return {};
  const { partyId, clientMsgId } = value as Record<string, unknown>;
  const short = (text: unknown): text is string => typeof text === "string" && text.length <= 64;
  return { ...(short(partyId) && { partyId }), ...(short(clientMsgId) && { clientMsgId }) };
}
