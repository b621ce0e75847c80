/** Markers on the map, those that would cover each other as one with their count. */
import * as L from "leaflet";
import Supercluster from "supercluster";
import { t } from "../words.ts";
import type { Marker } from "./map_props.ts";

/** Marks the places, anew as the map moves. What it answers takes them away. */
export function showMarkers(map: L.Map, markers: Marker[]): () => void {
  const index = indexOf(map, markers), shown = new Map<string, L.Marker>();
  const draw = () => {
    const hadFocus = map.getContainer().contains(document.activeElement);
    const wanted = new Map(inView(map, index).map((each) => [keyOf(each), each]));
    for (const [key, layer] of shown) {
      if (wanted.has(key)) continue;
      layer.remove();
      shown.delete(key);
    }
    for (const [key, place] of wanted) {
      if (!shown.has(key)) shown.set(key, layerOf(map, index, place).addTo(map));
    }
    // A cluster that came apart took the focus with it.
    if (hadFocus && document.activeElement === document.body) map.getContainer().focus({ preventScroll: true });
  };
  draw();
  map.on("moveend", draw);
  return () => {
    map.off("moveend", draw);
    map.closePopup();
    for (const layer of shown.values()) layer.remove();
  };
}

type Index = Supercluster<Marker>;
type Place = ReturnType<Index["getClusters"]>[number];

/** Pixels within which markers stand for each other: their words need room. */
const RADIUS = 72;

function indexOf(map: L.Map, markers: Marker[]): Index {
  return new Supercluster<Marker>({ radius: RADIUS, extent: 256, maxZoom: map.getMaxZoom() }).load(
    markers.map((marker) => ({
      type: "Feature",
      properties: marker,
      geometry: { type: "Point", coordinates: [marker.lng, marker.lat] },
    })),
  );
}

function inView(map: L.Map, index: Index): Place[] {
  const box = map.getBounds().pad(.25);
  return index.getClusters([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()], map.getZoom());
}

function keyOf({ properties: place }: Place): string {
  return "cluster" in place ? `cluster ${place.cluster_id}` : `marker ${place.id}`;
}

function layerOf(map: L.Map, index: Index, { properties: place, geometry }: Place): L.Marker {
  const [lng, lat] = geometry.coordinates as [number, number];
  const html = "cluster" in place
    ? clusterButton(place.point_count, (button) => open(map, index, { lat, lng, id: place.cluster_id }, button))
    : markerOf(place);
  // What it holds can be reached by itself; the icon around it cannot.
  return L.marker({ lat, lng }, {
    icon: L.divIcon({ className: "map-marker", html, iconSize: undefined! }),
    keyboard: false,
    interactive: false,
  });
}

/** Text of people stays text. */
function markerOf({ label, href }: Marker): HTMLElement {
  const words = element("span", "map-label", label);
  const pin = element(href ? "a" : "span", "map-pin", words);
  if (pin instanceof HTMLAnchorElement) pin.href = href!;
  return pin;
}

function clusterButton(count: number, onTap: (button: HTMLElement) => void): HTMLElement {
  const words = element("span", "visually-hidden", t("개 모여 있음", " together"));
  const button = element("button", "map-cluster", String(count), words);
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    onTap(button);
  });
  return button;
}

/** Goes as near as it comes apart; what is at one and the same place is listed. */
function open(
  map: L.Map,
  index: Index,
  { lat, lng, id }: { lat: number; lng: number; id: number },
  button: HTMLElement,
): void {
  const zoom = index.getClusterExpansionZoom(id);
  if (zoom <= map.getMaxZoom()) {
    map.setView({ lat, lng }, zoom);
    return;
  }
  const places = index.getLeaves(id, Infinity).map(({ properties }) => properties);
  const list = element("ul", "map-list", ...places.map((place) => element("li", "", markerOf(place))));
  L.popup({ closeButton: false, minWidth: 200, maxWidth: 260, maxHeight: 220 }).setLatLng({ lat, lng }).setContent(list)
    .openOn(map);
  list.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    map.closePopup();
    button.focus();
  });
  list.querySelector("a")?.focus({ preventScroll: true });
}

function element(name: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}
