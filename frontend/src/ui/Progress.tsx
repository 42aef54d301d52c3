/** How far something is; without `value` only that it goes on. */
import { cx } from "./cx";
import styles from "./Progress.module.css";

export function Progress({
  label,
  value,
  text,
  quiet = false,
  className,
}: {
  label: string;
  /** From 0 to 1. */
  value?: number | undefined;
  /** The same in words, e.g. "312 of 900 files". */
  text?: string | undefined;
  quiet?: boolean;
  className?: string | undefined;
}) {
  const known = value !== undefined && Number.isFinite(value);
  const part = known ? Math.max(0, Math.min(1, value)) : 0;
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(part * 100) : undefined}
      aria-valuetext={text}
      className={cx(styles.progress, !known && styles.unknown, quiet && styles.quiet, className)}
    >
      <div className={styles.bar} style={known ? { transform: `scaleX(${part})` } : undefined} />
    </div>
  );
}
