/** Messages carry a number, so that whoever gets one knows which it is and when it was meant to be sent. */
import { Buffer } from "node:buffer";

const MARK = Buffer.from("~n=");
const DIGITS = 10;

/** The text of a message: its number, filled up to `bytes`. */
export function stamped(number: number, bytes = 0): string {
  return `${MARK}${String(number).padStart(DIGITS, "0")}~`.padEnd(bytes, "moajang ").trimEnd().padEnd(bytes, ".");
}

/** The number in a stretch of a buffer; `null` when there is none. */
export function stampIn(buffer: Buffer, from: number, to: number): number | null {
  const at = buffer.indexOf(MARK, from);
  if (at < 0 || at + MARK.length + DIGITS > to) return null;
  let number = 0;
  for (let i = at + MARK.length, end = i + DIGITS; i < end; i++) number = number * 10 + buffer[i]! - 48;
  return number;
}
