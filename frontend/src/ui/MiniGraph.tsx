/** A pipeline as a small picture: boxes where its steps stand, and the wires between them. */
import { categoryIcon } from "./Icon";
import styles from "./MiniGraph.module.css";

const WIDTH = 200;
const HEIGHT = 64;
const MARGIN = 40;

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
  const minX = xs.length ? Math.min(...xs) : 0;
  const minY = ys.length ? Math.min(...ys) : 0;
  const width = (xs.length ? Math.max(...xs) - minX : 0) + WIDTH + 2 * MARGIN;
  const height = (ys.length ? Math.max(...ys) - minY : 0) + HEIGHT + 2 * MARGIN;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`${minX - MARGIN} ${minY - MARGIN} ${width} ${height}`}
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
