/** A meeting place that is no market: its name, its address, and where exactly that is. */
import type { Address } from "../../contract/catalogue.ts";
import type { Place } from "../../contract/common.ts";
import { LazyMap } from "../map/lazy_map.tsx";
import { Field } from "../ui/form.tsx";
import { t } from "../words.ts";
import { Picker } from "./picker.tsx";
import type { StepProps } from "./step_props.ts";

/** The address is searched for; the map then says where exactly. */
export function OwnPlace({ draft, change, wrong }: StepProps) {
  const { placeName, place } = draft;
  return (
    <>
      <Field
        label={t("장소 이름", "Name of the place")}
        name="placeName"
        maxlength={80}
        value={placeName}
        isWrong={wrong("/place/name")}
        hint={t("예: 아파트 정문", "Such as: main gate")}
        onInput={({ currentTarget }) => change({ placeName: currentTarget.value })}
      />
      <Picker<Address[], Pick<Address, "roadAddress" | "lat" | "lng"> & Partial<Address>>
        label={t("주소", "Address")}
        name="address"
        chosen={place}
        isWrong={["roadAddress", "lat", "lng"].some((field) => wrong(`/place/${field}`))}
        hint={t("도로명이나 동으로 찾아요", "Search by street or quarter")}
        pathOf={(words) => words.length < 2 ? null : `/api/addresses?q=${encodeURIComponent(words)}`}
        listOf={(addresses) => addresses}
        say={({ roadAddress, jibunAddress = "" }) => ({ name: roadAddress, detail: jibunAddress })}
        onChoose={(found) => change({ place: found && placeOf(found) })}
        none={t("찾은 주소가 없어요. 동이나 도로 이름으로 찾아 보세요.", "No such address. Try a street or a quarter.")}
      />
      {place && (
        <>
          <p class="hint">{t("지도를 움직여 정확한 곳을 고를 수 있어요", "Move the map to say where exactly")}</p>
          <LazyMap
            label={t("만나는 곳 지도", "Map of the meeting place")}
            center={place}
            markers={[{ id: "place", label: placeName || place.roadAddress, lat: place.lat, lng: place.lng }]}
            onPick={({ lat, lng }) => change({ place: { ...place, lat, lng } })}
          />
        </>
      )}
    </>
  );
}

function placeOf({ roadAddress, lat, lng }: Place): Place {
  return { roadAddress, lat, lng };
}
