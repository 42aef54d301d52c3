/** Runs as the events tell of them; written by the event stream only.
 *
 * Lines of the journal come in bursts: they are gathered and applied once per frame, so that a
 * thousand lines of progress are one change of the page. */
import { create } from "zustand";
import type { Handlers, JournalLine } from "~/api/events";
import type { Curve, Run, RunSummary, StepState } from "~/api/types";
import { t } from "~/messages";

export type EpochRow = Readonly<Record<string, number | null>>;

export interface StepLive {
  state: StepState;
  reason: string;
  /** Newest progress: stage, done, total, unit and figures such as images per second. */
  progress: JournalLine | null;
  /** Figures of the epochs so far; a later row of an epoch takes the place of an earlier one. */
  epochs: readonly EpochRow[];
  /** The training loss so far, thinned to at most `SPARK_POINTS` points. */
  loss: readonly number[];
  /** How many log lines were told since the page looks; grows, so that a log knows to read on. */
  logged: number;
}

interface LiveStore {
  /** The run that is looked at; empty for none. */
  run: string;
  /** Number of the newest journal line that is in `steps`. */
  sequence: number;
  steps: Readonly<Record<string, StepLive>>;
  runs: Readonly<Record<string, RunSummary>>;
  connected: boolean;
  /** How often the server refused to tell what happens since it last did. */
  refusals: number;
  /** How often the stream was opened: what was told before is to be read anew. */
  openings: number;
  /** How often something changed that only the run itself tells: outputs, decisions, ends. */
  changes: number;
  /** Look at another run; what is known of its steps comes with `look`. */
  want: (run: string) => void;
  look: (run: Run) => void;
  curve: (curve: Curve) => void;
  line: (line: JournalLine) => void;
  summary: (run: RunSummary) => void;
  connect: (yes: boolean) => void;
  refuse: () => void;
}

export const SPARK_POINTS = 60;
/** Lines kept to be put on top of a run that was read before they came. */
const KEPT_LINES = 5_000;
const nothing: StepLive = {
  state: "queued",
  reason: "",
  progress: null,
  epochs: [],
  loss: [],
  logged: 0,
};

/** Points with one more; every second is left out when there are too many. */
export function thinned(points: readonly number[], next: number): readonly number[] {
  const all = [...points, next];
  if (all.length <= SPARK_POINTS) return all;
  return all.filter((_, index) => index % 2 === 1 || index === all.length - 1);
}

export const isOver = (state: RunSummary["state"]) => state !== "queued" && state !== "running";

/** The newer of what was told of a run and what was read of it: an end is the last word. */
export function latest<T extends RunSummary | undefined>(told: RunSummary | undefined, read: T) {
  return told && !(read && isOver(read.state) && !isOver(told.state)) ? told : read;
}

/** A step after a line of the journal. */
export function afterLine(step: StepLive, line: JournalLine): StepLive {
  switch (line.kind) {
    case "step": {
      const state = line["state"] as StepState;
      const reason = String(line["reason"] ?? "");
      // a new try begins from nothing
      const progress = state === "running" ? step.progress : null;
      return { ...step, state, reason, progress };
    }
    case "progress": {
      const loss = Number.parseFloat(figuresOf(line)["loss"] ?? "");
      return {
        ...step,
        progress: line,
        loss: Number.isFinite(loss) ? thinned(step.loss, loss) : step.loss,
      };
    }
    case "metrics": {
      const row = line["row"] as EpochRow;
      const kept = step.epochs.filter((epoch) => epoch["epoch"] !== row["epoch"]);
      return { ...step, epochs: [...kept, row] };
    }
    case "log":
      return { ...step, logged: step.logged + 1 };
    default:
      return step;
  }
}

/** The figures of a progress line, ready for display. */
export function figuresOf(line: JournalLine | null): Readonly<Record<string, string>> {
  return (line?.["figures"] ?? {}) as Record<string, string>;
}

/** How far a step is, 0 to 1; null while its length is not known. A training is as far as its
 * epochs are. */
export function shareOf(step: StepLive): number | null {
  const line = step.progress;
  if (!line) return null;
  const total = Number(line["total"]);
  const inside = total > 0 ? Math.min(1, Number(line["done"]) / total) : null;
  const epoch = /^epoch (\d+)\/(\d+), (\w+)/.exec(String(line["stage"] ?? ""));
  if (!epoch) return inside;
  const before = Number(epoch[1]) - 1;
  const part = epoch[3] === "validating" ? 0.9 + 0.1 * (inside ?? 0) : 0.9 * (inside ?? 0);
  return Math.min(1, (before + part) / Number(epoch[2]));
}

/** Images per second in words, or empty. */
export function rateOf(step: StepLive): string {
  const rate = figuresOf(step.progress)["images_per_second"];
  return rate ? t.common.rate(rate) : "";
}

