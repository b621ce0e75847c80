/** The frame of a screen: its title, the way back, what can be done. */
import { ChevronLeft } from "lucide-preact";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isOnline } from "../session.ts";
import { t } from "../words.ts";

/**
 * A screen. Its title is the window's too and has the focus at first, so that who listens knows where they are. `back` is the
 * address one level up. `actions` stand beside the title, `footer` sticks to the bottom, above the tab bar.
 */
export function Screen({ title, back, actions, footer, children }: {
  title: string;
  back?: string | undefined;
  actions?: ComponentChildren;
  footer?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEffect(() => void (document.title = `${title} · ${t("모아장", "Moajang")}`), [title]);
  return (
    <>
      <header class="topbar">
        {back && (
          <a class="icon-button" href={back} aria-label={t("뒤로", "Back")}>
            <ChevronLeft aria-hidden="true" />
          </a>
        )}
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {actions && <div class="topbar-actions">{actions}</div>}
      </header>
      {!isOnline.value && (
        <p class="offline" role="status">
          {t("오프라인이에요. 연결되면 이어서 보여 드려요.", "Offline. Goes on once you are connected.")}
        </p>
      )}
      <main class="content">{children}</main>
      {footer && <footer class="sticky-footer">{footer}</footer>}
    </>
  );
}
