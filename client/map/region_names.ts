/** What the regions are called, on a map of outlines. */
import * as L from "leaflet";
import type { Region } from "../../contract/catalogue.ts";
import { send } from "../http.ts";
import { showNear } from "./near.ts";
import { readOnce, whenRead } from "./reading.ts";

/** Nearer than this there is room for the names. */
const ZOOM_MIN = 10;

/** Names the regions around the view, beneath the markers. */
export function showRegionNames(map: L.Map): void {
  const isIn = (region: Region, view: L.LatLngBounds) => map.getZoom() >= ZOOM_MIN && view.contains(region);
  whenRead(map, readRegions(), (things) => showNear(map, { things, isIn, draw: nameOf }));
}

const readRegions = readOnce(() => send<Region[]>("GET", "/api/regions"));

function nameOf({ name, lat, lng }: Region): L.Marker {
  const html = document.createElement("span");
  html.ariaHidden = "true";
  html.append(name);
  const icon = L.divIcon({ className: "map-region", html, iconSize: undefined! });
  return L.marker({ lat, lng }, { icon, pane: "shadowPane", keyboard: false, interactive: false });
}
