/** How large thumbnails are; remembered in this browser. */
import { useState } from "react";
import { look as lookWords } from "~/messages/look";
import { Icon } from "~/ui/Icon";
import styles from "./SizeSlider.module.css";

const remembered = "visionloom.thumbnail";

/** A browser may keep nothing for a page; then the size lasts as long as the page. */
function stored<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}

export function useThumbnailSize(): [number, (size: number) => void] {
  const [size, setSize] = useState(() => {
    const known = Number(stored(() => localStorage.getItem(remembered)));
    return known >= 72 && known <= 280 ? known : 132;
  });
  return [
    size,
    (next) => {
      stored(() => localStorage.setItem(remembered, String(next)));
      setSize(next);
    },
  ];
}

export function SizeSlider({ size, onSize }: { size: number; onSize: (size: number) => void }) {
  return (
    <label className={styles.slider} title={lookWords.grid.size}>
      <Icon name="image" size={12} />
      <span className="visually-hidden">{lookWords.grid.size}</span>
      <input
        type="range"
        min={72}
        max={280}
        step={4}
        value={size}
        onChange={(event) => onSize(Number(event.target.value))}
      />
      <Icon name="image" size={18} />
    </label>
  );
}
