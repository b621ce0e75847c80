/** The machine's own clock. */
import type { Clock } from "../services/ports.ts";

/** Real time. */
export const systemClock: Clock = { now: () => new Date() };
