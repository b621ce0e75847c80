/** What the chat says of its entries. */
import type { Entry } from "../../contract/chat.ts";
import { clock, day, t } from "../words.ts";

/** `철수 님이 들어왔어요`. */
export function noticeOf({ kind, sender, text }: Entry): string {
  const name = sender?.nickname ?? "";
  if (kind === "join") return t(`${name} 님이 들어왔어요`, `${name} joined`);
  if (kind === "leave") return t(`${name} 님이 나갔어요`, `${name} left`);
  if (kind === "removed") return t(`${name} 님이 내보내졌어요`, `${name} was removed`);
  return text;
}

/** An entry in one line, for a list. */
export function previewOf(entry: Entry): string {
  const { kind, sender, text } = entry, name = sender?.nickname ?? "";
  if (kind === "edit" && text) return t(`${name}: ${text} (수정됨)`, `${name}: ${text} (edited)`);
  if (kind === "text" && text) return `${name}: ${text}`;
  return ["text", "edit", "delete"].includes(kind) ? deletedText() : noticeOf(entry);
}

/** In place of a text that was taken back. */
export function deletedText(): string {
  return t("지운 메시지예요", "This message was deleted");
}

/** The time of today, the day of what is older. */
export function lately(instant: string): string {
  return day(instant) === day(new Date().toISOString()) ? clock(instant) : day(instant);
}
