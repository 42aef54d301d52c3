/** Counts as bars with their numbers; a bar can be chosen where `onChoose` is given. */
import { cx } from "~/ui/cx";
import styles from "./Bars.module.css";

export interface Bar {
  name: string;
  value: number;
  /** What stands at the end of the bar. */
  text: string;
}

export function Bars({
  bars,
  label,
  most,
  chosen,
  onChoose,
  className,
}: {
  bars: readonly Bar[];
  label: string;
  /** Value of a full bar; by default the largest. */
  most?: number;
  chosen?: string | undefined;
  onChoose?: (name: string) => void;
  className?: string | undefined;
}) {
  const full = most ?? Math.max(1e-12, ...bars.map((bar) => bar.value));
  return (
    <ul aria-label={label} className={cx(styles.bars, className)}>
      {bars.map((bar) => {
        const inside = (
          <>
            <span className={styles.name} title={bar.name}>
              {bar.name}
            </span>
            <span className={styles.track} aria-hidden="true">
              <span
                className={styles.bar}
                style={{ inlineSize: `${(100 * Math.min(full, bar.value)) / full}%` }}
              />
            </span>
            <span className={styles.value}>{bar.text}</span>
          </>
        );
        return (
          <li key={bar.name}>
            {onChoose ? (
              <button
                type="button"
                className={styles.row}
                aria-pressed={chosen === bar.name}
                onClick={() => onChoose(bar.name)}
              >
                {inside}
              </button>
            ) : (
              <div className={styles.row}>{inside}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
