/** The critical path of a run: the chain of steps, each begun when the one before had ended. */
import type { Graph, RunStep } from "~/api/types";

/** Names of the steps on the critical path, the last to end first traced back. */
export function criticalPath(graph: Graph, steps: readonly RunStep[]): ReadonlySet<string> {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const ran = steps.filter((step) => step.started !== null && step.ended !== null);
  const path = new Set<string>();
  let step = latest(ran);
  while (step && !path.has(step.name)) {
    path.add(step.name);
    const bound = graph.steps.find((one) => one.name === step?.name)?.inputs ?? {};
    const before = Object.values(bound).flatMap((binding) => {
      const found = binding.kind === "step" ? byName.get(binding.step) : undefined;
      return found && found.started !== null && found.ended !== null ? [found] : [];
    });
    step = latest(before);
  }
  return path;
}

function latest(steps: readonly RunStep[]): RunStep | undefined {
  return steps.reduce<RunStep | undefined>(
    (last, step) => (last && (last.ended ?? 0) >= (step.ended ?? 0) ? last : step),
    undefined,
  );
}
