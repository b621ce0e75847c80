/** What a party is at, and what whoever looks can do with it then. */
import type { Party } from "../../contract/parties.ts";

/** A party's state, with what the time makes of it: `closed` takes nobody any more, `begun` is confirmed and on its way. */
export type Stage = "recruiting" | "closed" | "confirmed" | "begun" | "done" | "cancelled";

/** Where the party is at that time. */
export function stageOf({ status, startsAt, joinUntil }: Party, now: number): Stage {
  if (status === "open") return now < Date.parse(joinUntil) ? "recruiting" : "closed";
  if (status === "confirmed") return now < Date.parse(startsAt) ? "confirmed" : "begun";
  return status;
}

/** Whether neither a seat nor anything of the pack is to be had without waiting. */
export function isFull({ memberCount, capacity, quantityLeft }: Party): boolean {
  return memberCount >= capacity || quantityLeft === 0;
}

/** Whether one is among those who buy together. */
export function isIn({ myRole }: Party): boolean {
  return myRole === "leader" || myRole === "member";
}

/** What can be done to a party, each behind a sheet of its own. */
export type Move =
  | "join"
  | "wait"
  | "withdraw"
  | "decline"
  | "leave"
  | "report"
  | "edit"
  | "close"
  | "complete"
  | "cancel";

/** The leader's word that they did not come is taken for so long. */
const REPORT_MS = 7 * 24 * 3600_000;

/** What whoever looks can do at that time. */
export function movesOf(party: Party, now: number): Move[] {
  const stage = stageOf(party, now), isAhead = ["recruiting", "closed", "confirmed"].includes(stage);
  const moves: Record<Party["myRole"], Partial<Record<Move, boolean>>> = {
    none: {
      join: stage === "recruiting" && !isFull(party),
      wait: (stage === "recruiting" || stage === "confirmed") && isFull(party),
    },
    pending: { withdraw: isAhead },
    waiting: { withdraw: isAhead, decline: isAhead && Boolean(party.myQueue?.offer) },
    member: {
      leave: isAhead,
      report: (stage === "begun" || stage === "done") && now - Date.parse(party.startsAt) < REPORT_MS,
    },
    leader: {
      edit: isAhead || stage === "begun",
      close: party.status === "open",
      complete: stage === "begun",
      cancel: isAhead || stage === "begun",
    },
  };
  return Object.entries(moves[party.myRole]).filter(([, can]) => can).map(([move]) => move as Move);
}

const LATE_MS = 3 * 3600_000;

/** Whether leaving now is noted on one's profile. */
export function isLateToLeave({ status, startsAt }: Party, now: number): boolean {
  return status === "confirmed" || Date.parse(startsAt) - now <= LATE_MS;
}