/** Time left in words, or empty. */
export function leftOf(step: StepLive): string {
  return figuresOf(step.progress)["time_left"] ?? "";
}

let waiting: JournalLine[] = [];
let recent: JournalLine[] = [];
let frame: { cancel: () => void } | null = null;

function soon(work: () => void): { cancel: () => void } {
  // a hidden page draws no frames
  if (document.hidden || typeof requestAnimationFrame !== "function") {
    const timer = setTimeout(work, 100);
    return { cancel: () => clearTimeout(timer) };
  }
  const id = requestAnimationFrame(work);
  const timer = setTimeout(work, 250);
  return {
    cancel: () => {
      cancelAnimationFrame(id);
      clearTimeout(timer);
    },
  };
}

function applied(
  steps: Readonly<Record<string, StepLive>>,
  lines: readonly JournalLine[],
): Readonly<Record<string, StepLive>> {
  const changed: Record<string, StepLive> = {};
  for (const line of lines) {
    if (line.step === undefined) continue;
    changed[line.step] = afterLine(changed[line.step] ?? steps[line.step] ?? nothing, line);
  }
  return Object.keys(changed).length > 0 ? { ...steps, ...changed } : steps;
}

const TELLS_MORE = new Set(["step", "run", "decision", "output"]);

export const useLive = create<LiveStore>((set, get) => ({
  run: "",
  sequence: 0,
  steps: {},
  runs: {},
  connected: true,
  refusals: 0,
  openings: 0,
  changes: 0,
  want: (run) => {
    if (get().run === run) return;
    forget();
    set({ run, sequence: 0, steps: {} });
  },
  look: (run) => {
    const isOther = get().run !== run.summary.id;
    if (isOther) forget();
    // what waits is part of what is known, also what the run was read after
    flush();
    const before = isOther ? {} : get().steps;
    const steps: Record<string, StepLive> = {};
    for (const step of run.steps) {
      const progress = (run.journal[step.name] ?? null) as JournalLine | null;
      const known = before[step.name] ?? nothing;
      steps[step.name] = { ...known, state: step.state, reason: step.reason, progress };
    }
    // what came while the run was being read is newer than what was read
    const newer = recent.filter((line) => line.seq > run.sequence);
    const now = { ...applied(steps, newer) };
    // figures are gathered: those of `newer` are among them
    for (const [name, { epochs, loss, logged }] of Object.entries(before)) {
      if (now[name]) now[name] = { ...now[name], epochs, loss, logged };
    }
    set({
      run: run.summary.id,
      sequence: newer.at(-1)?.seq ?? run.sequence,
      steps: now,
    });
    get().summary(run.summary);
  },
  curve: (curve) => {
    const known = get().steps[curve.step];
    if (!known) return;
    const rows = curve.rows.map((row) =>
      Object.fromEntries(curve.names.map((name, index) => [name, row[index] ?? null])),
    );
    const read = new Set(rows.map((row) => row["epoch"]));
    const epochs = [...rows, ...known.epochs.filter((row) => !read.has(row["epoch"] ?? null))];
    const losses = epochs.map((row) => row["train_loss"]).filter((value) => value != null);
    const loss = known.loss.length > losses.length ? known.loss : losses.reduce(thinned, []);
    set((state) => ({ steps: { ...state.steps, [curve.step]: { ...known, epochs, loss } } }));
  },
  line: (line) => {
    if (line.seq <= (waiting.at(-1)?.seq ?? get().sequence)) return;
    waiting.push(line);
    frame ??= soon(flush);
  },
  summary: (run) => set((state) => ({ runs: { ...state.runs, [run.id]: run } })),
  connect: (yes) =>
    set((state) =>
      yes ? { connected: true, refusals: 0, openings: state.openings + 1 } : { connected: false },
    ),
  refuse: () => set((state) => ({ refusals: state.refusals + 1 })),
}));

/** Apply the lines that wait; called by itself once per frame. */
export function flush(): void {
  frame?.cancel();
  frame = null;
  if (waiting.length === 0) return;
  const lines = waiting;
  waiting = [];
  recent = [...recent, ...lines].slice(-KEPT_LINES);
  const more = lines.some((line) => TELLS_MORE.has(line.kind)) ? 1 : 0;
  useLive.setState((state) => ({
    sequence: lines.at(-1)?.seq ?? state.sequence,
    steps: applied(state.steps, lines),
    changes: state.changes + more,
  }));
}

function forget(): void {
  frame?.cancel();
  frame = null;
  waiting = [];
  recent = [];
}

/** What the one stream of the tab does with what it hears of runs. */
export const liveHandlers: Required<Pick<Handlers, "run" | "journal" | "connected" | "refused">> = {
  run: (run) => useLive.getState().summary(run),
  journal: (line) => useLive.getState().line(line),
  connected: (yes) => useLive.getState().connect(yes),
  refused: () => useLive.getState().refuse(),
};
