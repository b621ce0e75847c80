/** Lists that change by typing and by chips stay until the next one is there. */
import { useRef } from "preact/hooks";
import type { Page } from "../../contract/common.ts";
import type { AskedPages } from "../ask.tsx";

/** The newest list that has come, or why the one asked for did not. `isBusy`: another one is on its way. */
export function useSettled<Item>(
  asked: AskedPages<Item, Page<Item>>,
): AskedPages<Item, Page<Item>> & { isBusy: boolean } {
  const settled = useRef(asked), isBusy = asked.data === undefined && asked.refusal === undefined;
  if (!isBusy) settled.current = asked;
  return isBusy ? { ...settled.current, more: undefined, isBusy } : { ...asked, isBusy };
}
