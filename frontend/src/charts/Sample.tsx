/** A piece of a curve's line, for legends. */
import { lineOf } from "./lines";

export function Sample({
  run,
  quiet,
  alone,
  shade = 0,
}: {
  run: number;
  quiet: boolean;
  alone: boolean;
  /** Which of a lone run's lines. */
  shade?: number;
}) {
  const line = lineOf(run, quiet, alone, shade);
  return (
    <svg width="26" height="10" aria-hidden="true" focusable="false">
      <line
        x1="1"
        x2="25"
        y1="5"
        y2="5"
        stroke={`var(${line.colour})`}
        strokeWidth={line.width}
        strokeOpacity={line.opacity}
        strokeDasharray={line.dash.join(" ")}
      />
    </svg>
  );
}
