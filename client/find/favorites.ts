/** The person's favourites, and changing them by a tap: shown at once, taken back when the service refuses. */
import { useRef, useState } from "preact/hooks";
import type { Favorites, Item, Market } from "../../contract/catalogue.ts";
import { type Asked, useAsked } from "../ask.tsx";
import { Refusal } from "../http.ts";
import { call, me } from "../session.ts";
import { tell } from "../ui/toasts.tsx";

/** What can be a favourite, by the name that it has in addresses. */
export type Kind = keyof Favorites;

/** One thing that can be a favourite. */
export type Favorable = Item | Market;

/** The favourites as read, and whether a thing is one as of now. */
export interface FavoriteMarks {
  asked: Asked<Favorites>;
  has(kind: Kind, thing: Favorable): boolean;
  toggle(kind: Kind, thing: Favorable): void;
}

/** For who is signed in; for others nothing is a favourite. */
export function useFavorites(): FavoriteMarks {
  const asked = useAsked<Favorites>(me.value ? "/api/favorites" : null);
  const [wishes, setWishes] = useState<Record<string, boolean>>({});
  const newest = useRef({ asked, wishes });
  newest.current.asked = asked;
  const wish = (path: string, isWished: boolean) =>
    setWishes(newest.current.wishes = { ...newest.current.wishes, [path]: isWished });
  const isKept = (kind: Kind, { id }: Favorable) => newest.current.asked.data?.[kind].some((each) => each.id === id);
  const has = (kind: Kind, thing: Favorable) => wishes[pathOf(kind, thing)] ?? isKept(kind, thing) ?? false;
  const underWay = useRef(new Set<string>());
  async function settle(kind: Kind, thing: Favorable, before: boolean) {
    const path = pathOf(kind, thing);
    if (underWay.current.has(path)) return;
    underWay.current.add(path);
    let kept = before;
    try {
      // Whoever taps again meanwhile has the last word.
      while (newest.current.wishes[path] !== kept) {
        await call(kept ? "DELETE" : "PUT", path);
        kept = !kept;
      }
      if (kept && !isKept(kind, thing)) addTo(newest.current.asked, kind, thing);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      wish(path, kept);
      tell(error.message, { isError: true });
    } finally {
      underWay.current.delete(path);
    }
  }
  function toggle(kind: Kind, thing: Favorable) {
    const before = has(kind, thing);
    wish(pathOf(kind, thing), !before);
    void settle(kind, thing, before);
  }
  return { asked, has, toggle };
}

function pathOf(kind: Kind, { id }: Favorable): string {
  return `/api/favorites/${kind}/${id}`;
}

/** The newest stands first, as the service would answer. */
function addTo({ data, set }: Asked<Favorites>, kind: Kind, thing: Favorable): void {
  if (data) set({ ...data, [kind]: [thing, ...data[kind]] });
}
