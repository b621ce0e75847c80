/** Frames of the `moajang.v1` socket, from text and to text. */
import { ClientFrame, type Entry, type ServerFrame } from "../contract/chat.ts";
import { Problem } from "../contract/problems.ts";
import { isStoreDown } from "./availability.ts";
import type { Deps } from "./ports.ts";

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
}

/** Encodes an entry. */
export function encodeEntry(entry: Entry): Outgoing {
  return { entry, frame: encode({ type: "entry", ...entry }) };
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
  const issue = result.error.issues[0]!;
  const where = issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  return {
    problem: new Problem("invalid-input", `Cannot read the frame: ${where}${issue.message}`),
    about: aboutOf(value),
  };
}

/** Words whatever was thrown as a frame. What is nobody's fault but ours is logged and not told. */
export function encodeProblem({ log }: Pick<Deps, "log">, error: unknown, about: About = {}): string {
  const { code, detail, more: { retryAfterS } } = toProblem({ log }, error);
  return encode({ type: "problem", code, detail, ...about, ...(retryAfterS !== undefined && { retryAfterS }) });
}

function toProblem({ log }: Pick<Deps, "log">, error: unknown): Problem {
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
