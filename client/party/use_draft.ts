/** The draft of the screen that makes a party. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Item, Market } from "../../contract/catalogue.ts";
import { useAsked } from "../ask.tsx";
import { type Draft, keepDraft, readDraft } from "./draft.ts";

/** What this person has left in this tab, or a new one; with the item and the market that an address names. */
export function useDraft(userId: string, { itemId, marketId }: { itemId?: string; marketId?: string }) {
  const [draft, setDraft] = useState(() => readDraft(userId));
  const change = (some: Partial<Draft>) => setDraft((before) => ({ ...before, ...some }));
  useEffect(() => keepDraft(userId, draft), [draft]);
  usePreset<Item>(itemId && `/api/items/${itemId}`, (item) => change({ item }));
  usePreset<Market>(marketId && `/api/markets/${marketId}`, (market) => change({ market, where: "market" }));
  return { draft, change };
}

/** Takes it over once: who then chooses something else and comes back to the address keeps their choice. */
function usePreset<Named extends { id: string }>(path: string | undefined, take: (named: Named) => void): void {
  const { data } = useAsked<Named>(path || null), taken = useRef<string>();
  useEffect(() => {
    if (!data || data.id === taken.current) return;
    taken.current = data.id;
    take(data);
  }, [data]);
}
