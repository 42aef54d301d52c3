/** What the panes of a training's curves show; without a chart library. */
import type { Curve } from "~/api/types";

export type EpochRow = Readonly<Record<string, number | null>>;

export interface NamedRows {
  name: string;
  rows: readonly EpochRow[];
  best: number | null;
  /** Epoch after which training ended before its time; null when it did not. */
  stopped: number | null;
  why: string;
}

export interface Series {
  /** Number of the run, which decides colour and dashes. */
  run: number;
  metric: string;
  /** Of the training pictures: drawn lighter than the validation's. */
  quiet: boolean;
  values: (number | null)[];
}

export interface Mark {
  run: number;
  epoch: number;
  kind: "best" | "stopped";
}

export interface Pane {
  key: "loss" | "accuracy" | "learningRate";
  series: Series[];
}

export interface Chart {
  epochs: number[];
  panes: Pane[];
  marks: Mark[];
}

const everyEpoch = "all epochs done";

/** Rows of a curve by name of the figure, each with its epoch. */
export function rowsOf(curve: Curve): EpochRow[] {
  return curve.rows.map((row, index) => {
    const named: Record<string, number | null> = { epoch: index + 1 };
    curve.names.forEach((name, column) => {
      named[name] = row[column] ?? null;
    });
    return named;
  });
}

/** Rows with newer ones put in the place of those of the same epoch, in order of epochs. */
export function withLive(rows: readonly EpochRow[], live: readonly EpochRow[]): EpochRow[] {
  const byEpoch = new Map<number, EpochRow>();
  for (const row of [...rows, ...live]) {
    if (typeof row["epoch"] === "number") byEpoch.set(row["epoch"], row);
  }
  return [...byEpoch.entries()].sort(([a], [b]) => a - b).map(([, row]) => row);
}

export function namedRows(
  curves: readonly { name: string; curve: Curve }[],
  live: readonly EpochRow[] | undefined,
  liveName: string,
): NamedRows[] {
  const made = curves.map(({ name, curve }) => {
    const rows = rowsOf(curve);
    const last = rows.at(-1)?.["epoch"] ?? null;
    const early = curve.stopped_because !== "" && curve.stopped_because !== everyEpoch;
    return {
      name,
      rows,
      best: curve.best_epoch,
      stopped: early ? last : null,
      why: curve.stopped_because,
    };
  });
  if (!live || live.length === 0) return made;
  const [first, ...rest] = made;
  const target = first ?? { name: liveName, rows: [], best: null, stopped: null, why: "" };
  return [{ ...target, rows: withLive(target.rows, live) }, ...rest];
}

/** The figure of a row; training accuracy is what training error leaves. */
export function figureOf(row: EpochRow, metric: string): number | null {
  if (metric === "train_accuracy") {
    const error = row["train_error"];
    return typeof error === "number" ? 1 - error : null;
  }
  return row[metric] ?? null;
}

const panes: readonly { key: Pane["key"]; metrics: readonly string[] }[] = [
  { key: "loss", metrics: ["train_loss", "valid_loss"] },
  { key: "accuracy", metrics: ["train_accuracy", "top1_accuracy", "top5_accuracy", "macro_f1"] },
  { key: "learningRate", metrics: ["learning_rate"] },
];
/** Left out where runs are laid over each other: too many lines say nothing. */
const onlyAlone = new Set(["top5_accuracy", "macro_f1"]);

export function chartOf(runs: readonly NamedRows[]): Chart {
  const epochs = [
    ...new Set(runs.flatMap((run) => run.rows.map((row) => row["epoch"] as number))),
  ].sort((a, b) => a - b);
  const byEpoch = runs.map((run) => new Map(run.rows.map((row) => [row["epoch"], row])));
  const made = panes.map(({ key, metrics }) => ({
    key,
    series: byEpoch.flatMap((rows, run) =>
      metrics
        .filter((metric) => runs.length === 1 || !onlyAlone.has(metric))
        .map((metric) => ({
          run,
          metric,
          quiet: metric.startsWith("train_"),
          values: epochs.map((epoch) => {
            const row = rows.get(epoch);
            return row ? figureOf(row, metric) : null;
          }),
        }))
        .filter((series) => series.values.some((value) => value !== null)),
    ),
  }));
  const marks = runs.flatMap((run, index): Mark[] => [
    ...(run.best === null ? [] : [{ run: index, epoch: run.best, kind: "best" as const }]),
    ...(run.stopped === null ? [] : [{ run: index, epoch: run.stopped, kind: "stopped" as const }]),
  ]);
  return { epochs, panes: made.filter((pane) => pane.series.length > 0), marks };
}

/** Header and rows of all runs' figures, for a table and for CSV. */
export function tableOf(runs: readonly NamedRows[]): {
  metrics: string[];
  rows: { run: string; values: (number | null)[] }[];
} {
  const metrics = [
    "epoch",
    ...new Set(
      runs
        .flatMap((run) => run.rows.flatMap((row) => Object.keys(row)))
        .filter((n) => n !== "epoch"),
    ),
  ].filter((name) =>
    runs.some((run) => run.rows.some((row) => row[name] !== null && row[name] !== undefined)),
  );
  const rows = runs.flatMap((run) =>
    run.rows.map((row) => ({
      run: run.name,
      values: metrics.map((metric) => row[metric] ?? null),
    })),
  );
  return { metrics, rows };
}

/** Values without what a logarithmic scale cannot show. */
export function forLog(values: readonly (number | null)[]): (number | null)[] {
  return values.map((value) => (value !== null && value > 0 ? value : null));
}

/** Whether losses differ so much that on a plain scale all but the largest would lie on the ground. */
export function isWide(chart: Chart): boolean {
  const losses = chart.panes
    .filter((pane) => pane.key === "loss")
    .flatMap((pane) => pane.series.flatMap((one) => forLog(one.values)))
    .filter((value) => value !== null);
  return losses.length > 0 && Math.max(...losses) > 50 * Math.min(...losses);
}
