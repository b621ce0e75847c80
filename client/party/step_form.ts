/** What is wrong with a draft, where and as long as it is. */
import { useRef } from "preact/hooks";
import { type FormAct, useForm } from "../act.ts";
import type { Draft } from "./draft.ts";
import { LAST_STEP, stepOfField } from "./draft_steps.ts";

/** A refusal stands in the step that has the field which it is about, or at the end, until something is changed. */
export function useStepForm(draft: Draft, step: number): FormAct {
  const form = useForm(), refused = useRef({ refusal: form.refusal, draft });
  if (form.refusal !== refused.current.refusal) refused.current = { refusal: form.refusal, draft };
  const [error] = form.refusal?.errors ?? [];
  const isOfStep = step === (error ? stepOfField(error.pointer) : LAST_STEP);
  return isOfStep && refused.current.draft === draft ? form : { ...form, refusal: undefined, wrong: () => false };
}
