/** Choosing a place by moving the map. */
import type { LatLng, LeafletMouseEvent, Map } from "leaflet";
import { type MutableRef, useEffect, useRef } from "preact/hooks";
import type { MapProps, Point } from "./map_props.ts";

/** Pixels: nearer to the middle than this, a place is the middle. */
const NEAR = 2;

/** A tap chooses its place, and any move by the person the middle. Holds what was just chosen: the map goes there by itself. */
export function usePicking(
  map: Map | undefined,
  center: Point,
  onPick: MapProps["onPick"],
): MutableRef<Point | undefined> {
  const picked = useRef<Point>(), newest = useRef({ center, onPick });
  newest.current = { center, onPick };
  useEffect(() => {
    if (!map || !onPick) return;
    const pick = ({ lat, lng }: LatLng) => {
      const point = picked.current = { lat: Number(lat.toFixed(6)), lng: Number(lng.toFixed(6)) };
      newest.current.center = point;
      newest.current.onPick?.(point);
      return point;
    };
    const tapped = ({ latlng }: LeafletMouseEvent) => map.panTo(pick(latlng));
    const moved = () => {
      const aimed = map.latLngToContainerPoint(newest.current.center);
      if (aimed.distanceTo(map.getSize().divideBy(2)) > NEAR) pick(map.getCenter());
    };
    map.on("click", tapped).on("moveend", moved);
    return () => void map.off("click", tapped).off("moveend", moved);
  }, [map, onPick !== undefined]);
  return picked;
}
