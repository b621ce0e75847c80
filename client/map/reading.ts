/** What a map reads for itself, and does without where it does not come. */
import type { Map } from "leaflet";

/** Reads at most once, unless it failed. */
export function readOnce<What>(read: () => Promise<What>): () => Promise<What> {
  let reading: Promise<What> | undefined;
  return () =>
    reading ??= read().catch((error) => {
      reading = undefined;
      throw error;
    });
}

/** Goes on with what was read, unless the map is gone by then. */
export function whenRead<What>(map: Map, reading: Promise<What>, goOn: (what: What) => void): void {
  let isGone = false;
  map.once("unload", () => isGone = true);
  reading.then((what) => isGone || map.whenReady(() => goOn(what)), () => {});
}

/** What the page says under this name, "" for nothing. */
export function metaContent(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}
