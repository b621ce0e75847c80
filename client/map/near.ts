/** Layers that are many: only those near the view are on the map. */
import type { LatLngBounds, Layer, Map as LeafletMap } from "leaflet";

/** Something with a place on the map, and how it is drawn. */
export interface Near<Thing> {
  things: Thing[];
  isIn(thing: Thing, view: LatLngBounds): boolean;
  draw(thing: Thing): Layer;
}

/** Draws those around the view, and others as the map comes near them. */
export function showNear<Thing>(map: LeafletMap, { things, isIn, draw }: Near<Thing>): void {
  const shown = new Map<Thing, Layer>();
  const update = () => {
    const view = map.getBounds().pad(.5);
    for (const thing of things) {
      const isNear = isIn(thing, view), layer = shown.get(thing);
      if (isNear && !layer) shown.set(thing, draw(thing).addTo(map));
      if (isNear || !layer) continue;
      layer.remove();
      shown.delete(thing);
    }
  };
  update();
  map.on("moveend", update);
}
