/** A difference and its interval about nought, in percentage points. */
import { look as lookWords } from "~/messages/look";
import styles from "./VerdictCard.module.css";

export function DifferenceWhisker({
  label,
  value,
  low,
  high,
}: {
  label: string;
  value: number;
  low: number;
  high: number;
}) {
  const reach = Math.max(0.02, Math.abs(low), Math.abs(high)) * 1.15;
  const at = (share: number) => `${50 + (50 * share) / reach}%`;
  const points = (share: number) =>
    `${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(1)}`;
  const words = lookWords.difference(label, points(value), points(low), points(high));
  return (
    <div className={styles.difference}>
      <span>{words}</span>
      <svg role="img" aria-label={words} width="100%" height="22">
        <line className={styles.scale} x1="0" x2="100%" y1="11" y2="11" />
        <line className={styles.nought} x1="50%" x2="50%" y1="1" y2="21" />
        <line className={styles.interval} x1={at(low)} x2={at(high)} y1="11" y2="11" />
        <circle className={styles.dot} cx={at(value)} cy="11" r="5" />
      </svg>
    </div>
  );
}
