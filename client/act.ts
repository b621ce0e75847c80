/** Doing something by a tap or a form: one at a time, its failure told. */
import { useRef, useState } from "preact/hooks";
import { Refusal } from "./http.ts";
import { tell } from "./ui/toasts.tsx";

/** An act of the person's. */
export interface Act {
  isBusy: boolean;
  /** Does it unless one is under way. A refusal is told as a toast; a stale one has `reload` called. Answers whether it went well. */
  run(what: () => Promise<unknown>): Promise<boolean>;
}

/** With `reload`, what is shown is read anew when the service says that it is out of date. */
export function useAct({ reload }: { reload?: () => Promise<void> } = {}): Act {
  const [isBusy, setBusy] = useState(false);
  const underWay = useRef(false);
  async function run(what: () => Promise<unknown>): Promise<boolean> {
    if (underWay.current) return false;
    underWay.current = true;
    setBusy(true);
    try {
      await what();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      tell(error.message, { isError: true });
      if (error.isStale) await reload?.();
      return false;
    } finally {
      underWay.current = false;
      setBusy(false);
    }
  }
  return { isBusy, run };
}

/** A form under way: what is wrong with it as a whole, and with its fields by JSON pointer. */
export interface FormAct {
  isBusy: boolean;
  refusal: Refusal | undefined;
  /** What the service has against a field, such as `/email`, or one inside it. */
  wrong(pointer: string): boolean;
  /** Sends it unless it is under way. Answers whether it went well. */
  submit(what: () => Promise<unknown>): Promise<boolean>;
}

/** For forms: a refusal stands in the form until the next try. */
export function useForm(): FormAct {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const underWay = useRef(false);
  async function submit(what: () => Promise<unknown>): Promise<boolean> {
    if (underWay.current) return false;
    underWay.current = true;
    setBusy(true);
    setRefusal(undefined);
    try {
      await what();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      setRefusal(error);
      return false;
    } finally {
      underWay.current = false;
      setBusy(false);
    }
  }
  const wrong = (at: string) =>
    refusal?.errors.some(({ pointer }) => pointer === at || pointer.startsWith(`${at}/`)) ?? false;
  return { isBusy, refusal, wrong, submit };
}
