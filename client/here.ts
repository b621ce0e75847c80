/** Where this device is. */
import type { Point } from "./map/map_props.ts";
import { t } from "./words.ts";

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

/** Why it could not be found, and what to do instead. */
export function whyNotHere(reason: "denied" | "unknown"): string {
  return reason === "denied"
    ? t(
      "위치를 볼 수 없어요. 브라우저 설정에서 허용하거나 주소로 찾아 주세요.",
      "Not allowed to see where you are. Allow it in the browser's settings, or search by address.",
    )
    : t(
      "위치를 찾지 못했어요. 다시 시도하거나 주소로 찾아 주세요.",
      "Could not find where you are. Try again, or search by address.",
    );
}
