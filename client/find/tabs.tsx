/** Tabs over one panel. */
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

/** By taps, or by the arrow keys from the one that is chosen. */
export function Tabs<Name extends string>({ label, current, tabs, onChoose, children }: {
  label: string;
  current: Name;
  tabs: [Name, string][];
  onChoose: (name: Name) => void;
  children: ComponentChildren;
}) {
  const id = useId(), bar = useRef<HTMLDivElement>(null);
  function moveBy(step: number) {
    const at = (tabs.findIndex(([name]) => name === current) + step + tabs.length) % tabs.length;
    (bar.current!.children[at] as HTMLElement).focus();
    onChoose(tabs[at]![0]);
  }
  return (
    <>
      <div
        ref={bar}
        class="chips"
        role="tablist"
        aria-label={label}
        onKeyDown={({ key }) => (key === "ArrowRight" || key === "ArrowLeft") && moveBy(key === "ArrowRight" ? 1 : -1)}
      >
        {tabs.map(([name, words]) => (
          <button
            key={name}
            type="button"
            id={`${id}-${name}`}
            class="chip"
            role="tab"
            aria-selected={name === current}
            aria-controls={`${id}-panel`}
            tabIndex={name === current ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {words}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} class="section" role="tabpanel" aria-labelledby={`${id}-${current}`}>{children}</div>
    </>
  );
}
