/** How much of a pack is taken. */

/** A bar that says its share in words as well. */
export function FillBar({ taken, whole, label }: { taken: number; whole: number; label: string }) {
  return (
    <div class="fill">
      <meter class="fill-bar" min={0} max={whole} value={taken} aria-label={label} />
      <span class="fill-label" aria-hidden="true">{label}</span>
    </div>
  );
}
