/** A figure as a dot and its interval as a whisker, on a scale from 0 to 1. */
import styles from "./Whisker.module.css";

export function Whisker({
  value,
  low,
  high,
  label,
}: {
  value: number;
  low: number | null;
  high: number | null;
  /** The same in words. */
  label: string;
}) {
  const at = (share: number) => `${100 * Math.min(1, Math.max(0, share))}%`;
  return (
    <svg className={styles.whisker} role="img" aria-label={label} height="16" width="100%">
      <line className={styles.scale} x1="0" x2="100%" y1="8" y2="8" />
      {[0, 0.25, 0.5, 0.75, 1].map((tick) => (
        <line key={tick} className={styles.scale} x1={at(tick)} x2={at(tick)} y1="5" y2="11" />
      ))}
      {low !== null && high !== null && (
        <>
          <line className={styles.interval} x1={at(low)} x2={at(high)} y1="8" y2="8" />
          <line className={styles.end} x1={at(low)} x2={at(low)} y1="3.5" y2="12.5" />
          <line className={styles.end} x1={at(high)} x2={at(high)} y1="3.5" y2="12.5" />
        </>
      )}
      <circle className={styles.dot} cx={at(value)} cy="8" r="4.5" />
    </svg>
  );
}
