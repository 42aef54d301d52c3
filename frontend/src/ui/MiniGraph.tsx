/** A pipeline as a small picture: boxes where its steps stand, and the wires between them. */
import { categoryIcon } from "./Icon";
import styles from "./MiniGraph.module.css";

const WIDTH = 232;
const HEIGHT = 68;
const MARGIN = 40;
/** A picture of few steps is not blown up to its frame. */
const SMALLEST = { width: 760, height: 330 };

export function MiniGraph({
  steps,
  wires,
  label,
  categoryOf,
}: {
  /** Component, x and y of each. */
  steps: readonly (readonly [string, number, number])[];
  /** Pairs of positions in `steps`. */
  wires: readonly (readonly [number, number])[];
  label: string;
  categoryOf: (component: string) => string;
}) {
  const xs = steps.map((step) => step[1]);
  const ys = steps.map((step) => step[2]);
  const [minX, maxX] = steps.length ? [Math.min(...xs), Math.max(...xs) + WIDTH] : [0, 0];
  const [minY, maxY] = steps.length ? [Math.min(...ys), Math.max(...ys) + HEIGHT] : [0, 0];
  const width = Math.max(maxX - minX + 2 * MARGIN, SMALLEST.width);
  const height = Math.max(maxY - minY + 2 * MARGIN, SMALLEST.height);
  const left = (minX + maxX - width) / 2;
  const top = (minY + maxY - height) / 2;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`${left} ${top} ${width} ${height}`}
      preserveAspectRatio="xMidYMid meet"
      className={styles.graph}
    >
      {wires.map(([from, to]) => {
        const a = steps[from];
        const b = steps[to];
        if (!a || !b) return null;
        const x1 = a[1] + WIDTH / 2;
        const y1 = a[2] + HEIGHT;
        const x2 = b[1] + WIDTH / 2;
        const y2 = b[2];
        const middle = (y1 + y2) / 2;
        return (
          <path
            key={`${from}-${to}-${x1}`}
            className={styles.wire}
            d={`M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`}
          />
        );
      })}
      {steps.map(([component, x, y], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps of a picture have nothing but their place
        <g key={index}>
          <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx={14} className={styles.step} />
          <rect
            x={x + 14}
            y={y + 14}
            width={36}
            height={HEIGHT - 28}
            rx={8}
            className={tone(categoryOf(component))}
          />
        </g>
      ))}
    </svg>
  );
}

function tone(category: string): string | undefined {
  const icon = categoryIcon(category);
  return icon === "wire" ? styles.wireless : styles[icon];
}
