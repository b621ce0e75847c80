/** A sheet from the bottom: the browser's own modal dialog, so that the focus stays in it and Escape closes it. */
import { X } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../words.ts";

/** Open as long as it is rendered; `onClose` is to take it away. */
export function Sheet({ title, onClose, children }: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null), id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => setTimeout(() => returnFocus(before));
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby={id}
      onClose={onClose}
      onClick={({ target }) => target === dialog.current && dialog.current?.close()}
    >
      <div class="sheet-body">
        <header class="sheet-head">
          <h2 id={id}>{title}</h2>
          <button
            type="button"
            class="icon-button"
            aria-label={t("닫기", "Close")}
            onClick={() => dialog.current?.close()}
          >
            <X aria-hidden="true" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** To where it was before the sheet, or, where that is gone, to the screen's title. */
function returnFocus(before: Element | null): void {
  if (document.activeElement !== document.body) return;
  const next = before?.isConnected ? before : document.querySelector("h1");
  if (next instanceof HTMLElement) next.focus({ preventScroll: true });
}
