/** What a run gave, and where to look at it. */
import { lookAt } from "~/api/addresses";
import type { Run, RunStep } from "~/api/types";

export interface Found {
  step: string;
  type: string;
  artifact: string;
  /** Address of the page that shows it. */
  href: string;
}

/** The last output of a type: later steps come later in a run. */
export function lastOf(run: Run, type: string): Found | undefined {
  return allOf(run, type).at(-1);
}

export function allOf(run: Run, type: string): readonly Found[] {
  return run.steps.flatMap((step) =>
    step.outputs
      .filter((output) => output.type === type)
      .map((output) => ({
        step: step.name,
        type,
        artifact: output.artifact,
        href: lookAt(type, output.artifact, run.summary.id, step.name),
      })),
  );
}

/** The step that failed first, else the run's training. */
export function failedStep(run: Run): RunStep | undefined {
  return run.steps.find((step) => step.state === "failed" || step.state === "lost");
}
