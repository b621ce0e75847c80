/** New ids. */
import { v7 } from "uuid";
import type { Clock } from "./ports.ts";

/** A UUIDv7 of the clock's present millisecond: ids of one process sort by when they were made. */
export function newId({ clock }: { clock: Clock }): string {
  return v7({ msecs: clock.now().getTime() });
}
