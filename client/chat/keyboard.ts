/** Room for the keyboard on the screen, which covers the page where the browser does not make the page smaller. */
import { useEffect } from "preact/hooks";

/** While it is used, `--keyboard` says how much of the page's height is covered. */
export function useKeyboardSpace(): void {
  useEffect(() => {
    const viewport = visualViewport, { style } = document.documentElement;
    if (!viewport) return;
    const measure = () => {
      const coveredPx = viewport.scale === 1 ? Math.max(0, innerHeight - viewport.height) : 0;
      style.setProperty("--keyboard", `${coveredPx}px`);
      if (coveredPx > 0) scrollTo(0, 0);
    };
    viewport.addEventListener("resize", measure);
    return () => {
      viewport.removeEventListener("resize", measure);
      style.removeProperty("--keyboard");
    };
  }, []);
}
