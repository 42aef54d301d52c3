import { describe, expect, it } from "vitest";
import type { Curve } from "~/api/types";
import { chartOf, forLog, isWide, namedRows, rowsOf, tableOf, withLive } from "./curveData";

const curve = (over: Partial<Curve> = {}): Curve => ({
  step: "train",
  names: ["epoch", "train_loss", "valid_loss", "train_error", "top1_accuracy", "top5_accuracy"],
  rows: [
    [1, 2, 1.9, 0.6, 0.4, null],
    [2, 1, 1.2, 0.3, 0.7, null],
  ],
  best_epoch: 2,
  stopped_because: "all epochs done",
  monitored: "valid_loss",
  ...over,
});

describe("the curves of trainings", () => {
  it("names the figures of each epoch", () => {
    expect(rowsOf(curve())[1]).toMatchObject({ epoch: 2, train_loss: 1, top1_accuracy: 0.7 });
  });

  it("puts a newer row of an epoch in the place of the older", () => {
    const rows = withLive(rowsOf(curve()), [
      { epoch: 3, train_loss: 0.5 },
      { epoch: 2, train_loss: 0.9 },
    ]);
    expect(rows.map((row) => [row["epoch"], row["train_loss"]])).toEqual([
      [1, 2],
      [2, 0.9],
      [3, 0.5],
    ]);
  });

  it("shows live epochs alone when there is no curve yet", () => {
    const [only] = namedRows([], [{ epoch: 1, train_loss: 2 }], "live");
    expect(only).toMatchObject({ name: "live", best: null });
  });

  it("puts loss and accuracy in panes of their own and leaves out what is never known", () => {
    const chart = chartOf(namedRows([{ name: "a", curve: curve() }], undefined, ""));
    expect(chart.panes.map((pane) => pane.key)).toEqual(["loss", "accuracy"]);
    expect(chart.panes[1]?.series.map((one) => one.metric)).toEqual([
      "train_accuracy",
      "top1_accuracy",
    ]);
    expect(chart.panes[1]?.series[0]?.values).toEqual([0.4, 0.7]);
  });

  it("lines runs of different lengths up by epoch", () => {
    const long = curve({
      rows: [
        [1, 3, 3, 0.5, 0.5, null],
        [2, 2, 2, 0.5, 0.5, null],
        [3, 1, 1, 0.5, 0.5, null],
      ],
    });
    const runs = namedRows(
      [
        { name: "a", curve: curve() },
        { name: "b", curve: long },
      ],
      undefined,
      "",
    );
    const chart = chartOf(runs);
    expect(chart.epochs).toEqual([1, 2, 3]);
    expect(chart.panes[0]?.series.find((s) => s.run === 0 && !s.quiet)?.values).toEqual([
      1.9,
      1.2,
      null,
    ]);
  });

  it("marks the best epoch, and the end only where training stopped early", () => {
    const done = chartOf(namedRows([{ name: "a", curve: curve() }], undefined, ""));
    expect(done.marks).toEqual([{ run: 0, epoch: 2, kind: "best" }]);
    const early = curve({ best_epoch: 1, stopped_because: "no improvement for 1 epochs" });
    expect(chartOf(namedRows([{ name: "a", curve: early }], undefined, "")).marks).toEqual([
      { run: 0, epoch: 1, kind: "best" },
      { run: 0, epoch: 2, kind: "stopped" },
    ]);
  });

  it("gives every figure that is known to the table", () => {
    const table = tableOf(namedRows([{ name: "a", curve: curve() }], undefined, ""));
    expect(table.metrics).toEqual([
      "epoch",
      "train_loss",
      "valid_loss",
      "train_error",
      "top1_accuracy",
    ]);
    expect(table.rows[0]).toEqual({ run: "a", values: [1, 2, 1.9, 0.6, 0.4] });
  });

  it("keeps nought and less off a logarithmic scale", () => {
    expect(forLog([1, 0, -1, null])).toEqual([1, null, null, null]);
  });

  it("begins with a logarithmic loss only where a plain one would show nothing", () => {
    const far = curve({
      rows: [
        [1, 2, 203, 0.6, 0.4, null],
        [2, 1, 0.8, 0.3, 0.7, null],
      ],
    });
    const chart = (one: Curve) => chartOf(namedRows([{ name: "a", curve: one }], undefined, ""));
    expect(isWide(chart(far))).toBe(true);
    expect(isWide(chart(curve()))).toBe(false);
  });
});
