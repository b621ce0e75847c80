/** Where people were about to go before they had to sign in: `next` of the address. */
import { screenPath } from "../../contract/screens.ts";

/** A path of this site: `//elsewhere.example` and `\\` would lead away from it. Without one, home. */
export function onwardPath(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) ? next : screenPath("home");
}

/** This path, from which one goes on to `next`. */
export function withNext(path: string, next: string | undefined): string {
  return next ? `${path}?next=${encodeURIComponent(next)}` : path;
}
