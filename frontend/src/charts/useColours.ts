/** The theme's colours as a canvas needs them: computed, and again when the theme changes. */
import { type RefObject, useEffect, useState } from "react";

export type Colours = Readonly<Record<string, string>>;

const names = [
  "--text",
  "--text-quiet",
  "--line",
  "--good",
  "--warn",
  "--port-images",
  "--port-trained",
  "--port-untrained",
  "--port-scores",
  "--port-transformation",
  "--port-any",
];

function read(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  element.append(probe);
  const found: Record<string, string> = {};
  for (const name of names) {
    probe.style.color = `var(${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

export function useColours(frame: RefObject<HTMLElement | null>): Colours {
  const [colours, setColours] = useState<Colours>(() => read(document.body));
  useEffect(() => {
    const again = () => setColours(read(frame.current ?? document.body));
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", again);
    const watch = new MutationObserver(again);
    watch.observe(document.documentElement, { attributeFilter: ["data-theme", "class", "style"] });
    return () => {
      scheme.removeEventListener("change", again);
      watch.disconnect();
    };
  }, [frame]);
  return colours;
}
