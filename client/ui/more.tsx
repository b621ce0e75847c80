/** The end of a list that goes on. */
import { useRef } from "preact/hooks";
import { useAct } from "../act.ts";
import { t } from "../words.ts";

/** Reads the next page by a tap. The focus goes to the first of what came, as the button may be gone. */
export function More({ more }: { more: (() => Promise<void>) | undefined }) {
  const act = useAct(), place = useRef<HTMLDivElement>(null);
  async function read() {
    const list = place.current?.previousElementSibling, shown = list?.childElementCount ?? 0;
    if (!await act.run(more!)) return;
    requestAnimationFrame(() => list?.children[shown]?.querySelector<HTMLElement>("a, button")?.focus());
  }
  return (
    <div ref={place}>
      {more && (
        <button
          type="button"
          class="button wide"
          aria-busy={act.isBusy}
          disabled={act.isBusy}
          onClick={() => void read()}
        >
          {t("더 보기", "Show more")}
        </button>
      )}
    </div>
  );
}
