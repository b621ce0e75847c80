/** A number between two others, by taps or by typing. */
import { Minus, Plus } from "lucide-preact";
import { useId } from "preact/hooks";
import { t } from "../words.ts";

/** `say` words the number with its unit. */
export function Stepper({ label, value, min, max, step, say, onChange }: {
  label: string;
  value: number;
  min: number;
  max: number;
  step: number;
  say: (value: number) => string;
  onChange: (value: number) => void;
}) {
  const id = useId();
  const to = (next: number) => onChange(Math.min(max, Math.max(min, next)));
  return (
    <div class="stepper" role="group" aria-labelledby={id}>
      <span id={id} class="stepper-label">{label}</span>
      <button type="button" aria-label={t("줄이기", "Less")} disabled={value <= min} onClick={() => to(value - step)}>
        <Minus aria-hidden="true" />
      </button>
      <output aria-live="polite">{say(value)}</output>
      <button type="button" aria-label={t("늘리기", "More")} disabled={value >= max} onClick={() => to(value + step)}>
        <Plus aria-hidden="true" />
      </button>
    </div>
  );
}
