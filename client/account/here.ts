/** Where this device is. */
import type { Point } from "../map/lazy_map.tsx";

const TIMEOUT_MS = 15_000;

/** Asks the device once; nothing is followed or kept. `denied`: the person or the browser does not let us. */
export function findHere(): Promise<Point | "denied" | "unknown"> {
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lat: coords.latitude, lng: coords.longitude }),
      ({ code, PERMISSION_DENIED }) => resolve(code === PERMISSION_DENIED ? "denied" : "unknown"),
      { timeout: TIMEOUT_MS },
    );
  });
}
