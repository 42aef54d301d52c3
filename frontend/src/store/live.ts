/** Runs as the events tell of them; written by the event stream only. */
import { create } from "zustand";
import type { JournalLine } from "~/api/events";
import type { Run, RunSummary, StepState } from "~/api/types";

export interface StepLive {
  state: StepState;
  reason: string;
  /** Newest progress: stage, done, total, unit and figures such as images per second. */
  progress: JournalLine | null;
  /** Figures of the epochs so far; a later row of an epoch takes the place of an earlier one. */
  epochs: readonly Record<string, number | null>[];
}

interface LiveStore {
  /** The run that is looked at. */
  run: string;
  sequence: number;
  steps: Readonly<Record<string, StepLive>>;
  runs: Readonly<Record<string, RunSummary>>;
  connected: boolean;
  look: (run: Run) => void;
  line: (line: JournalLine) => void;
  summary: (run: RunSummary) => void;
  connect: (yes: boolean) => void;
}

const nothing: StepLive = { state: "queued", reason: "", progress: null, epochs: [] };

/** A step after a line of the journal. */
export function afterLine(step: StepLive, line: JournalLine): StepLive {
  switch (line.kind) {
    case "step":
      return { ...step, state: line["state"] as StepState, reason: String(line["reason"] ?? "") };
    case "progress":
      return { ...step, progress: line };
    case "metrics": {
      const row = line["row"] as Record<string, number | null>;
      const kept = step.epochs.filter((epoch) => epoch["epoch"] !== row["epoch"]);
      return { ...step, epochs: [...kept, row] };
    }
    default:
      return step;
  }
}

export const useLive = create<LiveStore>((set, get) => ({
  run: "",
  sequence: 0,
  steps: {},
  runs: {},
  connected: true,
  look: (run) => {
    const steps: Record<string, StepLive> = {};
    for (const step of run.steps) {
      const progress = (run.journal[step.name] ?? null) as JournalLine | null;
      steps[step.name] = { ...nothing, state: step.state, reason: step.reason, progress };
    }
    set({ run: run.summary.id, sequence: run.sequence, steps });
  },
  line: (line) => {
    if (line.seq <= get().sequence) return;
    const name = line.step;
    set((state) =>
      name === undefined
        ? { sequence: line.seq }
        : {
            sequence: line.seq,
            steps: { ...state.steps, [name]: afterLine(state.steps[name] ?? nothing, line) },
          },
    );
  },
  summary: (run) => set((state) => ({ runs: { ...state.runs, [run.id]: run } })),
  connect: (yes) => set({ connected: yes }),
}));
