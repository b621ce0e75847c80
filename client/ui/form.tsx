/** Forms: labelled fields that say what is wrong with them, and a button that says when it works. */
import type { ComponentChildren, InputHTMLAttributes, TextareaHTMLAttributes } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { FormAct } from "../act.ts";
import { t } from "../words.ts";

/**
 * A form that sends itself through {@link FormAct}; what the service has against it as a whole stands above its button, and the
 * first field that is wrong gets the focus.
 */
export function Form({ form, onSubmit, submit, tone = "primary", children }: {
  form: FormAct;
  /** Sends the fields; throws a Refusal. */
  onSubmit: (fields: FormData) => Promise<unknown>;
  /** The words of the button. */
  submit: string;
  tone?: "primary" | "danger" | undefined;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!form.refusal) return;
    const wrong = element.current!.querySelector<HTMLElement>('[aria-invalid="true"]');
    // A button that was disabled meanwhile has lost the focus.
    (wrong ?? element.current!.querySelector<HTMLElement>(":focus, [type=submit]"))?.focus();
  }, [form.refusal]);
  return (
    <form
      ref={element}
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        void form.submit(() => onSubmit(fields));
      }}
    >
      {children}
      {form.refusal && <p class="form-error" role="alert">{form.refusal.message}</p>}
      <button type="submit" class={`button ${tone} wide`} aria-busy={form.isBusy} disabled={form.isBusy}>
        {submit}
      </button>
    </form>
  );
}

/** What every field has. */
interface Named {
  label: string;
  name: string;
  hint?: string | undefined;
  isWrong?: boolean;
}

/** One line of text, a number, a date, a password. */
export function Field({ label, hint, isWrong = false, ...input }: Named & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} isWrong={isWrong}>
      <input id={id} aria-invalid={isWrong} aria-describedby={hint || isWrong ? `${id}-hint` : undefined} {...input} />
    </Labelled>
  );
}

/** Several lines of text. */
export function Area({ label, hint, isWrong = false, ...area }: Named & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Labelled id={id} label={label} hint={hint} isWrong={isWrong}>
      <textarea
        id={id}
        rows={4}
        aria-invalid={isWrong}
        aria-describedby={hint || isWrong ? `${id}-hint` : undefined}
        {...area}
      />
    </Labelled>
  );
}

/** Yes or no. */
export function Check({ label, ...input }: { label: ComponentChildren } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label class="check">
      <input type="checkbox" {...input} />
      <span>{label}</span>
    </label>
  );
}

function Labelled({ id, label, hint, isWrong, children }: {
  id: string;
  label: string;
  hint: string | undefined;
  isWrong: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {isWrong && (
        <p id={`${id}-hint`} class="field-error">{hint ?? t("이 값을 다시 확인해 주세요", "Please check this")}</p>
      )}
      {!isWrong && hint && <p id={`${id}-hint`} class="hint">{hint}</p>}
    </div>
  );
}
