/** Making a party, second step: where to meet, and when. */
import type { Market } from "../../contract/catalogue.ts";
import type { Page } from "../../contract/common.ts";
import { me } from "../session.ts";
import { Field } from "../ui/form.tsx";
import { distance, t } from "../words.ts";
import type { Draft } from "./draft.ts";
import { fromField, later, toField } from "../korean_time.ts";
import { OwnPlace } from "./own_place.tsx";
import { Picker } from "./picker.tsx";
import type { StepProps } from "./step_props.ts";

/** A market, the nearest first where there is a home, or a place of one's own; and from when to when. */
export function PlaceStep(props: StepProps) {
  const { draft, change } = props;
  const places: [Draft["where"], string][] = [["market", t("마트", "A market")], ["place", t("다른 곳", "Elsewhere")]];
  return (
    <>
      <div class="field" role="group" aria-labelledby="where">
        <span id="where" class="legend">{t("만나는 곳", "Where to meet")}</span>
        <div class="chips">
          {places.map(([where, words]) => (
            <button
              key={where}
              type="button"
              class="chip"
              aria-pressed={draft.where === where}
              onClick={() => change({ where })}
            >
              {words}
            </button>
          ))}
        </div>
      </div>
      {draft.where === "market" ? <MarketField {...props} /> : <OwnPlace {...props} />}
      <TimeFields {...props} />
    </>
  );
}

function MarketField({ draft, change, wrong }: StepProps) {
  const home = me.value?.home;
  const near = home ? `&lat=${home.lat}&lng=${home.lng}` : "";
  return (
    <Picker<Page<Market>, Market>
      label={home ? t("마트 (가까운 순)", "Market (nearest first)") : t("마트", "Market")}
      name="market"
      chosen={draft.market}
      isWrong={wrong("/marketId")}
      pathOf={(words) =>
        words || home ? `/api/markets?limit=5${near}${words && `&q=${encodeURIComponent(words)}`}` : null}
      listOf={({ items }) => items}
      say={({ name, roadAddress, distanceM }) => ({
        name,
        detail: distanceM === undefined ? roadAddress : `${distance(distanceM)} · ${roadAddress}`,
      })}
      onChoose={(market) => change({ market })}
    />
  );
}

function TimeFields({ draft, change, wrong }: StepProps) {
  const moveStart = (startsAt: string) => {
    if (!startsAt || !draft.startsAt || !draft.endsAt) return change({ startsAt });
    // It lasts as long as before.
    const lastsMs = Date.parse(fromField(draft.endsAt)) - Date.parse(fromField(draft.startsAt));
    change({ startsAt, endsAt: later(startsAt, lastsMs) });
  };
  return (
    <>
      <Field
        label={t("시작 (한국 시간)", "Start (Korean time)")}
        name="startsAt"
        type="datetime-local"
        required
        min={toField(Date.now())}
        value={draft.startsAt}
        isWrong={wrong("/startsAt")}
        onInput={({ currentTarget }) => moveStart(currentTarget.value)}
      />
      <Field
        label={t("끝 (한국 시간)", "End (Korean time)")}
        name="endsAt"
        type="datetime-local"
        required
        value={draft.endsAt}
        isWrong={wrong("/endsAt")}
        onInput={({ currentTarget }) => change({ endsAt: currentTarget.value })}
      />
    </>
  );
}
