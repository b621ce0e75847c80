/** What is looked for nearby, and how it is shown: all of it in the address, so that Back and links lead to the same. */
import { useLocation } from "preact-iso/router";
import { screenPath } from "../../contract/screens.ts";

/** The radii to choose from, in metres; the last is the one at first. */
export const RADII = [1_000, 3_000, 5_000, 10_000];

/** What can be chosen. `itemId` and `marketId` come by links. */
export interface Choice {
  radiusM: number;
  sort: "distance" | "startsAt" | "newest";
  view: "list" | "map";
  q: string;
  itemId: string;
  marketId: string;
}

const AT_FIRST: Choice = { radiusM: 10_000, sort: "distance", view: "list", q: "", itemId: "", marketId: "" };
const SORTS: Choice["sort"][] = ["distance", "startsAt", "newest"];

/** Changes the choice; while typing it leaves no step to go back to. */
export type Choose = (change: Partial<Choice>, how?: { isTyping: boolean }) => void;

/** The choice of the address, and a way to change it. */
export function useChoice(): { choice: Choice; choose: Choose } {
  const { query, route } = useLocation();
  const choice = choiceOf(query);
  return { choice, choose: (change, how) => route(nearbyPath({ ...choice, ...change }), how?.isTyping) };
}

function choiceOf({ radiusM, sort, view, q = "", itemId = "", marketId = "" }: Record<string, string>): Choice {
  return {
    radiusM: RADII.find((each) => String(each) === radiusM) ?? AT_FIRST.radiusM,
    sort: SORTS.find((each) => each === sort) ?? AT_FIRST.sort,
    view: view === "map" ? "map" : "list",
    q,
    itemId,
    marketId,
  };
}

/** The address of the parties nearby with this choice; what is as at first is left out. */
export function nearbyPath(choice: Partial<Choice>): string {
  const chosen = Object.entries(choice).filter(([name, value]) => value !== AT_FIRST[name as keyof Choice]);
  const query = new URLSearchParams(chosen.map(([name, value]) => [name, String(value)]));
  return query.size > 0 ? `${screenPath("home")}?${query}` : screenPath("home");
}
