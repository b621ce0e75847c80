/** A party's settlement, which may not be there yet. */
import { useRef } from "preact/hooks";
import type { Settlement } from "../../contract/settlements.ts";
import { type Asked, useAsked } from "../ask.tsx";

/**
 * Reads it; `data` is `null` before it is announced, and stays so while the service cannot be asked: a form under way must
 * outlive a lost connection. Without a party nothing is read.
 */
export function useSettlement(partyId: string | null): Pick<Asked<Settlement | null>, "data" | "refusal" | "reload"> & {
  set: (settlement: Settlement) => void;
} {
  const asked = useAsked<Settlement>(partyId && `/api/parties/${partyId}/settlement`);
  const wasAbsent = useRef(false), isAbsent = asked.refusal?.code === "not-found";
  wasAbsent.current ||= isAbsent;
  return {
    ...asked,
    data: asked.data ?? (wasAbsent.current ? null : undefined),
    refusal: isAbsent ? undefined : asked.refusal,
  };
}
