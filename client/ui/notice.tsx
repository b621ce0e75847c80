/** A state of a screen that has nothing else to show: empty, ended, not allowed, failed. */
import type { LucideIcon } from "lucide-preact";
import type { ComponentChildren } from "preact";

/** A picture, a sentence, and what can be done. */
export function Notice({ icon: Icon, title, role, children }: {
  icon: LucideIcon;
  title: string;
  role?: "alert" | "status";
  children?: ComponentChildren;
}) {
  return (
    <div class="notice" role={role}>
      <Icon class="notice-icon" aria-hidden="true" />
      <p class="notice-title">{title}</p>
      {children}
    </div>
  );
}
