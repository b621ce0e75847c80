/** The map itself: tiles where the service names some, else outlines of our own. It moves only for who likes movement. */
import * as L from "leaflet";
import { LocateFixed } from "lucide-preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../words.ts";
import { showMarkers } from "./clusters.ts";
import type { MapProps, Point } from "./map_props.ts";
import { showOutlines } from "./outlines.ts";
import { usePicking } from "./picking.ts";
import { metaContent } from "./reading.ts";
import { showRegionNames } from "./region_names.ts";

/** Shows the centre, the circle, the markers; with `onPick` a pin in the middle is what is chosen. */
export function MapView({ label, center, markers, radiusM, onPick }: MapProps) {
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<L.Map>();
  const { lat, lng } = center, isPicking = onPick !== undefined;
  useEffect(() => {
    const opened = openMap(box.current!, isPicking);
    setMap(opened);
    return () => {
      opened.remove();
      // A move that was under way ends later.
      opened.off();
    };
  }, []);
  const picked = usePicking(map, center, onPick);
  useEffect(() => {
    if (!map) return;
    const isThere = picked.current?.lat === lat && picked.current.lng === lng;
    picked.current = undefined;
    if (!isThere) goTo(map, center, radiusM, isPicking);
    return radiusM === undefined ? undefined : showCircle(map, center, radiusM);
  }, [map, lat, lng, radiusM]);
  useEffect(() => map && showMarkers(map, markers), [map, key(markers)]);
  return (
    <>
      <div ref={box} class="map" role="region" aria-label={label} />
      {isPicking && <LocateFixed class="map-aim" aria-hidden="true" />}
    </>
  );
}

/** Markers that say the same are the same, whoever made their list anew. */
function key(markers: MapProps["markers"]): string {
  return JSON.stringify(markers);
}

const ZOOM_MAX = 18, ZOOM_OF_A_PLACE = 14;

function openMap(box: HTMLElement, isPicking: boolean): L.Map {
  const tiles = metaContent("map-tiles"), isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const zooming = isPicking ? "center" : true;
  const map = L.map(box, {
    attributionControl: false,
    zoomControl: false,
    minZoom: 6,
    maxZoom: ZOOM_MAX,
    zoomSnap: tiles ? 1 : .25,
    zoomAnimation: !isCalm,
    fadeAnimation: !isCalm,
    markerZoomAnimation: !isCalm,
    inertia: !isCalm,
    renderer: L.svg({ padding: .5 }),
    scrollWheelZoom: zooming,
    touchZoom: zooming,
    doubleClickZoom: zooming,
  });
  L.control.zoom({ zoomInTitle: t("확대", "Zoom in"), zoomOutTitle: t("축소", "Zoom out") }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  if (tiles) showTiles(map, tiles);
  else {
    showOutlines(map);
    showRegionNames(map);
  }
  const watch = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  watch.observe(box);
  map.on("unload", () => watch.disconnect());
  map.on("zoomstart", () => map.closePopup());
  if (isCalm) map.panBy = (by, how) => L.Map.prototype.panBy.call(map, by, { ...how, animate: false });
  keepDragsFromLinks(map);
  return map;
}

/** Tile servers want to know which site asks; the page itself would tell nobody. */
function showTiles(map: L.Map, template: string): void {
  L.control.attribution({ prefix: false }).addTo(map);
  L.tileLayer(template, {
    maxZoom: ZOOM_MAX,
    attribution: "© OpenStreetMap contributors",
    referrerPolicy: "strict-origin-when-cross-origin",
  }).addTo(map);
}

/** Who drags the map by a link does not want to follow it. */
function keepDragsFromLinks(map: L.Map): void {
  const box = map.getContainer();
  let isDragged = false;
  map.on("dragstart", () => isDragged = true);
  for (const begin of ["pointerdown", "keydown"]) box.addEventListener(begin, () => isDragged = false, true);
  box.addEventListener("click", (event) => {
    if (!isDragged || !(event.target as Element).closest("a[href], button")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}

/** Who is picking a place keeps the zoom of their own. */
function goTo(map: L.Map, center: Point, radiusM: number | undefined, isPicking: boolean): void {
  const isNew = map.getZoom() === undefined;
  if (isPicking && !isNew) map.panTo(center);
  else if (radiusM === undefined) map.setView(center, ZOOM_OF_A_PLACE);
  else map.fitBounds(L.latLng(center).toBounds(radiusM * 2), { padding: [4, 4] });
}

function showCircle(map: L.Map, center: Point, radiusM: number): () => void {
  const circle = L.layerGroup([
    L.circle(center, { radius: radiusM, className: "map-radius", interactive: false }),
    L.circleMarker(center, { radius: 6, className: "map-centre", interactive: false }),
  ]).addTo(map);
  return () => void circle.remove();
}
