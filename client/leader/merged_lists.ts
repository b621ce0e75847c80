/** Several lists, each newest first and read page by page, as one. */

/** A list as far as it is read; `more` reads on, where there is more. */
export interface PartList<Item> {
  items: Item[];
  more?: (() => Promise<void>) | undefined;
}

/**
 * What is known to be the beginning of all lists together, newest first, and how to go on. An item is held back while a list
 * that is not read so far may still have a newer one. Ids grow with time.
 */
export function mergeLists<Item extends { id: string }>(lists: PartList<Item>[]): PartList<Item> {
  const reachOf = ({ items }: PartList<Item>) => items.at(-1)?.id ?? "";
  const [next] = lists.filter(({ more }) => more).toSorted((a, b) => reachOf(a) < reachOf(b) ? 1 : -1);
  const reach = next ? reachOf(next) : "";
  return {
    items: lists.flatMap(({ items }) => items).filter(({ id }) => id >= reach).toSorted((a, b) => a.id < b.id ? 1 : -1),
    more: next?.more,
  };
}
