/** Image directories of a run that are looked at together. */
import type { Run } from "~/api/types";

export interface Part {
  step: string;
  port: string;
  artifact: string;
}

/** The image directories of the step that made this one, when it made more than one. */
export function partsOf(run: Run, artifact: string, step: string): Part[] {
  const maker =
    run.steps.find(
      (one) => one.name === step && one.outputs.some((output) => output.artifact === artifact),
    ) ?? run.steps.find((one) => one.outputs.some((output) => output.artifact === artifact));
  const made = (maker?.outputs ?? []).filter((output) => output.type === "ImageDirectory");
  return made.length > 1
    ? made.map((output) => ({
        step: maker?.name ?? "",
        port: output.port,
        artifact: output.artifact,
      }))
    : [];
}

/** Every image directory of a run, once each, those of later steps last. */
export function imagesOf(run: Run): Part[] {
  const seen = new Set<string>();
  return run.steps.flatMap((step) =>
    step.outputs
      .filter((output) => output.type === "ImageDirectory" && !seen.has(output.artifact))
      .map((output) => {
        seen.add(output.artifact);
        return { step: step.name, port: output.port, artifact: output.artifact };
      }),
  );
}
