/**
 * What time brings about: reminders of parties and of what is to be paid, the end of recruiting, and that of offers to who
 * waits. Any number may run side by side.
 */
import type { Deps } from "../services/ports.ts";
import { endRecruitings } from "../services/recruiting_ends.ts";
import { remindDue } from "../services/reminders.ts";
import { remindToPay } from "../services/settlement_reminders.ts";
import { expireOffers } from "../services/waiting_list.ts";
import { startLoop } from "./loop.ts";

/** Nobody notices a reminder that comes so much later. */
const EVERY_MS = 2_000;
/** Parties dealt with before it is asked whether to stop. */
const BATCH = 100;

/** Looks each two seconds, by index, for what has become due. Disposing finishes what is under way. */
export function startDeadlines(deps: Pick<Deps, "sql" | "clock" | "relay" | "log">): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const jobs = { recruiting: endRecruitings, reminders: remindDue, settlements: remindToPay, offers: expireOffers };
  for (const [name, job] of Object.entries(jobs)) {
    const step = async (signal: AbortSignal) => {
      while (await job(deps, BATCH) && !signal.aborted);
    };
    stack.use(startLoop(deps, { name, everyMs: EVERY_MS, step }));
  }
  return stack;
}
