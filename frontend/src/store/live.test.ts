import { beforeEach, expect, test, vi } from "vitest";
import type { JournalLine } from "~/api/events";
import type { Run, RunSummary } from "~/api/types";
import { flush, latest, leftOf, rateOf, SPARK_POINTS, shareOf, thinned, useLive } from "./live";

const live = () => useLive.getState();
const train = () => {
  const step = live().steps["train"];
  if (!step) throw new Error("no step");
  return step;
};

function line(seq: number, kind: JournalLine["kind"], more: object = {}): JournalLine {
  return { seq, at: seq, kind, step: "train", ...more };
}

function progress(seq: number, loss: number): JournalLine {
  return line(seq, "progress", {
    stage: "epoch 3/10, training",
    done: 50,
    total: 100,
    figures: { loss: String(loss), images_per_second: "120.5", time_left: "3 min 20 s" },
  });
}

function run(id: string, sequence: number, state = "running"): Run {
  return {
    summary: { id, state },
    sequence,
    journal: {},
    steps: [{ name: "train", state, reason: "" }],
  } as unknown as Run;
}

beforeEach(() => {
  live().want("");
  live().look(run("r", 0));
});

test("a thousand lines are one change of the page, and none is lost", () => {
  const heard = vi.fn();
  const end = useLive.subscribe(heard);
  for (let seq = 1; seq <= 1_000; seq += 1) live().line(progress(seq, 1 / seq));
  expect(heard).not.toHaveBeenCalled();
  flush();
  end();
  expect(heard).toHaveBeenCalledTimes(1);
  expect(live().sequence).toBe(1_000);
  expect(train().progress?.seq).toBe(1_000);
  expect(train().loss.length).toBeLessThanOrEqual(SPARK_POINTS);
  expect(train().loss.at(-1)).toBeCloseTo(0.001);
});

test("lines that come again after a break are left out", () => {
  for (const seq of [1, 2, 3, 2, 3, 4]) live().line(line(seq, "log", { text: "x" }));
  flush();
  expect(train().logged).toBe(4);
  live().line(line(4, "log"));
  flush();
  expect(train().logged).toBe(4);
});

test("what came while the run was being read is put on top of it", () => {
  live().line(line(5, "step", { state: "succeeded", reason: "" }));
  flush();
  live().look(run("r", 4, "running"));
  expect(train().state).toBe("succeeded");
  expect(live().sequence).toBe(5);
});

test("an epoch that waits to be drawn while its run is read is not lost, and counted once", () => {
  live().line(line(3, "metrics", { row: { epoch: 1, train_loss: 2 } }));
  live().line(progress(4, 0.5));
  live().line(line(5, "log"));
  live().look(run("r", 3));
  expect(train().epochs).toEqual([{ epoch: 1, train_loss: 2 }]);
  expect(train().loss).toEqual([0.5]);
  expect(train().logged).toBe(1);
  live().look(run("r", 3));
  expect(train().loss).toEqual([0.5]);
  expect(train().logged).toBe(1);
  expect(train().progress?.seq).toBe(4);
});

test("an end that was read is not undone by what was told before it", () => {
  const running = { id: "r", state: "running" } as RunSummary;
  const ended = { id: "r", state: "succeeded" } as RunSummary;
  expect(latest(running, ended)).toBe(ended);
  expect(latest(ended, running)).toBe(ended);
  expect(latest(undefined, running)).toBe(running);
});

test("a run that was read later is the truth", () => {
  live().line(line(5, "step", { state: "queued", reason: "no slot" }));
  flush();
  live().look(run("r", 9, "succeeded"));
  expect(train().state).toBe("succeeded");
});

test("another run begins with nothing of the one before", () => {
  live().line(progress(1, 0.5));
  live().want("other");
  flush();
  expect(live().steps).toEqual({});
  live().look(run("other", 0));
  expect(train().loss).toEqual([]);
});

test("a row of an epoch takes the place of an earlier one", () => {
  live().line(line(1, "metrics", { row: { epoch: 1, train_loss: 2 } }));
  live().line(line(2, "metrics", { row: { epoch: 1, train_loss: 1 } }));
  flush();
  expect(train().epochs).toEqual([{ epoch: 1, train_loss: 1 }]);
});

test("epochs that were read and epochs that were told make one curve", () => {
  live().line(line(1, "metrics", { row: { epoch: 2, train_loss: 1 } }));
  flush();
  live().curve({
    step: "train",
    names: ["epoch", "train_loss"],
    rows: [[1, 2]],
    best_epoch: null,
    stopped_because: "",
    monitored: "valid_loss",
  });
  expect(train().epochs.map((row) => row["epoch"])).toEqual([1, 2]);
  expect(train().loss).toEqual([2, 1]);
});

test("share, rate and time left are those of the newest line", () => {
  live().line(progress(1, 0.5));
  flush();
  expect(shareOf(train())).toBeCloseTo((2 + 0.45) / 10);
  expect(rateOf(train())).toBe("120.5 images/s");
  expect(leftOf(train())).toBe("3 min 20 s");
});

test("only what a run alone tells makes it be read anew", () => {
  const before = live().changes;
  live().line(progress(1, 0.5));
  live().line(line(2, "log"));
  flush();
  expect(live().changes).toBe(before);
  live().line(line(3, "output"));
  flush();
  expect(live().changes).toBe(before + 1);
});

test("thinning keeps the newest point", () => {
  let points: readonly number[] = [];
  for (let value = 0; value < 500; value += 1) points = thinned(points, value);
  expect(points.length).toBeLessThanOrEqual(SPARK_POINTS);
  expect(points.at(-1)).toBe(499);
});
