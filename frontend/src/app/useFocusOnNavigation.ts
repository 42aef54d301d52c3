/** After going to another page the focus is on its heading, as it would be after a page load. */
import { useEffect, useRef } from "react";

const PATIENCE = 5_000;

export function useFocusOnNavigation(location: string): void {
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the going that matters
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const left = document.activeElement;
    const tried = (): boolean => {
      const now = document.activeElement;
      // whoever has moved on by themselves is left alone
      if (now !== left && now !== document.body && now?.closest("main")) return true;
      const heading = document.querySelector<HTMLElement>("main h1");
      if (!heading) return false;
      if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
      return true;
    };
    if (tried()) return;
    const observer = new MutationObserver(() => {
      if (tried()) observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    const timer = setTimeout(() => observer.disconnect(), PATIENCE);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [location]);
}
