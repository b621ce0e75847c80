/** What a log looks like when it is shown: texts as they read by now, notices, and the lines between. */
import type { Entry } from "../../contract/chat.ts";
import { koreanDay } from "../korean_time.ts";

/** One line of the screen. */
export type Line = DayLine | UnreadLine | NoticeLine | TextLine;
/** A new day begins, in Korea. */
export interface DayLine {
  kind: "day";
  key: string;
  at: string;
}
/** Here one had stopped reading. */
export interface UnreadLine {
  kind: "unread";
  key: string;
}
/** Somebody came, left, was removed; or the service says something. */
export interface NoticeLine {
  kind: "notice";
  key: string;
  entry: Entry;
}
/** What somebody said. */
export interface TextLine {
  kind: "text";
  key: string;
  entry: Entry;
  /** As it reads by now; nothing when it was taken back. */
  text: string;
  isEdited: boolean;
  isDeleted: boolean;
  isOwn: boolean;
  /** Whether somebody else, or nobody, spoke before. */
  isFirst: boolean;
  /** Of one's own: how many have not read it. */
  unreadBy: number;
}

/** Who looks, and what is known of the others. */
export interface Look {
  myId: string;
  /** Others' texts beyond this are new. */
  readTo: number;
  /** How far each member has read. */
  pointers: ReadonlyMap<string, number>;
}

/** The lines of an unbroken run of entries. */
export function linesOf(run: readonly Entry[], look: Look): Line[] {
  const wordings = wordingsOf(run), reached = [...reachOf(run, look).values()], lines: Line[] = [];
  let day: number | undefined, hasUnread = false;
  for (const entry of run) {
    if (entry.kind === "edit" || entry.kind === "delete") continue;
    const line = entry.kind === "text" ? textLine(entry, wordings, reached, look) : noticeLine(entry);
    if (koreanDay(entry.sentAt) !== day) {
      day = koreanDay(entry.sentAt);
      lines.push({ kind: "day", key: `day ${day}`, at: entry.sentAt });
    }
    if (!hasUnread && isNew(line, look)) {
      hasUnread = true;
      lines.push({ kind: "unread", key: "unread" });
    }
    lines.push(line.kind === "text" ? { ...line, isFirst: !isOfSame(lines.at(-1), line) } : line);
  }
  return lines;
}

function noticeLine(entry: Entry): NoticeLine {
  return { kind: "notice", key: `${entry.seq}`, entry };
}

function textLine(entry: Entry, wordings: Map<number, Entry>, reached: number[], { myId }: Look): TextLine {
  const isOwn = entry.sender?.id === myId, wording = wordingOf(entry, wordings);
  const unreadBy = isOwn && !wording.isDeleted ? reached.filter((seq) => seq < entry.seq).length : 0;
  return { kind: "text", key: `${entry.seq}`, entry, isOwn, isFirst: true, unreadBy, ...wording };
}

function isNew(line: NoticeLine | TextLine, { readTo }: Look): boolean {
  return line.kind === "text" && !line.isOwn && !line.isDeleted && line.entry.seq > readTo;
}

function isOfSame(before: Line | undefined, { entry }: TextLine): boolean {
  return before?.kind === "text" && before.entry.sender?.id === entry.sender?.id;
}

/** By text, the last that was said about how it reads; a deletion stays one. */
function wordingsOf(run: readonly Entry[]): Map<number, Entry> {
  const wordings = new Map<number, Entry>();
  for (const entry of run) {
    if (entry.targetSeq !== null && wordings.get(entry.targetSeq)?.kind !== "delete") {
      wordings.set(entry.targetSeq, entry);
    }
  }
  return wordings;
}

function wordingOf(entry: Entry, wordings: Map<number, Entry>): Pick<TextLine, "text" | "isEdited" | "isDeleted"> {
  const wording = wordings.get(entry.seq) ?? entry;
  const isDeleted = wording.kind === "delete" || wording.text === "";
  return { text: isDeleted ? "" : wording.text, isEdited: !isDeleted && wording.kind === "edit", isDeleted };
}

/** How far the others have read. What was said before somebody came is not unread to them. */
function reachOf(run: readonly Entry[], { myId, pointers }: Look): Map<string, number> {
  const reached = new Map(pointers);
  for (const { kind, sender, seq } of run) {
    if (kind === "join" && sender && reached.has(sender.id)) {
      reached.set(sender.id, Math.max(seq, reached.get(sender.id)!));
    }
  }
  reached.delete(myId);
  return reached;
}
