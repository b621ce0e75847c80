/** Short messages above the tab bar, read out as they come and gone after a while. */
import { signal } from "@preact/signals";

interface Toast {
  id: number;
  text: string;
  isError: boolean;
  href: string | undefined;
  onTap: (() => void) | undefined;
}

/** What a message is besides its words. */
export interface ToastOptions {
  isError?: boolean;
  /** Where it leads. */
  href?: string;
  /** What a tap does; beside `href`, on the way there. */
  onTap?: () => void;
}

const toasts = signal<Toast[]>([]);
const SHOWN_MS = 5_000;
let count = 0;

/** Shows a message. */
export function tell(text: string, { isError = false, href, onTap }: ToastOptions = {}): void {
  const toast = { id: ++count, text, isError, href, onTap };
  toasts.value = [...toasts.value.slice(-2), toast];
  setTimeout(() => toasts.value = toasts.value.filter((each) => each !== toast), SHOWN_MS);
}

/** The messages of now. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((toast) => (
        <p key={toast.id} class={toast.isError ? "toast error" : "toast"}>
          <Words {...toast} />
        </p>
      ))}
    </div>
  );
}

function Words({ text, href, onTap }: Toast) {
  if (href) return <a href={href} onClick={onTap}>{text}</a>;
  return onTap ? <button type="button" class="toast-button" onClick={onTap}>{text}</button> : <>{text}</>;
}
