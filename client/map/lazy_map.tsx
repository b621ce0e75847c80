/** A map, its code read when the first one is shown. */
import { MapPinOff } from "lucide-preact";
import type { ComponentType } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import { isOnline } from "../session.ts";
import { Notice } from "../ui/notice.tsx";
import { t } from "../words.ts";
import type { MapProps } from "./map_props.ts";

export type { MapProps, Marker, Point } from "./map_props.ts";

/** The map once its code is there; until then, and where it does not come, says so in the same room. */
export function LazyMap(props: MapProps) {
  const { component: Loaded, hasFailed, loadAgain } = useMapCode();
  return (
    <div class="map-frame">
      {Loaded && <Loaded {...props} />}
      {!Loaded && !hasFailed && (
        <div class="skeleton map-wait" role="status">
          <span class="visually-hidden">{t("지도를 불러오는 중", "Loading the map")}</span>
        </div>
      )}
      {hasFailed && (
        <Notice icon={MapPinOff} title={t("지도를 불러오지 못했어요", "The map could not be loaded")} role="alert">
          <button
            type="button"
            class="button"
            onClick={() =>
              void loadAgain()}
          >
            {t("다시 시도", "Try again")}
          </button>
        </Notice>
      )}
    </div>
  );
}

/** Kept for the maps to come. */
let kept: ComponentType<MapProps> | undefined;

function useMapCode() {
  const [state, setState] = useState({ component: kept, hasFailed: false });
  const load = useCallback(async () => {
    setState({ component: kept, hasFailed: false });
    kept = await importMap();
    setState({ component: kept, hasFailed: kept === undefined });
  }, []);
  useEffect(() => void (kept ?? load()), []);
  /** Some browsers remember of a module that it did not come, as long as the page lives. */
  async function loadAgain() {
    await load();
    if (!kept && isOnline.value) location.reload();
  }
  return { ...state, loadAgain };
}

async function importMap(): Promise<ComponentType<MapProps> | undefined> {
  try {
    return (await import("./map.tsx")).MapView;
  } catch {
    return undefined;
  }
}
