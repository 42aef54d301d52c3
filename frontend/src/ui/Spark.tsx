/** A small line of figures: says its last value to those who cannot see it. */
import { cx } from "./cx";
import styles from "./Spark.module.css";

interface SparkProps {
  points: readonly number[];
  /** What it is, e.g. "Loss". */
  label: string;
  width?: number;
  height?: number;
  className?: string | undefined;
}

const PAD = 2;

/** Coordinates of the line; figures of the same size lie in the middle. */
export function sparkPath(points: readonly number[], width: number, height: number): string {
  const low = Math.min(...points);
  const span = Math.max(...points) - low;
  const step = (width - 2 * PAD) / Math.max(1, points.length - 1);
  return points
    .map((value, index) => {
      const share = span > 0 ? (value - low) / span : 0.5;
      const x = PAD + index * step;
      const y = height - PAD - share * (height - 2 * PAD);
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

export function Spark({ points, label, width = 64, height = 18, className }: SparkProps) {
  const last = points.at(-1);
  if (last === undefined || points.length < 2) return null;
  const path = sparkPath(points, width, height);
  const end = /L([\d.]+) ([\d.]+)$/.exec(path);
  return (
    <svg
      className={cx(styles["spark"], className)}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`${label} ${last.toPrecision(3)}`}
    >
      <path d={path} />
      {end && <circle cx={end[1]} cy={end[2]} r="1.75" />}
    </svg>
  );
}
