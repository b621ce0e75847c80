/** Sheets that ask once more before something is done. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type FormAct, useForm } from "../act.ts";
import { Refusal } from "../http.ts";
import { Form } from "../ui/form.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { tell } from "../ui/toasts.tsx";
import type { PartyView } from "./party_view.ts";

/** Does it and closes; a refusal stands in the sheet. */
export function ActSheet({ view, title, submit, tone, act, children }: {
  view: PartyView;
  title: string;
  submit: string;
  tone?: "primary" | "danger";
  /** Throws a Refusal. */
  act: (fields: FormData) => Promise<unknown>;
  children?: ComponentChildren;
}) {
  const form = useSheetForm(view);
  const close = () => view.begin(undefined);
  return (
    <Sheet title={title} onClose={close}>
      <Form form={form} submit={submit} tone={tone} onSubmit={(fields) => act(fields).then(close)}>
        {children}
      </Form>
    </Sheet>
  );
}

/**
 * The form of a sheet about a party. When what it shows is out of date the party is read anew; if that takes the sheet away,
 * the reason is told above the screen.
 */
export function useSheetForm(view: PartyView): FormAct {
  const form = useForm(), isShown = useRef(true);
  useEffect(() => () => void (isShown.current = false), []);
  const orRefresh = async (what: () => Promise<unknown>) => {
    try {
      await what();
    } catch (error) {
      if (error instanceof Refusal && (error.isStale || error.status === 404)) {
        await view.reload();
        if (!isShown.current) tell(error.message, { isError: true });
      }
      throw error;
    }
  };
  return { ...form, submit: (what) => form.submit(() => orRefresh(what)) };
}
