/** When nothing is pushed. */
import { useId } from "preact/hooks";
import type { QuietHours } from "../../contract/alert_preferences.ts";
import { Check, Field } from "../ui/form.tsx";
import { t } from "../words.ts";

/** What is so for whoever has not chosen. */
const NIGHT: QuietHours = { from: "21:00", to: "08:00", timezone: "Asia/Seoul" };

/** None, or from one time of day to another. */
export function QuietHoursFields({ quietHours, wrong, onChange }: {
  quietHours: QuietHours | null;
  wrong: (field: keyof QuietHours) => boolean;
  onChange: (quietHours: QuietHours | null) => void;
}) {
  const id = useId();
  const time = (label: string, field: "from" | "to") => (
    <Field
      label={label}
      name={field}
      type="time"
      required
      value={quietHours?.[field]}
      isWrong={wrong(field)}
      onInput={({ currentTarget: { value } }) => onChange({ ...quietHours!, [field]: value })}
    />
  );
  return (
    <section class="section">
      <h2>{t("방해 금지 시간", "Quiet hours")}</h2>
      <Check
        label={t("정한 시간에는 푸시를 미뤄 두기", "Hold pushes back at certain hours")}
        checked={quietHours !== null}
        onChange={({ currentTarget: { checked } }) => onChange(checked ? NIGHT : null)}
      />
      {quietHours && (
        <>
          <div class="quiet-hours">
            {time(t("시작", "From"), "from")}
            {time(t("끝", "To"), "to")}
          </div>
          <div class="field">
            <label for={id}>{t("시간대", "Time zone")}</label>
            <select
              id={id}
              aria-invalid={wrong("timezone")}
              value={quietHours.timezone}
              onChange={({ currentTarget: { value } }) => onChange({ ...quietHours, timezone: value })}
            >
              {zonesWith(quietHours.timezone).map((zone) => <option key={zone} value={zone}>{zoneName(zone)}</option>)}
            </select>
          </div>
        </>
      )}
    </section>
  );
}

/** Korea's first; what was chosen elsewhere may have a name that this browser does not use. */
function zonesWith(chosen: string): string[] {
  return [
    ...new Set([NIGHT.timezone, chosen, ...Intl.supportedValuesOf("timeZone").filter((zone) => /\//.test(zone))]),
  ];
}

function zoneName(zone: string): string {
  return zone === NIGHT.timezone ? t("한국 (Asia/Seoul)", "Korea (Asia/Seoul)") : zone;
}
