/** The edge of a panel: dragged, or moved with arrow keys. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { useView } from "~/store/view";
import styles from "./draft.module.css";

const LEAST = 180;
const MOST = 640;
const STEP = 20;

export function Resizer({ label, side }: { label: string; side: "left" | "right" }) {
  const size = useView((state) => state.panels[`${side}Size`]);
  const from = useRef<{ x: number; size: number } | null>(null);
  const put = (next: number) => {
    const value = Math.round(Math.min(MOST, Math.max(LEAST, next)));
    useView.getState().panel(side === "left" ? { leftSize: value } : { rightSize: value });
  };
  const sign = side === "left" ? 1 : -1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that can be moved is no hr
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      aria-valuenow={size}
      tabIndex={0}
      className={styles.resizer}
      onPointerDown={(event: PointerEvent<HTMLDivElement>) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, size };
      }}
      onPointerMove={(event) => {
        if (from.current) put(from.current.size + sign * (event.clientX - from.current.x));
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onKeyDown={(event: KeyboardEvent) => {
        const by = event.key === "ArrowLeft" ? -STEP : event.key === "ArrowRight" ? STEP : 0;
        if (!by) return;
        event.preventDefault();
        put(size + sign * by);
      }}
    />
  );
}
