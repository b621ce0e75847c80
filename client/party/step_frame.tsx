/** The step of making a party that is shown. */
import { useEffect, useRef } from "preact/hooks";
import type { Refusal } from "../http.ts";
import { t } from "../words.ts";
import { LAST_STEP } from "./draft_steps.ts";
import { ItemStep } from "./item_step.tsx";
import { PlaceStep } from "./place_step.tsx";
import { PreviewStep } from "./preview_step.tsx";
import type { StepProps } from "./step_props.ts";
import { TermsStep } from "./terms_step.tsx";

/** Its fields. */
export function StepFields({ step, ...props }: StepProps & { step: number }) {
  if (step === 1) return <ItemStep {...props} />;
  if (step === 2) return <PlaceStep {...props} />;
  return step === 3 ? <TermsStep {...props} /> : <PreviewStep draft={props.draft} />;
}

/** How far one is. Another step has the focus here, one that is refused in its first wrong field. */
export function StepHeading({ step, refusal }: { step: number; refusal: Refusal | undefined }) {
  const heading = useRef<HTMLHeadingElement>(null), shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, [step]);
  useEffect(() => void (refusal && document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()), [refusal]);
  return (
    <div class="section">
      <div class="steps" aria-hidden="true">
        {Array.from({ length: LAST_STEP }, (_, i) => <span key={i} class={i < step ? "step done" : "step"} />)}
      </div>
      <h2 ref={heading} tabIndex={-1}>
        {step < LAST_STEP && <span class="visually-hidden">{t(`3단계 중 ${step}단계:`, `Step ${step} of 3:`)}</span>}
        {nameOf(step)}
      </h2>
    </div>
  );
}

function nameOf(step: number): string {
  if (step === 1) return t("무엇을 살까요?", "What to buy?");
  if (step === 2) return t("언제 어디서 만날까요?", "When and where?");
  return step === 3 ? t("어떻게 나눌까요?", "How to share?") : t("이대로 열까요?", "Open it like this?");
}
