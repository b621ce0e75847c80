/** Asking once more before something that cannot be undone. */
import type { ComponentChildren } from "preact";
import { Sheet } from "../ui/sheet.tsx";
import { t } from "../words.ts";

/** Says what will happen, and does it when told so; it closes first, so that the focus is back where it was. */
export function ConfirmSheet({ title, yes, isDanger = false, onYes, onClose, children }: {
  title: string;
  /** The words of the button that does it. */
  yes: string;
  isDanger?: boolean;
  onYes: () => void;
  onClose: () => void;
  children: ComponentChildren;
}) {
  return (
    <Sheet title={title} onClose={onClose}>
      {children}
      <form method="dialog" class="sheet-buttons" onSubmit={onYes}>
        <button type="submit" class={`button wide ${isDanger ? "danger" : "primary"}`}>{yes}</button>
        <button
          type="button"
          class="button wide"
          onClick={({ currentTarget }) => currentTarget.closest("dialog")?.close()}
        >
          {t("그만두기", "Never mind")}
        </button>
      </form>
    </Sheet>
  );
}
